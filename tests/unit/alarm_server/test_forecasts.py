"""Alarms of limits that are about to break, from messages to what the history says."""

import math
from collections.abc import Iterable

import pytest

from alarm_server.forecasts.outlooks import Outlooks
from alarm_server.readings import Reader, Reading
from alarm_server.signs import NEVER_S, Sign, signs_of
from alarm_server.tracking import Tracks, Update
from alarms.occurrence_changes import Change, Event
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.messages import (
    MISSION,
    NOW_US,
    SECOND_US,
    contextual_mission,
    on_change_mission,
    record,
    soc,
)

BREACH_S = 12 * math.log(6)
"""Of a battery of 90 % that drains to 18 %, and has 30 % then."""


def charge(at_s: float) -> float:
    """Nominal until second 0; a hundredth of noise, always the same."""
    drained = 18 + 72 * math.exp(-max(at_s, 0.0) / 12)
    return round(drained + 0.01 * math.sin(37 * at_s), 2)


def draining(until_s: int, since_s: int = -40) -> list[Record]:
    return [record(at_s, **soc(charge(at_s))) for at_s in range(since_s, until_s + 1)]


def foretold(records: Iterable[Record], outlooks: Outlooks | None = None) -> list[Reading]:
    reader = Reader(Limits.of(MISSION))
    found = outlooks or Outlooks(max_windows=100)
    return [
        reading
        for one in records
        for reading in found.readings(reader.read(one).samples)
        if reading.sign.subsystem == "eps"
    ]


def updates(records: Iterable[Record]) -> list[tuple[Update, Change]]:
    tracks = Tracks(max_tracks=100, max_span_s=MISSION.window.max_span_s)
    found = []
    for reading in foretold(records):
        done = tracks.updates([reading])
        tracks.keep(done)
        found += [(update, change) for update in done for change in update.changes if change.event]
    return found


def test_a_draining_battery_is_foretold_before_it_breaks_its_limit() -> None:
    ((update, raised),) = updates(draining(20))
    assert raised.event is Event.RAISED
    assert update.key == ("SAT-1", "eps", "low_battery_forecast")
    assert (update.sign.kind, update.sign.rule.severity) == ("forecast", "distress")
    at_s = (raised.at_us - NOW_US) / SECOND_US
    assert 6 <= at_s <= 11
    facts = update.facts[raised.at_us]
    broken = time_of(NOW_US + round(BREACH_S * SECOND_US)).isoformat()
    assert facts["limit"] == 30
    assert facts["earliest_at"] <= facts["expected_at"] <= facts["latest_at"]
    assert facts["earliest_at"] <= broken <= facts["latest_at"]
    assert raised.occurrence.value == pytest.approx(BREACH_S - at_s, rel=0.1)


def test_it_returns_when_the_limit_breaks_and_says_when_it_did() -> None:
    (_, _), (update, returned) = updates(draining(40))
    assert returned.event is Event.RETURNED
    assert update.facts[returned.at_us] == {"broken_at": time_of(NOW_US + 22 * SECOND_US).isoformat()}
    assert (returned.at_us - NOW_US) / SECOND_US <= 26


def test_a_forecast_that_did_not_come_true_says_so() -> None:
    recovered = [
        record(at_s, **soc(round(charge(14) + 0.01 * math.sin(37 * at_s), 2))) for at_s in range(15, 40)
    ]
    (_, raised), (update, returned) = updates([*draining(14), *recovered])
    assert (raised.event, returned.event) == (Event.RAISED, Event.RETURNED)
    assert update.facts[returned.at_us] == {"broken_at": None}


def test_nothing_is_foretold_while_the_limit_stands() -> None:
    """A value that swings about its limit keeps the limit's alarm standing for a minute."""
    swings = [record(at_s, **soc(28 if at_s % 20 < 5 else 60 - 1.5 * (at_s % 20))) for at_s in range(120)]
    assert all(reading.sample.value == NEVER_S for reading in foretold(swings))


def test_late_and_repeated_messages_foretell_nothing_and_change_nothing() -> None:
    outlooks = Outlooks(max_windows=100)
    whole = draining(15)
    missing, rest = whole[30], [one for one in whole if one is not whole[30]]
    before = foretold(rest, outlooks)
    assert foretold([missing, *whole], outlooks) == []
    assert foretold(draining(16, since_s=16), outlooks) == foretold(draining(16))[-1:]
    assert len(before) == len(rest) - 11


def test_too_many_satellites_make_room() -> None:
    outlooks = Outlooks(max_windows=4)
    names = [f"SAT-{number}" for number in range(20)]
    foretold([record(0, satellite=name, **soc(80), thermal={"obc_temp": 20}) for name in names], outlooks)
    assert len(outlooks._windows) == 4


def with_rule(**settings: object) -> Mission:
    body = MISSION.model_dump(mode="json")
    body["subsystems"]["eps"]["rules"][0] |= settings
    return Mission.model_validate(body)


def forecast_signs(mission: Mission) -> dict[tuple[str, str], Sign]:
    return {(sign.subsystem, sign.rule.reason): sign.forecast for sign in signs_of(mission) if sign.forecast}


def test_what_is_foretold_are_limits_on_numbers_that_are_always_compared() -> None:
    assert set(forecast_signs(MISSION)) == {("eps", "low_battery"), ("thermal", "abnormal_temperature")}
    others = (contextual_mission(), on_change_mission(), with_rule(severity="watch"))
    assert [("eps", "low_battery") in forecast_signs(mission) for mission in others] == [False] * 3
    assert forecast_signs(with_rule(severity="warning"))["eps", "low_battery"].rule.severity == "watch"


def test_a_limit_whose_forecast_has_the_name_of_another_is_not_foretold() -> None:
    body = MISSION.model_dump(mode="json")
    rules = body["subsystems"]["eps"]["rules"]
    rules.append(rules[0] | {"reason": "low_battery_forecast", "below": 50})
    assert [reason for _, reason in forecast_signs(Mission.model_validate(body))] == [
        "low_battery_forecast",
        "abnormal_temperature",
    ]
