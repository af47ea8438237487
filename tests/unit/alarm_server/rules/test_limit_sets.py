"""Alarms go by the limit set of each satellite; what a switch allows is over with the next sample."""

from itertools import permutations

import pytest

from alarm_server.readings import Reader
from alarm_server.tracking import Tracks, limit_track
from alarms.limit_tracks import Occurrence, occurrences
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US, record, soc
from tests.unit.alarm_server.rules.limit_sets import switch, with_sets

SETS = {
    "low": {"eps": {"low_battery": {"below": 20}}},
    "high": {"eps": {"low_battery": {"below": 60}}},
    "off": {"eps": {"low_battery": {"switched_off": "heater test"}}},
    "slow": {"eps": {"low_battery": {"below": 20, "min_clear": 2}}},
    "unseen": {"eps": {"low_battery": {"severity": "watch"}}},
}
FILE = with_sets(**SETS)
KEY = ("SAT-1", "eps", "low_battery")


class Watched:
    """Tracks of messages of one satellite, whose limit set is switched in between."""

    def __init__(self, file: Mission = FILE) -> None:
        self._limits = Limits.of(file)
        self._tracks = Tracks(max_tracks=100, max_span_s=file.window.max_span_s)

    def use(self, limit_set: str, satellite: str = "SAT-1") -> None:
        self._limits = self._limits.after((), [switch(limit_set, satellite=satellite)])

    def hear(self, at_s: float, value: float) -> list[Occurrence]:
        readings = Reader(self._limits).read(record(at_s, **soc(value))).samples
        self._tracks.keep(self._tracks.updates(readings))
        return occurrences(limit_track(self._tracks._known[KEY].track))


def second_of(at_us: int | None) -> float | None:
    return None if at_us is None else (at_us - NOW_US) / SECOND_US


def signs(limit_set: str, satellite: str = "SAT-1") -> dict[str, tuple[str, bool]]:
    limits = Limits.of(FILE).after((), [switch(limit_set)])
    read = Reader(limits).read(record(0, satellite=satellite, **soc(50))).samples
    return {one.sign.rule.reason: (str(one.sign.rule.below), one.is_in_context) for one in read}


def test_each_satellite_is_read_by_its_own_set() -> None:
    assert signs("low")["low_battery"] == ("20.0", True)
    assert signs("low", satellite="SAT-2")["low_battery"] == ("30.0", True)
    assert signs("off")["low_battery"] == ("30.0", False)
    assert signs("gone")["low_battery"] == ("30.0", True)


def test_a_set_decides_what_is_foretold() -> None:
    named = {
        name: {sign.rule.reason for sign in found} for name, found in Reader(Limits.of(FILE)).signs.items()
    }
    assert "low_battery_forecast" in named["default"] & named["low"]
    assert "low_battery_forecast" not in named["off"] | named["unseen"]
    assert named["off"] == named["default"] - {"low_battery_forecast"}


@pytest.mark.parametrize("limit_set", ["low", "off"])
def test_what_a_switch_allows_is_over_with_the_next_sample_whatever_its_hold(limit_set: str) -> None:
    watched = Watched()
    (alarm,) = watched.hear(0, 25)
    assert alarm.returned_us is None
    watched.use(limit_set)
    (alarm,) = watched.hear(2, 25)
    assert (second_of(alarm.returned_us), alarm.violations) == (2, 1)
    (alarm,) = watched.hear(4, 25)
    assert second_of(alarm.returned_us) == 2


def test_as_many_clear_samples_as_the_set_asks_for_are_waited_for() -> None:
    watched = Watched()
    watched.hear(0, 25)
    watched.use("slow")
    assert watched.hear(2, 25)[0].returned_us is None
    assert second_of(watched.hear(4, 25)[0].returned_us) == 4


def test_what_breaks_the_limit_of_the_set_too_goes_on() -> None:
    watched = Watched()
    watched.hear(0, 10)
    watched.use("low")
    assert watched.hear(2, 25)[0].returned_us is None
    assert second_of(watched.hear(61, 25)[0].returned_us) == 61


def test_without_a_switch_the_hold_stands() -> None:
    watched = Watched()
    watched.hear(0, 25)
    assert watched.hear(2, 50)[0].returned_us is None
    assert second_of(watched.hear(60, 50)[0].returned_us) == 60


def test_a_switch_there_and_back_at_once_raises_the_same_alarm_again() -> None:
    watched = Watched()
    watched.hear(0, 25)
    watched.use("low")
    watched.hear(2, 25)
    watched.use("default")
    (alarm,) = watched.hear(4, 25)
    assert (second_of(alarm.started_us), alarm.returned_us) == (0, None)


def test_what_a_stricter_set_forbids_is_raised_with_the_next_sample() -> None:
    watched = Watched()
    assert watched.hear(0, 50) == []
    watched.use("high")
    (alarm,) = watched.hear(2, 50)
    assert second_of(alarm.started_us) == 2


@pytest.mark.parametrize("order", list(permutations([2, 4, 6])))
def test_late_samples_after_a_switch_leave_the_alarm_over(order: tuple[int, ...]) -> None:
    watched = Watched()
    watched.hear(0, 25)
    watched.use("low")
    for at_s in order:
        found = watched.hear(at_s, 25)
    assert [second_of(alarm.returned_us) is not None for alarm in found] == [True]


def test_a_rate_and_a_change_that_are_switched_off_are_over_with_the_next_sample() -> None:
    body = MISSION.model_dump(mode="json")
    rate = {"channel": "battery_soc_percent", "reason": "low_battery", "log": "", "rate": {"falls": 1}}
    body["subsystems"]["eps"]["rules"] = [rate]
    body["limit_sets"] = {"off": SETS["off"]}
    watched = Watched(Mission.model_validate(body))
    watched.hear(0, 90)
    (alarm,) = watched.hear(1, 50)
    assert alarm.returned_us is None
    watched.use("off")
    (alarm,) = watched.hear(2, 50)
    assert second_of(alarm.returned_us) == 2
