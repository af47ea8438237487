"""Alarms before and after a change of a limit: as many as the live rule raises, whatever is passed over."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_server import what_if
from alarm_server.what_if import Limit, Past, RaisedAlarms, compared, comparison, limits_of, stored
from alarms.limit_tracks import Track, step
from alarms.occurrence_changes import Event, changes
from alarms.violation_runs import Sample
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Rule
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.stored_samples import Values

MISSION = load_mission(Path("missions/default.yaml"))
SOC = "satellite_battery_soc"


def rule(**parts: Any) -> Rule:
    return Rule.model_validate({"channel": "soc", "reason": "low", "log": "", "below": 30, **parts})


def changed(**parts: Any) -> Mission:
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["rules"][0].update(parts)
    return Mission.model_validate(content)


def raised(limit: Rule, samples: Iterable[Sample]) -> int:
    alarms = RaisedAlarms(Limit(rule=limit, metrics={}))
    for sample in samples:
        alarms.add(sample.at_us, {"soc": sample.value})
    return alarms.count


def raised_by_every_step(limit: Rule, samples: Iterable[Sample]) -> int:
    track, count = Track(), 0
    for sample in samples:
        after = step(track, limit, sample)
        events = [change.event for change in changes(track, after)]
        count += events.count(Event.RAISED) - events.count(Event.WITHDRAWN)
        track = after
    return count


class Stored:
    """Telemetry as VictoriaMetrics gives it: no page of more than so many samples."""

    def __init__(self, values: dict[str, Sequence[float]], *, most: int = 10_000) -> None:
        self._values = values
        self._most = most

    def satellites(self, *, start_ms: int, end_ms: int) -> list[str]:
        return sorted(self._values)

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> dict[str, Values] | None:
        values = self._values[satellite_id] if SOC in set(metrics) else []
        chosen = {
            at_s * 1_000_000: value for at_s, value in enumerate(values) if start_ms <= at_s * 1000 <= end_ms
        }
        return None if len(chosen) > self._most else {SOC: chosen}


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from([20.0, 29.0, 31.0, 50.0, 50.0, 50.0])), max_size=300
    ),
    st.sampled_from(
        [{}, {"min_violations": 3}, {"min_duration_s": 20, "min_clear": 2}, {"hold_s": 0, "dead_band": 5}]
    ),
)
def test_as_many_alarms_as_by_every_step(pauses: list[tuple[int, float]], parts: dict[str, Any]) -> None:
    samples, at_s = [], 0
    for pause_s, value in pauses:
        at_s += pause_s
        samples.append(Sample(at_us=at_s * 1_000_000, value=value))
    assert raised(rule(**parts), samples) == raised_by_every_step(rule(**parts), samples)


def test_hours_of_clear_samples_between_two_violations_make_two_alarms() -> None:
    values = [50.0] * 5000 + [20.0] + [50.0] * 5000 + [20.0, 20.0] + [50.0] * 10
    samples = [Sample(at_us=at * 1_000_000, value=value) for at, value in enumerate(values)]
    assert raised(rule(), samples) == raised_by_every_step(rule(), samples) == 2


def test_a_stricter_limit_raises_more_over_all_satellites(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Stored({"A": [50.0] * 100 + [33.0] + [50.0] * 200 + [28.0] * 3, "B": [34.0] * 300})
    counts = count(telemetry, MISSION, changed(below=35))
    assert counts.pop("eps low_battery (changed)") == (1, 3)
    assert counts == {"thermal abnormal_temperature": (0, 0), "aocs thruster_active": (0, 0)}
    assert "eps low_battery: reading 2 satellites" in capsys.readouterr().err
    table = comparison({"eps low_battery": (1, 3)}, days=0.5, satellites=2)
    assert table.splitlines()[-3].split() == ["these", "limits,", "per", "day", "2.00", "6.00"]


def test_a_rule_that_is_new_or_dropped_counts_on_one_side() -> None:
    counts = count(Stored({"A": [20.0] * 10}), MISSION, changed(reason="empty_battery"))
    assert counts["eps low_battery (changed)"] == (1, 0)
    assert counts["eps empty_battery (changed)"] == (0, 1)


def test_each_mission_reads_by_its_own_metrics_and_missing_values() -> None:
    telemetry = Stored({"A": [-9999.0] + [50.0] * 100})
    content = MISSION.model_dump()
    content["metrics"] = {
        ("satellite_soc_2" if metric == SOC else metric): path for metric, path in content["metrics"].items()
    }
    assert count(telemetry, MISSION, Mission.model_validate(content))["eps low_battery (changed)"] == (1, 0)
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["channels"]["battery_soc_percent"]["missing"] = [-9999]
    assert count(telemetry, MISSION, Mission.model_validate(content))["eps low_battery (changed)"] == (1, 0)


def count(telemetry: Stored, before: Mission, after: Mission) -> dict[str, tuple[int, int]]:
    satellites = telemetry.satellites(start_ms=0, end_ms=0)
    past = Past(telemetry=telemetry, satellites=satellites, start_ms=0, end_ms=400_000)
    return compared(past, limits_of(before), limits_of(after))


def test_a_limit_counts_in_its_context_only_and_returns_outside_of_it() -> None:
    limit = rule(when=[{"channel": "mode", "equals": 2}])
    told = [
        *[{"soc": 20.0, "mode": 1.0}] * 50,
        *[{"soc": 20.0, "mode": 2.0}] * 5,
        *[{"mode": 1.0}] * 100,
        *[{"soc": 20.0}] * 5,
        *[{"soc": 20.0, "mode": 2.0}] * 5,
    ]
    alarms = RaisedAlarms(Limit(rule=limit, metrics={}))
    for place, values in enumerate(told):
        alarms.add(place * 1_000_000, values)
    assert alarms.count == 2
    assert raised(rule(), [Sample(at_us=place * 1_000_000, value=20.0) for place in range(165)]) == 1


def test_dense_telemetry_is_read_in_smaller_pages() -> None:
    telemetry = Stored({"A": [1.0] * 30_000}, most=4_000)
    past = Past(telemetry=telemetry, satellites=["A"], start_ms=0, end_ms=30_000_000)
    assert [at_us for at_us, _ in stored(past, "A", {"soc": SOC})] == [at * 1_000_000 for at in range(30_000)]
    too_dense = replace(past, telemetry=Stored({"A": [1.0] * 100}, most=10))
    with pytest.raises(DependencyUnavailable, match="more samples"):
        list(stored(too_dense, "A", {"soc": SOC}))


def test_without_telemetry_or_with_a_broken_mission_it_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(what_if, "StoredSamples", lambda _: Stored({}))
    default, broken = Path("missions/default.yaml"), tmp_path / "broken.yaml"
    assert what_if.run(default, against=default, days=7, settings=Settings()) == 1
    assert "No telemetry of the last 7 days is stored" in capsys.readouterr().err
    broken.write_text("name: [", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"broken\.yaml"):
        what_if.run(broken, against=default, days=7, settings=Settings())


def test_a_limit_of_a_channel_that_is_not_stored_is_named_and_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = MISSION.model_dump()
    del content["metrics"][SOC]
    counts = count(Stored({"A": [20.0] * 10}), MISSION, Mission.model_validate(content))
    assert not any("low_battery" in name for name in counts)
    message = "eps low_battery is left out: metrics has no entry for battery_soc_percent"
    assert message in capsys.readouterr().err


def test_rates_and_changes_are_counted_and_what_can_not_be_told_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Stored({"A": [80.0] * 100 + [70.0] * 100 + [60.0] * 100, "B": [80.0] * 300})
    content = MISSION.model_dump()
    eps, soc = content["subsystems"]["eps"], {"channel": "battery_soc_percent", "log": ""}
    eps["rules"] = [
        {**soc, "reason": "fast", "rate": {"falls": 5}},
        {**soc, "reason": "steep", "rate": {"falls": 5, "over_s": 10}},
        {**soc, "reason": "moved", "change": True},
    ]
    names = ("eps fast (changed)", "eps steep (changed)", "eps moved (changed)")
    counts = count(telemetry, MISSION, Mission.model_validate(content))
    assert [counts[name] for name in names] == [(0, 2), (0, 0), (0, 2)]
    del eps["rules"][:2]
    eps["channels"]["battery_soc_percent"]["reporting"] = "on_change"
    capsys.readouterr()
    assert "eps moved (changed)" not in count(telemetry, MISSION, Mission.model_validate(content))
    assert "eps moved is left out: battery_soc_percent is sent on change" in capsys.readouterr().err
