"""What a mission may say, and what its rules mean."""

import copy
import math
from typing import Any

import pytest
from pydantic import ValidationError

from telemetry_core.contract.channels import Detection
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Rule

VALID: dict[str, Any] = {
    "name": "test",
    "model": {"name": "lstm_timeseries", "version": "1"},
    "window": {"length": 64, "max_span_s": 900, "max_gap_s": 60},
    "periodic": {"share": 0.1},
    "subsystems": {
        "eps": {
            "horizon": 5,
            "channels": {
                "soc": {"unit": "%", "nominal": [40, 100]},
                "alarm": {"unit": "flag", "feature": False},
            },
            "rules": [{"channel": "soc", "reason": "low", "log": "Low: {value}%", "below": 30}],
        }
    },
    "metrics": {"satellite_soc": "eps.soc", "satellite_obc_*": "obc.*"},
}


def changed(*path: str | int, to: object) -> dict[str, Any]:
    mission = copy.deepcopy(VALID)
    part: Any = mission
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return mission


def rule(**limits: float) -> Rule:
    return Rule.model_validate({"channel": "soc", "reason": "low", "log": "Low", **limits})


def test_limits_are_strict() -> None:
    subject = rule(below=-30, above=50)
    assert [subject.is_breached(value) for value in (-30.01, -30, 50, 50.01)] == [True, False, False, True]


def test_equality_is_a_limit() -> None:
    assert rule(equals=1).is_breached(1.0)
    assert not rule(equals=1).is_breached(0.0)


@pytest.mark.parametrize("written", [[-9999], [-9999.0, "1e30"], [0, -0.0]])
def test_fill_values_are_numbers_however_yaml_reads_them(written: list[object]) -> None:
    mission = Mission.model_validate(changed("subsystems", "eps", "channels", "soc", "missing", to=written))
    assert mission.fill_values("eps", "soc") == tuple(float(str(value)) for value in written)
    assert mission.fill_values("eps", "alarm") == mission.fill_values("obc", "soc") == ()


@pytest.mark.parametrize("written", [[math.nan], [math.inf], ["none"], [False], -9999, list(range(17))])
def test_fill_values_that_are_no_list_of_a_few_numbers_are_refused(written: object) -> None:
    with pytest.raises(ValidationError, match="missing"):
        Mission.model_validate(changed("subsystems", "eps", "channels", "soc", "missing", to=written))


def test_counter_brings_its_modulo_to_where_it_is_judged() -> None:
    channel = {"unit": "1", "kind": "counter", "modulo": 65536}
    mission = Mission.model_validate(changed("subsystems", "eps", "channels", "soc", to=channel))
    assert mission.subsystems["eps"].detection == {"soc": Detection(modulo=65536)}
    assert mission.counters == {"eps.soc": 65536}
    assert Mission.model_validate(VALID).counters == {}


