"""Rules on a value, on its rate and on its change: what a mission file may say of them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Rule
from telemetry_core.service.settings import load_mission

CHANNELS: dict[str, dict[str, Any]] = {
    "soc": {"unit": "%"},
    "mode": {"unit": "1", "reporting": "on_change"},
    "heater": {"unit": "flag", "kind": "flag"},
    "frames": {"unit": "1", "kind": "counter", "modulo": 256},
}
DEFAULT = load_mission(Path("missions/default.yaml")).model_dump(mode="json")


def mission_with(**rule: Any) -> Mission:
    """The default mission with one rule, on channels of each kind."""
    body = {**DEFAULT, "metrics": {}, "limit_sets": {}}
    rules = [{"channel": "soc", "reason": "moved", "log": "", **rule}]
    body["subsystems"] = {"eps": {"horizon": 5, "channels": CHANNELS, "rules": rules}}
    return Mission.model_validate(body)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"below": 30}, "limit"),
        ({"equals": 1}, "limit"),
        ({"rate": {"rises": 2}}, "rate"),
        ({"rate": {"falls": 0, "per": "minute", "over_s": 600}, "dead_band": 1, "inclusive": True}, "rate"),
        ({"channel": "frames", "rate": {"rises": 2}}, "rate"),
        ({"change": True, "latching": True, "hold_s": 0}, "change"),
        ({"channel": "mode", "change": True}, "change"),
        ({"channel": "heater", "change": True}, "change"),
        ({"below": 30, "change": False}, "limit"),
    ],
)
def test_a_rule_is_about_one_of_three(rule: dict[str, Any], kind: str) -> None:
    eps = mission_with(**rule).subsystems["eps"]

    assert eps.rules[0].kind == kind
    assert eps.limits == (eps.rules if kind == "limit" else ())


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ({}, "at least one of below, above, equals, or else rate, or change: true"),
        ({"change": False}, "at least one of"),
        ({"below": 30, "change": True}, "write one rule for each"),
        ({"rate": {"rises": 1}, "change": True}, "write one rule for each"),
        ({"rate": {"rises": 1}, "equals": 0}, "write one rule for each"),
        ({"rate": {}}, "rate needs rises, falls or both"),
        ({"rate": {"rises": -1}}, "greater than or equal to 0"),
        ({"rate": {"rises": 1, "per": "hour"}}, "'second' or 'minute'"),
        ({"rate": {"rises": 1, "over_s": 601}}, "less than or equal to 600"),
        ({"rate": {"rises": 1, "falls": 1}, "dead_band": 1.5}, "dead_band leaves no value"),
        ({"channel": "heater", "rate": {"rises": 1}}, "a flag: write change: true"),
        ({"channel": "mode", "rate": {"rises": 1}}, "sent on change"),
        ({"channel": "frames", "rate": {"rises": 1, "falls": 1}}, "a counter, which never falls"),
        ({"change": True, "min_violations": 2}, "is an alarm at once"),
        ({"change": True, "min_duration_s": 2}, "is an alarm at once"),
        ({"change": True, "dead_band": 2}, "is an alarm at once"),
        ({"change": True, "inclusive": True}, "is an alarm at once"),
        ({"above": float("inf")}, "finite"),
        ({"equals": float("nan")}, "finite"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(rule: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ValidationError, match=refusal):
        mission_with(**rule)


@pytest.mark.parametrize(
    ("one", "other"),
    [({"above": 9}, {"below": 9}), ({"equals": 1}, {"equals": 2}), ({"equals": 1}, {"above": 1})],
)
def test_a_context_that_never_holds_is_refused(one: dict[str, float], other: dict[str, float]) -> None:
    when = [{"channel": "heater", **one}, {"channel": "heater", **other}]

    with pytest.raises(ValidationError, match="never holds"):
        mission_with(below=3, when=when)
    assert mission_with(below=3, when=[when[0], {"channel": "frames", **other}])


def test_conditions_that_one_value_meets_are_accepted() -> None:
    when = [{"channel": "heater", "above": 0}, {"channel": "heater", "below": 2}]

    assert mission_with(below=3, when=[*when, {"channel": "heater", "equals": 1}])


@pytest.mark.parametrize(
    ("settings", "broken", "clear"),
    [
        ({"rises": 2, "falls": 3}, {2.1: 2, -3.1: -3}, [2, -3, 0]),
        ({"rises": 2}, {2.1: 2}, [2, -900]),
        ({"falls": 0}, {-0.1: 0}, [0, 900]),
    ],
)
def test_a_rate_breaks_the_side_that_it_lies_beyond(
    settings: dict[str, float], broken: dict[float, float], clear: list[float]
) -> None:
    rule = Rule.model_validate({"channel": "soc", "reason": "moved", "log": "", "rate": settings})

    assert {rate: rule.broken_limit(rate) for rate in broken} == broken
    assert all(rule.is_clear(rate) and not rule.is_breached(rate) for rate in clear)
