"""What a mission is once its limits were changed."""

from typing import Any

import pytest

from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitRefused, Limits, rule_of, with_fields
from tests.unit.alarm_server.messages import MISSION
from tests.unit.telemetry_core.limits.changed import change

BATTERY = ("eps", "low_battery")


def battery(limits: Limits) -> tuple[float | None, str]:
    rule = rule_of(limits.mission, BATTERY)
    assert rule
    return rule.below, rule.severity.value


def test_the_newest_change_of_a_rule_holds_and_replaces_the_earlier_ones_as_a_whole() -> None:
    limits = Limits.of(MISSION)
    assert battery(limits) == (30, "critical")
    assert battery(limits.after([change({"below": 25, "severity": "severe"})])) == (25, "severe")
    later = limits.after([change({"below": 25})]).after([change({"severity": "watch"}, version=2)])
    assert battery(later) == (30, "watch")


def test_a_change_of_no_field_is_the_file_again() -> None:
    limits = Limits.of(MISSION).after([change({"below": 25})]).after([change({}, version=2)])
    assert limits.mission == MISSION
    assert limits.changes[BATTERY].version == 2


def test_all_but_the_rule_stays_as_it_was() -> None:
    limits = Limits.of(MISSION).after([change({"below": 25})])
    back = with_fields(limits.mission, BATTERY, {"below": 30})
    assert back == MISSION
    assert limits.mission.subsystems["thermal"] is MISSION.subsystems["thermal"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"below": None}, "at least one of below, above"),
        ({"severity": "mild"}, "severity: Input should be 'watch', 'warning'"),
        ({"dead_band": -1}, "dead_band: Input should be greater than or equal to 0"),
        ({"above": 31, "dead_band": 2}, "dead_band leaves no value between below and above"),
        ({"min_violations": 101}, "min_violations: Input should be less than or equal to 100"),
        ({"shape": "round"}, "shape: Extra inputs are not permitted"),
    ],
)
def test_a_change_that_the_mission_file_could_not_hold_is_refused_with_the_field(
    fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(LimitRefused, match=problem):
        with_fields(MISSION, BATTERY, fields)


def test_a_change_that_no_longer_fits_the_file_stops_no_other() -> None:
    changes = [change({"below": 5}, reason="gone"), change({"below": 25})]
    limits = Limits.of(MISSION).after(changes)
    assert battery(limits)[0] == 25
    assert limits.unfit == {("eps", "gone"): "the mission file has no rule gone of eps"}


def test_a_change_that_a_newer_file_refuses_is_told_and_the_file_holds() -> None:
    body = MISSION.model_dump(mode="json")
    body["subsystems"]["eps"]["channels"]["battery_soc_percent"]["missing"] = [12]
    file = Mission.model_validate(body)
    limits = Limits.of(file).after([change({"equals": 12})])
    assert "listed in missing" in limits.unfit[BATTERY]
    assert limits.mission == file