def test_settings_of_what_is_no_counter_are_those_that_earlier_workers_read() -> None:
    assert "modulo" not in Detection(smoothing=5).model_dump(mode="json")
    counter = Detection(modulo=256)
    assert Detection.model_validate(counter.model_dump(mode="json")) == counter


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        ({"kind": "counter"}, "a counter needs modulo, the number of values after which it wraps around"),
        ({"modulo": 256}, "modulo belongs to kind: counter, this channel is a number"),
        ({"kind": "flag", "modulo": 256}, "this channel is a flag"),
        ({"kind": "counter", "modulo": 256, "detection": {"modulo": 256}}, "not under detection"),
        ({"kind": "counter", "modulo": 0}, "greater than 0"),
        ({"kind": "counter", "modulo": -256}, "greater than 0"),
        ({"kind": "counter", "modulo": 2.0**54}, "less than or equal to"),
        ({"kind": "counter", "modulo": math.inf}, "finite"),
        ({"kind": "gauge"}, "'number', 'flag' or 'counter'"),
    ],
)
def test_counter_without_a_usable_modulo_is_refused(channel: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Mission.model_validate(changed("subsystems", "eps", "channels", "soc", to={"unit": "1"} | channel))


def test_rule_that_waits_for_a_fill_value_is_refused() -> None:
    mission = changed("subsystems", "eps", "channels", "soc", "missing", to=[255])
    mission["subsystems"]["eps"]["rules"] = [
        {"channel": "soc", "reason": "full", "log": "Full", "equals": 255}
    ]
    with pytest.raises(ValidationError, match="rule full equals 255, which is listed in missing of soc"):
        Mission.model_validate(mission)


@pytest.mark.parametrize("limits", [{"below": 30}, {"above": 50}, {"equals": 1}])
def test_missing_value_breaks_no_rule(limits: dict[str, float]) -> None:
    assert not rule(**limits).is_breached(math.nan)


def test_model_sees_features_only_in_order() -> None:
    assert Mission.model_validate(VALID).subsystems["eps"].features == ("soc",)


def test_only_channels_with_settings_are_listed() -> None:
    mission = changed("subsystems", "eps", "channels", "soc", "detection", to={"smoothing": 3})
    assert Mission.model_validate(VALID).subsystems["eps"].detection == {}
    assert Mission.model_validate(mission).subsystems["eps"].detection == {"soc": Detection(smoothing=3)}


@pytest.mark.parametrize(
    "mission",
    [
        changed("name", to="Two words"),
        changed("model", "name", to="../secret"),
        changed("model", "version", to="latest"),
        changed("window", "length", to=9),
        changed("window", "length", to=257),
        changed("window", "max_span_s", to=0),
        changed("window", "max_gap_s", to=-1),
        changed("periodic", "share", to=1.1),
        changed("periodic", "share", to=math.nan),
        changed("earliest_time", to="1969-12-31T00:00:00Z"),
        changed("earliest_time", to="2000-01-01T00:00:00"),
        changed("subsystems", to={}),
        changed("subsystems", "eps", "horizon", to=0),
        changed("subsystems", "eps", "horizon", to=65),
        changed("subsystems", "eps", "channels", to={}),
        changed("subsystems", "eps", "channels", "soc", "feature", to=False),
        changed("subsystems", "eps", "channels", "soc", "nominal", to=[100, 40]),
        changed("subsystems", "eps", "channels", "soc", "units", to="V"),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"smoothing": 0}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"smoothing": 2.5}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"direction": "up"}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"minimum_deviation": -1}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"minimum_deviation": math.inf}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"valid_range": [100, 0]}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"valid_range": [0, math.nan]}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"valid_range": [0, math.inf]}),
        changed("subsystems", "eps", "channels", "soc", "detection", to={"smooth": 3}),
        changed("subsystems", "eps", "channels", "alarm", "detection", to={"smoothing": 3}),
        changed("subsystems", "eps", "rules", 0, "channel", to="unknown"),
        changed("subsystems", "eps", "rules", 0, "below", to=None),
        changed("subsystems", "eps", "rules", 0, "reason", to="two words"),
        changed("metrics", "satellite_soc", to="eps.*"),
        changed("metrics", "satellite_obc_*", to="obc.load"),
        changed("metrics", 'satellite{x="y"}', to="obc.load"),
        changed("metrics", "satellite_soc", to="soc"),
        changed("extra", to=1),
    ],
)
def test_mistake_is_refused(mission: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Mission.model_validate(mission)


def test_two_rules_of_a_subsystem_with_one_reason_are_refused() -> None:
    """Their alarms would bear one name, and one channel be held against the limit of another."""
    rules = [
        *VALID["subsystems"]["eps"]["rules"],
        {"channel": "alarm", "reason": "low", "log": "", "equals": 1},
    ]
    with pytest.raises(ValidationError, match="two rules have the reason low"):
        Mission.model_validate(changed("subsystems", "eps", "rules", to=rules))


def test_no_subsystem_bears_the_name_of_what_is_about_none() -> None:
    eps = VALID["subsystems"]["eps"]
    with pytest.raises(ValidationError, match="no subsystem may be named satellite"):
        Mission.model_validate(changed("subsystems", to={"eps": eps, "satellite": eps}))
