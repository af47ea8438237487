"""Which limits hold for a satellite: the file's, operators' changes, its limit set, in that order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telemetry_core.contract.rules import DEFAULT_SET, Rule
from telemetry_core.limits.changes import LimitRefused, Limits, require_possible, rule_of
from tests.unit.alarm_server.messages import MISSION
from tests.unit.alarm_server.rules.limit_sets import switch, with_sets
from tests.unit.telemetry_core.limits.changed import change

BATTERY = ("eps", "low_battery")
LOW = {"eps": {"low_battery": {"below": 20}}}


def battery(limits: Limits, satellite: str = "SAT-1") -> Rule:
    rule = rule_of(limits.mission_of(satellite), BATTERY)
    assert rule
    return rule


def test_a_satellite_uses_the_default_until_it_is_switched_and_others_stay() -> None:
    limits = Limits.of(with_sets(safe=LOW))
    assert (limits.set_of("SAT-1"), battery(limits).below) == (DEFAULT_SET, 30)
    limits = limits.after((), [switch("safe")])
    assert (limits.set_of("SAT-1"), battery(limits).below) == ("safe", 20)
    assert battery(limits, "SAT-2").below == 30
    back = limits.after((), [switch(DEFAULT_SET, version=2)])
    assert (back.set_of("SAT-1"), battery(back).below) == (DEFAULT_SET, 30)


def test_a_mission_without_sets_is_the_file_itself() -> None:
    file = with_sets()
    assert Limits.of(file).missions == {DEFAULT_SET: file}
    assert Limits.of(file).mission is file


def test_what_a_set_replaces_stands_above_a_change_and_all_else_is_changed_below_it() -> None:
    changed = [change({"below": 25, "severity": "severe"})]
    limits = Limits.of(with_sets(safe=LOW)).after(changed, [switch("safe")])
    assert (battery(limits).below, battery(limits).severity) == (20, "severe")
    assert battery(limits, "SAT-2").below == 25
    taken_back = limits.after([change({}, version=2)])
    assert (battery(taken_back).below, battery(taken_back).severity) == (20, "critical")


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "below": st.integers(1, 60),
    "severity": st.sampled_from(["watch", "warning", "severe"]),
    "hold_s": st.integers(0, 100),
    "latching": st.booleans(),
}
OFF: dict[str, st.SearchStrategy[Any]] = {"switched_off": st.sampled_from(["no sun", "not in this mode"])}


@given(
    in_set=st.fixed_dictionaries({}, optional=FIELDS | OFF).filter(bool),
    changed=st.fixed_dictionaries({}, optional=FIELDS),
)
def test_of_each_field_the_set_counts_then_the_change_then_the_file(
    in_set: dict[str, Any], changed: dict[str, Any]
) -> None:
    file = with_sets(safe={"eps": {"low_battery": in_set}})
    one = Limits.of(file).after([change(changed)], [switch("safe")])
    other = Limits.of(file).after((), [switch("safe")]).after([change(changed)])
    assert one == other
    written = rule_of(file, BATTERY)
    assert written
    for name in FIELDS | OFF:
        wanted = in_set.get(name, changed.get(name, getattr(written, name)))
        assert getattr(battery(one), name) == wanted
    assert not one.unfit


def test_a_rule_that_is_switched_off_is_compared_with_nothing_and_says_why() -> None:
    off = with_sets(safe={"eps": {"low_battery": {"switched_off": " heater test "}}})
    rule = battery(Limits.of(off).after((), [switch("safe")]))
    assert (rule.switched_off, rule.is_contextual) == ("heater test", True)
    assert rule.is_in_context({"battery_soc_percent": 1.0}) is False


def test_a_set_switches_on_what_the_file_has_switched_off() -> None:
    body = with_sets().model_dump(mode="json")
    body["subsystems"]["eps"]["rules"][0]["switched_off"] = "only at launch"
    body["limit_sets"] = {"launch": {"eps": {"low_battery": {"switched_off": None}}}}
    limits = Limits.of(type(MISSION).model_validate(body)).after((), [switch("launch")])
    assert battery(limits).switched_off is None
    assert battery(limits, "SAT-2").switched_off == "only at launch"


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        ({"default": LOW}, "limit set default is the rules themselves"),
        ({"Safe": LOW}, "String should match pattern"),
        ({"safe": {}}, "at least 1 item"),
        ({"safe": {"eps": {}}}, "at least 1 item"),
        ({"safe": {"eps": {"low_battery": {}}}}, "at least 1 item"),
        ({"safe": {"eps": {"gone": {"below": 1}}}}, "safe names rule gone of eps, which is not defined"),
        ({"safe": {"obc": {"low_battery": {"below": 1}}}}, "safe names rule low_battery of obc"),
        (
            {"safe": {"eps": {"low_battery": {"channel": "battery_voltage"}}}},
            "safe can't replace channel of eps low_battery, only below, above",
        ),
        (
            {"safe": {"eps": {"low_battery": {"below": "low"}}}},
            "safe: below: Input should be a valid",
        ),
        ({"safe": {"eps": {"low_battery": {"below": None}}}}, "limit set safe: a rule needs at least one"),
        ({"safe": {"eps": {"low_battery": {"switched_off": " "}}}}, "limit set safe: switched_off: String"),
        (
            {"safe": {"eps": {"low_battery": {"hold_s": -1}}}},
            "safe: hold_s: Input should be greater",
        ),
        ({f"s{n}": LOW for n in range(33)}, "at most 32 items"),
    ],
)
def test_a_set_that_can_not_hold_is_refused_when_the_file_is_read(sets: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        with_sets(**sets)


def test_a_change_that_a_set_can_not_take_is_refused_and_names_it() -> None:
    file = with_sets(safe={"eps": {"low_battery": {"above": 35, "dead_band": 2}}})
    require_possible(file, BATTERY, {"below": 25})
    with pytest.raises(LimitRefused, match="with what limit set safe makes of it: dead_band leaves no value"):
        require_possible(file, BATTERY, {"below": 34})


def test_a_change_that_a_newer_set_can_not_take_holds_in_the_others_and_is_told() -> None:
    file = with_sets(safe={"eps": {"low_battery": {"above": 35, "dead_band": 2}}})
    limits = Limits.of(file).after([change({"below": 34})], [switch("safe")])
    assert (battery(limits).below, battery(limits, "SAT-2").below) == (30, 34)
    assert "limit set safe" in limits.unfit[BATTERY]


def test_a_set_that_a_newer_file_has_no_more_leaves_the_default() -> None:
    limits = Limits.of(with_sets()).after((), [switch("safe")])
    assert (limits.set_of("SAT-1"), battery(limits).below) == (DEFAULT_SET, 30)
    assert limits.switches["SAT-1"].limit_set == "safe"
