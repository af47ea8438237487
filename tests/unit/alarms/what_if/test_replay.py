"""Alarms over stored samples: those of the live messages, whatever is passed over and wherever pages end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarm_server.readings import Reader
from alarm_server.tracking import Tracks
from alarms.limit_tracks import Occurrence
from alarms.what_if.comparison import compared
from alarms.what_if.limits import limits_of
from telemetry_core.contract.messages import parse_header
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.values import Values
from telemetry_core.kafka.records import Record
from telemetry_writer.series import samples_of
from tests.unit.alarm_server.messages import MISSION, NOW_US, record

SECOND_US = 1_000_000
BATTERY = ("eps", "battery_soc_percent", "low_battery")
HIGH_VOLTAGE = [{"channel": "battery_voltage", "above": 4}]


def mission_with(channel: Mapping[str, Any] | None = None, **rule: Any) -> Mission:
    """The default mission with another rule of the battery's charge, or with another such channel."""
    body = MISSION.model_dump(mode="json")
    eps = body["subsystems"]["eps"]
    eps["channels"]["battery_soc_percent"].update(channel or {})
    eps["rules"][0].update(rule)
    return Mission.model_validate(body)


ON_CHANGE = {"reporting": "on_change"}
MISSIONS = {
    "as it is": mission_with(),
    "in a row": mission_with(min_violations=3),
    "for a while": mission_with(min_duration_s=20, min_clear=2),
    "no hold, a dead band": mission_with(hold_s=0, dead_band=5),
    "a long hold": mission_with(hold_s=900, min_clear=3),
    "equals": mission_with(below=None, equals=20, min_violations=2),
    "fill value": mission_with({"missing": [-9999]}),
    "context": mission_with(when=HIGH_VOLTAGE),
    "context with delays": mission_with(when=HIGH_VOLTAGE, min_violations=2, min_duration_s=5),
    "on change": mission_with(ON_CHANGE),
    "on change with delays": mission_with(ON_CHANGE, min_violations=3, min_duration_s=20, min_clear=2),
    "on change in a context": mission_with(ON_CHANGE, when=HIGH_VOLTAGE),
    "rate": mission_with(below=None, rate={"falls": 0.5}),
    "rate over a span": mission_with(below=None, rate={"falls": 6, "per": "minute", "over_s": 60}),
    "rate in a context": mission_with(below=None, rate={"falls": 0.5}, when=HIGH_VOLTAGE, min_violations=2),
    "change": mission_with(below=None, change=True),
    "change of what is sent on change": mission_with(ON_CHANGE, below=None, change=True),
}
told = st.fixed_dictionaries(
    {},
    optional={
        "battery_soc_percent": st.sampled_from([20.0, 29.0, 31.0, 34.0, 50.0, 50.0, 50.0, -9999.0]),
        "battery_voltage": st.sampled_from([3.9, 4.1, 4.1, 4.1]),
    },
)
#: Seconds until a message, how many such follow, what they say.
stretches = st.lists(
    st.tuples(st.sampled_from([1, 1, 10, 70, 400, 4_000]), st.sampled_from([1, 1, 2, 3, 8, 150]), told),
    max_size=8,
)


def messages_of(
    stretches: Sequence[tuple[int, int, dict[str, float]]], *, always: Mapping[str, float]
) -> Iterator[Record]:
    at_s = 0
    for pause_s, count, eps in stretches:
        for _ in range(count):
            at_s += pause_s
            yield record(at_s, eps={"battery_current": 1.0, **always, **eps})


def live(mission: Mission, messages: Sequence[Record]) -> list[Occurrence]:
    """The alarms that the alarm server raises of messages."""
    reader, tracks = Reader(mission), Tracks(max_tracks=10, max_span_s=mission.window.max_span_s)
    found: dict[int, Occurrence] = {}
    for message in messages:
        updates = tracks.updates(reader.read(message).samples)
        tracks.keep(updates)
        for change in (
            change for update in updates if update.sign.subsystem == "eps" for change in update.changes
        ):
            found[change.occurrence.named_us] = change.occurrence
            if change.event == "withdrawn":
                del found[change.occurrence.named_us]
    return list(found.values())


def stored(mission: Mission, messages: Sequence[Record]) -> dict[str, dict[int, float]]:
    """What the writer stores of messages: by metric and time."""
    columns: dict[str, dict[int, float]] = {}
    for message in messages:
        header = parse_header(message.value, mission=mission, received_us=message.received_us)
        for metric, value in samples_of(header.body, mission).items():
            columns.setdefault(metric, {})[header.generated_us] = value
    return columns


def paged(columns: Mapping[str, Values], *, page_s: int) -> Iterator[dict[str, Values]]:
    times_us = sorted(set[int]().union(*columns.values()))
    numbers = sorted({(at_us - NOW_US) // (page_s * SECOND_US) for at_us in times_us})
    for number in numbers:
        yield {
            metric: {
                at: value for at, value in values.items() if (at - NOW_US) // (page_s * SECOND_US) == number
            }
            for metric, values in columns.items()
        }


@pytest.mark.parametrize("name", MISSIONS)
@settings(max_examples=40)
@given(stretches=stretches, page_s=st.sampled_from([13, 1_000, 10_000_000]))
def test_alarms_are_those_of_live_messages(
    name: str, stretches: list[tuple[int, int, dict[str, float]]], page_s: int
) -> None:
    mission = MISSIONS[name]
    limit = limits_of(mission)[BATTERY]
    assert limit.problem is None
    # When its subsystem was heard tells the first periodic channel.
    messages = list(messages_of(stretches, always={"battery_voltage": 4.1} if limit.is_on_change else {}))
    comparison = compared(paged(stored(mission, messages), page_s=page_s), limit, limit)
    assert list(comparison.after) == list(comparison.before) == live(mission, messages)
