"""The command that counts alarms before and after the mission file changes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from alarm_server import what_if
from alarm_server.what_if import changes_of
from alarms.what_if.limits import limits_of
from alarms.what_if.table import Counts, table
from alarms.what_if.trial import Span
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.values import Values
from telemetry_core.service.settings import Settings
from telemetry_core.stored_samples import StoredSamples
from tests.unit.alarm_server.messages import MISSION

SOC = "satellite_battery_soc"
DEFAULT = Path("missions/default.yaml")


def changed(**parts: Any) -> Mission:
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["rules"][0].update(parts)
    return Mission.model_validate(content)


class Stored(StoredSamples):
    """Charges of satellites, one a second."""

    def __init__(self, values: dict[str, Sequence[float]]) -> None:
        super().__init__("")
        self._values = values

    def satellites(self, *, start_ms: int, end_ms: int) -> list[str]:
        return sorted(self._values)

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> dict[str, Values] | None:
        values = self._values[satellite_id] if SOC in set(metrics) else []
        return {
            SOC: {at * 1_000_000: value for at, value in enumerate(values) if start_ms <= at * 1000 <= end_ms}
        }


def count(telemetry: Stored, after: Mission, before: Mission = MISSION) -> dict[str, tuple[int, int]]:
    satellites = telemetry.satellites(start_ms=0, end_ms=0)
    span = Span(satellites=satellites, start_ms=0, end_ms=400_000)
    counts = changes_of(telemetry, span, limits_of(before), limits_of(after))
    return {name: (one.before, one.after) for name, one in counts.items()}


def test_a_stricter_limit_raises_more_over_all_satellites(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Stored({"A": [50.0] * 100 + [33.0] + [50.0] * 200 + [28.0] * 3, "B": [34.0] * 300})
    counts = count(telemetry, changed(below=35))
    assert counts.pop("eps low_battery (changed)") == (1, 3)
    assert counts == {"thermal abnormal_temperature": (0, 0), "aocs thruster_active": (0, 0)}
    assert "eps low_battery (changed): 2 of 2 satellites" in capsys.readouterr().err
    lines = table({"eps low_battery": Counts(samples=604, before=1, after=3)}, days=0.5, satellites=2)
    assert lines.splitlines()[1].split() == ["eps", "low_battery", "604", "1", "3"]
    assert lines.splitlines()[-3].split() == ["these", "limits,", "per", "day", "2.00", "6.00"]


def test_how_far_it_is_is_told_while_it_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(what_if, "TELL_EVERY_S", 0)
    span = Span(satellites=["A", "B"], start_ms=0, end_ms=86_400_000)
    changes_of(Stored({"A": [50.0], "B": [50.0]}), span, limits_of(MISSION), limits_of(MISSION))
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("eps low_battery: ")]
    assert told[0] == "eps low_battery: 0.25 of 2 satellites"
    assert told[-1] == "eps low_battery: 2 of 2 satellites"


def test_a_limit_in_the_wrong_direction_is_one_alarm_that_stands() -> None:
    telemetry = Stored({"A": [80.0] * 400})
    assert count(telemetry, changed(below=None, above=30))["eps low_battery (changed)"] == (0, 1)


def test_a_rule_that_is_new_or_dropped_counts_on_one_side() -> None:
    counts = count(Stored({"A": [20.0] * 10}), changed(reason="empty_battery"))
    assert counts["eps low_battery (changed)"] == (1, 0)
    assert counts["eps empty_battery (changed)"] == (0, 1)


def test_each_mission_reads_by_its_own_metrics_and_missing_values() -> None:
    telemetry = Stored({"A": [-9999.0] + [50.0] * 100})
    content = MISSION.model_dump()
    content["metrics"] = {
        ("satellite_soc_2" if metric == SOC else metric): path for metric, path in content["metrics"].items()
    }
    assert count(telemetry, Mission.model_validate(content))["eps low_battery (changed)"] == (1, 0)
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["channels"]["battery_soc_percent"]["missing"] = [-9999]
    assert count(telemetry, Mission.model_validate(content))["eps low_battery (changed)"] == (1, 0)


@pytest.mark.parametrize(
    "stored", [{}, {"A": []}], ids=["no satellite", "a satellite that sent earlier on the same day"]
)
def test_without_telemetry_it_says_so(
    stored: dict[str, Sequence[float]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(what_if, "StoredSamples", lambda _: Stored(stored))
    assert what_if.run(DEFAULT, against=DEFAULT, days=0.01, settings=Settings()) == 1
    assert "No telemetry of the last 0.01 days is stored" in capsys.readouterr().err


def test_a_broken_mission_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"broken\.yaml"):
        what_if.run(broken, against=DEFAULT, days=7, settings=Settings())


def test_a_limit_of_a_channel_that_is_not_stored_is_named_and_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = MISSION.model_dump()
    del content["metrics"][SOC]
    counts = count(Stored({"A": [20.0] * 10}), Mission.model_validate(content))
    assert not any("low_battery" in name for name in counts)
    message = "eps low_battery (changed) is left out: metrics has no entry for battery_soc_percent"
    assert message in capsys.readouterr().err


def test_what_is_sent_on_change_needs_a_stored_channel_that_tells_how_long_it_held(
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["channels"]["battery_soc_percent"]["reporting"] = "on_change"
    content["metrics"] = {SOC: "eps.battery_soc_percent"}
    on_change = Mission.model_validate(content)
    assert count(Stored({"A": [20.0]}), on_change, on_change) == {}
    assert "eps low_battery is left out: metrics has no entry for battery_voltage" in capsys.readouterr().err


def test_rates_and_changes_are_counted() -> None:
    telemetry = Stored({"A": [80.0] * 100 + [70.0] * 100 + [60.0] * 100, "B": [80.0] * 300})
    content = MISSION.model_dump()
    soc = {"channel": "battery_soc_percent", "log": ""}
    content["subsystems"]["eps"]["rules"] = [
        {**soc, "reason": "fast", "rate": {"falls": 5}},
        {**soc, "reason": "steep", "rate": {"falls": 5, "over_s": 10}},
        {**soc, "reason": "moved", "change": True},
    ]
    counts = count(telemetry, Mission.model_validate(content))
    names = ("eps fast (changed)", "eps steep (changed)", "eps moved (changed)")
    assert [counts[name] for name in names] == [(0, 2), (0, 0), (0, 2)]
