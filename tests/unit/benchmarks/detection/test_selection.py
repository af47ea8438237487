import numpy as np
import pytest

from benchmarks.detection.evaluation.controls import flag_at_random, flag_second_half, paired_bootstrap
from benchmarks.detection.evaluation.event_metrics import EventCounts
from benchmarks.detection.evaluation.recordings import Recording
from benchmarks.detection.evaluation.selection import (
    Outcome,
    alarms_per_1000,
    best_setting,
    nested_choice,
    sharing_groups,
)

CHANNELS = 10


def outcome(*, tp: int = 0, fp: int = 0, alarms: int = 0) -> Outcome:
    events = EventCounts(tp=tp, fp=fp, fn=1 - tp, falsely_flagged=0, nominal=1000)
    return Outcome(events=events, alarms=alarms, cut_samples=1000)


def test_the_setting_that_alarms_too_often_is_not_chosen() -> None:
    loud = [outcome(tp=1, alarms=1)] * CHANNELS
    quiet = [outcome(tp=1 if channel < 6 else 0) for channel in range(CHANNELS)]
    assert best_setting([loud, quiet], range(CHANNELS)) == 1


def test_alarms_are_counted_per_thousand_samples() -> None:
    assert alarms_per_1000([outcome(alarms=1), outcome()]) == pytest.approx(0.5)


def test_a_channel_has_no_vote_in_its_own_setting() -> None:
    """Each setting is right on one channel alone, so that channel would choose it."""
    settings = [
        [outcome(tp=1) if channel == own else outcome(fp=1) for channel in range(CHANNELS)]
        for own in range(CHANNELS)
    ]
    choice = nested_choice(settings, [[channel] for channel in range(CHANNELS)], seed=3)
    assert all(setting != channel for channel, setting in enumerate(choice))


def test_channels_of_a_group_share_a_fold() -> None:
    """The two settings differ on one pair of twins only: neither twin may learn from the other."""
    twins = [2, 7]
    first = [outcome(tp=1)] * CHANNELS
    second = [outcome(tp=0 if channel in twins else 1) for channel in range(CHANNELS)]
    groups = [[channel] for channel in range(CHANNELS) if channel not in twins] + [twins]
    choice = nested_choice([second, first], groups, seed=0)
    assert [choice[twin] for twin in twins] == [0, 0]
    assert sum(choice) > 0


def test_the_same_seed_gives_the_same_folds() -> None:
    settings = [[outcome(tp=channel % 2) for channel in range(CHANNELS)], [outcome(tp=1)] * CHANNELS]
    groups = [[channel] for channel in range(CHANNELS)]
    assert nested_choice(settings, groups, 5) == nested_choice(settings, groups, 5)


def test_channels_that_share_telemetry_are_one_group() -> None:
    generator = np.random.default_rng(0)
    shared, other = generator.normal(size=(2, 500))
    series = [shared, other, shared[:400] * 3 + 1, np.zeros(500)]
    recordings = [
        Recording(channel=str(number), train=np.empty(0), test=test) for number, test in enumerate(series)
    ]
    assert sharing_groups(recordings) == [[0, 2], [1], [3]]


def test_random_intervals_keep_their_number_and_length() -> None:
    moved = flag_at_random({"a": 1000}, {"a": [(0, 9), (500, 599)]}, seed=1)["a"]
    assert [end - start for start, end in moved] == [9, 99]
    assert all(start >= 0 and end < 1000 for start, end in moved)


def test_the_second_half_ends_with_the_channel() -> None:
    assert flag_second_half({"a": 101}) == {"a": [(50, 100)]}


def test_equal_results_differ_by_nothing() -> None:
    counts = [outcome(tp=1).events, outcome(fp=1).events] * 5
    assert paired_bootstrap(counts, counts)["mean"] == 0
