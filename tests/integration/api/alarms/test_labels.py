"""What operators said of alarms, exported as labels of telemetry and read as calibration reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operation_server.labels import __main__ as command
from telemetry_core.labels import Label, read_labels
from tests.integration.api.alarms.rows import START, act, done, raised
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

LABELS = "/api/v1/labels.csv"


def said(api: RunningApi, second: float, word: str, **columns: Any) -> str:
    alarm_id = raised(api.pool, second, **columns)
    done(act(api, f"{alarm_id}/feedback", feedback=word))
    return alarm_id


def exported(api: RunningApi, path: Path, **query: Any) -> list[Label]:
    answer = get(api, LABELS, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    path.write_bytes(answer.content)
    return read_labels(path)


def test_what_operators_said_last_is_read_as_labels_of_the_telemetry(api: RunningApi, tmp_path: Path) -> None:
    last_at = START + timedelta(minutes=1, microseconds=7)
    first = said(api, 0, "false_alarm", last_at=last_at)
    done(act(api, f"{first}/feedback", feedback="true_alarm", operator="Grace", comment='a "true", one'))
    said(api, 10, "rare_nominal", kind="anomaly", reason="anomaly", channel=None, subsystem="aocs")
    said(api, 20, "false_alarm", kind="rate", satellite_id="SAT-002")
    said(api, 30, "known")
    said(api, 40, "false_alarm", kind="forecast", reason="low_battery_forecast")
    said(api, 50, "false_alarm", kind="platform", satellite_id="platform")
    said(api, 60, "false_alarm", is_withdrawn=True)
    raised(api.pool, 70)
    found = exported(api, tmp_path / "labels.csv")
    assert [(one.satellite_id, one.subsystem, one.channel, one.label) for one in found] == [
        ("SAT-001", "eps", "battery_voltage", "anomalous"),
        ("SAT-001", "aocs", "", "nominal"),
        ("SAT-002", "eps", "battery_voltage", "nominal"),
    ]
    assert (found[0].start_time, found[0].end_time) == (START, last_at)
    lines = get(api, LABELS).text.splitlines()
    assert (
        lines[0] == "satellite_id,subsystem,channel,start_time,end_time,label,feedback,kind,reason,alarm_id"
    )
    assert lines[1].endswith(f"anomalous,true_alarm,limit,low_battery,{first}")
    assert ",,known,limit," in lines[4]
    assert len(lines) == 5


def test_labels_are_of_a_satellite_and_a_time(api: RunningApi, tmp_path: Path) -> None:
    for second, satellite_id in ((0, "SAT-001"), (100, "SAT-002"), (200, "SAT-001")):
        last_at = START + timedelta(seconds=second + 50)
        said(api, second, "true_alarm", satellite_id=satellite_id, last_at=last_at)

    def times(**query: Any) -> list[float]:
        found = exported(api, tmp_path / "labels.csv", **query)
        return [(one.start_time - START) / timedelta(seconds=1) for one in found]

    def at(second: float) -> str:
        return (START + timedelta(seconds=second)).isoformat()

    assert times(satellite_id="SAT-001") == [0, 200]
    assert times(start_time=at(50), end_time=at(100)) == [0, 100]
    assert times(start_time=at(151)) == [200]
    assert times(satellite_id="SAT-003") == []
    assert "start_time" in problem(get(api, LABELS, start_time=at(1), end_time=at(0)), 422)


def test_command_prints_what_the_route_answers(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Settings", lambda: api.database)
    for second in (0, 100):
        said(api, second, "true_alarm")
    began = (START + timedelta(seconds=50)).astimezone(UTC).replace(tzinfo=None).isoformat()
    monkeypatch.setattr("sys.argv", ["labels", "--satellite", "SAT-001", "--from", began])
    command.main()
    printed = capsys.readouterr().out
    assert printed == get(api, LABELS, satellite_id="SAT-001", start_time=began).text
    assert printed.count("\n") == 2
    monkeypatch.setattr("sys.argv", ["labels", "--to", "tomorrow"])
    with pytest.raises(SystemExit):
        command.main()
    assert "--from and --to" in capsys.readouterr().err


def test_times_of_the_export_keep_their_microseconds(api: RunningApi, tmp_path: Path) -> None:
    started_at = datetime(2026, 11, 1, 12, 0, 0, 1, tzinfo=UTC)
    said(api, 0, "true_alarm", started_at=started_at, raised_at=started_at, last_at=started_at)
    (found,) = exported(api, tmp_path / "labels.csv")
    assert found.span_us == (1_793_534_400_000_001,) * 2
