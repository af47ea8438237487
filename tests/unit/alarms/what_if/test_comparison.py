"""Which alarms a changed limit adds and which it takes away."""

from collections.abc import Sequence
from dataclasses import replace

from alarms.what_if.comparison import Comparison, compared, metrics_of
from alarms.what_if.limits import Limit, limits_of
from tests.unit.alarm_server.messages import MISSION

BATTERY = limits_of(MISSION)["eps", "battery_soc_percent", "low_battery"]
SOC = "satellite_battery_soc"


def below(limit: float) -> Limit:
    return replace(BATTERY, rule=BATTERY.rule.model_copy(update={"below": limit}))


def compare(before: Limit | None, after: Limit | None, values: Sequence[float]) -> Comparison:
    page = {SOC: {place * 10_000_000: value for place, value in enumerate(values)}}
    return compared([page], before, after)


CLEAR = [80.0] * 20
VALUES = [*CLEAR, 28.0, *CLEAR, 22.0, 21.0, *CLEAR, 28.0, 22.0, 28.0, *CLEAR, 15.0]


def test_a_looser_limit_takes_away_what_it_does_not_reach_and_keeps_what_begins_later() -> None:
    comparison = compare(below(30), below(25), VALUES)
    assert (comparison.samples, len(comparison.before), len(comparison.after)) == (len(VALUES), 4, 3)
    assert [alarm.started_us // 10_000_000 for alarm in comparison.vanishing] == [20]
    assert comparison.appearing == []


def test_a_stricter_limit_adds_what_was_none_and_one_that_stands_at_the_end_is_the_same() -> None:
    comparison = compare(below(25), below(30), VALUES)
    assert [alarm.started_us // 10_000_000 for alarm in comparison.appearing] == [20]
    assert comparison.vanishing == []
    assert comparison.after[-1].returned_us is None


def test_a_limit_in_the_wrong_direction_is_one_alarm_over_all_and_takes_none_away() -> None:
    upside_down = replace(BATTERY, rule=BATTERY.rule.model_copy(update={"below": None, "above": 10}))
    comparison = compare(below(30), upside_down, VALUES)
    assert len(comparison.after) == 1
    assert comparison.appearing == comparison.vanishing == []


def test_a_limit_that_is_new_or_gone_raises_on_one_side() -> None:
    assert len(compare(None, below(30), VALUES).appearing) == 4
    assert len(compare(below(30), None, VALUES).vanishing) == 4
    assert metrics_of(None, below(30)) == {SOC}


def test_no_telemetry_is_no_sample() -> None:
    assert compared([], below(30), below(25)) == Comparison(samples=0, before=[], after=[])
