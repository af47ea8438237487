"""What operators are told of an alarm."""

import pytest

from alarms.limit_tracks import Track, step
from alarms.occurrence_changes import Event, changes, is_news
from alarms.violation_runs import Sample
from telemetry_core.contract.rules import Rule

SECOND_US = 1_000_000
LIMIT = Rule.model_validate({"channel": "soc", "reason": "low_battery", "log": "", "below": 30})


def told(*samples: tuple[int, float]) -> list[tuple[int, Event, int]]:
    """Of which alarm what was told and of which sample, in seconds."""
    track, found = Track(), []
    for at_s, value in samples:
        after = step(track, LIMIT, Sample(at_us=at_s * SECOND_US, value=value))
        for change in changes(track, after):
            if change.event is not None:
                named_s = change.occurrence.named_us // SECOND_US
                found.append((named_s, change.event, change.at_us // SECOND_US))
        track = after
    return found


BREACH = ((0, 29), (60, 50))
RAISED = (0, Event.RAISED, 0)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (BREACH, [RAISED, (0, Event.RETURNED, 60)]),
        ((*BREACH, *BREACH), [RAISED, (0, Event.RETURNED, 60)]),
        # Late, and over when it comes.
        (((60, 50), (0, 29)), [RAISED, (0, Event.RETURNED, 60)]),
        ((*BREACH, (30, 29)), [RAISED, (0, Event.RETURNED, 60), (0, Event.RAISED_AGAIN, 30)]),
        # Two that a late violation joins: the second one never was.
        (
            (*BREACH, (100, 29), (50, 29)),
            [
                RAISED,
                (0, Event.RETURNED, 60),
                (100, Event.RAISED, 100),
                (0, Event.RAISED_AGAIN, 100),
                (100, Event.WITHDRAWN, 100),
            ],
        ),
        # One that a late clear sample divides.
        (
            ((0, 29), (200, 29), (100, 50)),
            [RAISED, (0, Event.RETURNED, 100), (200, Event.RAISED, 200)],
        ),
        # An orbit without contact.
        (((0, 29), (6_000, 50)), [RAISED, (0, Event.RETURNED, 6_000)]),
        # Forgotten because no late sample reaches it.
        ((*BREACH, (3_700, 50)), [RAISED, (0, Event.RETURNED, 60)]),
        (
            (*BREACH, (3_000, 29), (3_700, 50)),
            [RAISED, (0, Event.RETURNED, 60), (3_000, Event.RAISED, 3_000)],
        ),
    ],
)
def test_each_thing_is_told_once(
    samples: tuple[tuple[int, float], ...], expected: list[tuple[int, Event, int]]
) -> None:
    assert told(*samples) == expected


@pytest.mark.parametrize("newest", Event)
def test_a_history_never_tells_the_same_twice_in_a_row_nor_a_second_raising(newest: Event) -> None:
    told = {event for event in Event if is_news(event, 7, [(Event.RAISED, 0), (newest, 7)])}
    expected = {
        Event.RAISED: {Event.RETURNED, Event.WITHDRAWN, Event.CHATTERING},
        Event.RAISED_AGAIN: {Event.RETURNED, Event.WITHDRAWN, Event.CHATTERING},
        Event.RETURNED: {Event.RAISED_AGAIN, Event.WITHDRAWN, Event.CHATTERING},
        Event.WITHDRAWN: {Event.RAISED_AGAIN, Event.CHATTERING},
        Event.CHATTERING: {Event.RETURNED, Event.WITHDRAWN},
    }
    assert told == expected[newest]


def test_what_is_delivered_again_as_a_whole_adds_nothing() -> None:
    told = [
        (Event.RAISED, 0),
        (Event.CHATTERING, 4),
        (Event.RETURNED, 9),
        (Event.RAISED_AGAIN, 5),
        (Event.RETURNED, 9),
    ]
    history: list[tuple[Event, int]] = []
    for event, at in [*told, *told]:
        if is_news(event, at, history):
            history.append((event, at))
    assert history == told
