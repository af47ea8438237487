"""`what-if` over what a real VictoriaMetrics has stored."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from alarm_server.__main__ import main
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

pytestmark = pytest.mark.integration

SOC = "satellite_battery_soc"
DEFAULT = Path("missions/default.yaml")


def changed(folder: Path, **parts: object) -> str:
    content = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    content["subsystems"]["eps"]["rules"][0].update(parts)
    path = folder / "new.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return str(path)


def every_second(values: Sequence[float], *, ago_s: int) -> dict[int, float]:
    since_ms = round(time.time() - ago_s) * 1000
    return {since_ms + 1000 * place: value for place, value in enumerate(values)}


def test_alarms_before_and_after_a_stricter_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_victoria_server(tmp_path) as url:
        monkeypatch.setenv("VICTORIA_METRICS_URL", url)
        assert main(["what-if", str(DEFAULT)]) == 1
        assert "No telemetry of the last 7 days is stored" in capsys.readouterr().err
        flapping = [20.0, 50.0] * 60 + [50.0] * 600
        write_samples(url, SOC, "SAT-A", every_second(flapping + [33.0] + [50.0] * 600, ago_s=90_000))
        write_samples(url, SOC, 'SAT "B"', every_second([33.0, 34.0] * 300, ago_s=3_600))
        assert main(["what-if", changed(tmp_path, below=35), "--against", str(DEFAULT), "--days", "2"]) == 0
        answer = capsys.readouterr()
    lines = {line[:44].strip(): line[44:].split() for line in answer.out.splitlines()}
    assert lines["alarms of 2 days, 2 satellites"] == ["samples", "before", "after"]
    assert lines["eps low_battery (changed)"] == ["1921", "1", "3"]
    assert lines["thermal abnormal_temperature"] == ["0", "0", "0"]
    assert lines["these limits, per day"] == ["0.50", "1.50"]
    assert "eps low_battery (changed): 2 of 2 satellites" in answer.err


def test_a_server_that_is_down_is_named_and_so_is_a_span_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VICTORIA_METRICS_URL", "http://127.0.0.1:9")
    assert main(["what-if", changed(tmp_path)]) == 1
    assert "victoria-metrics" in capsys.readouterr().err
    for days in ("0", "-1", "400", "nan", "week"):
        with pytest.raises(SystemExit):
            main(["what-if", changed(tmp_path), "--days", days])
