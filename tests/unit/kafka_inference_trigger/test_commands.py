"""What the operator's commands print, and what the service says before it starts."""

import importlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kafka_inference_trigger import reconcile, rescore
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from tests.unit.postgres import Statements

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
FROM, TO = "2026-05-01T12:00:20Z", "2026-05-01T12:00:25"
ROOT = Path(__file__).parents[3]

Run = Callable[..., str]


def record(second: int) -> Record:
    generated = START + timedelta(seconds=second)
    body = {
        "timestamp": generated.isoformat(),
        "satellite_id": "SAT-001",
        "eps": {"battery_soc_percent": 20.0, "battery_voltage": float(second)},
    }
    return Record(
        value=json.dumps(body).encode(),
        key=b"SAT-001",
        partition=0,
        offset=second,
        received_us=int(generated.timestamp()) * 1_000_000,
    )


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[InferenceBatch]:
    """What the commands send of 30 s of telemetry, of which PostgreSQL has no row."""
    found: list[InferenceBatch] = []
    monkeypatch.setenv("MISSION_FILE", str(ROOT / "missions" / "default.yaml"))
    for command in (rescore, reconcile):
        monkeypatch.setattr(command, "read_since", lambda *_, **__: map(record, range(30)))
        monkeypatch.setattr(command, "batch_publisher", lambda _: lambda batch, _id: found.append(batch))
    monkeypatch.setattr(reconcile, "open_pool", lambda *_, **__: Statements().pool)
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with arguments; what it printed."""

    def called(command: Any, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["command", *arguments])
        command.main()
        return capsys.readouterr().out

    return called


def test_rescore_says_how_many_revisions_it_sent(sent: list[InferenceBatch], run: Run) -> None:
    printed = run(rescore, "SAT-001", FROM, TO)
    assert printed == "Sent revisions of 6 subsystem inferences of SAT-001\n"
    assert all(batch.is_revision for batch in sent)


def test_reconcile_sends_what_has_no_row_and_says_so(sent: list[InferenceBatch], run: Run) -> None:
    assert run(reconcile, FROM, TO) == "SAT-001: 6 subsystem inferences had no row and were sent\n"
    assert sum(len(batch.jobs) for batch in sent) == 6


def test_dry_run_of_reconcile_sends_nothing(sent: list[InferenceBatch], run: Run) -> None:
    assert run(reconcile, FROM, TO, "--dry-run").endswith("had no row and would be sent\n")
    assert sent == []


def test_reconcile_of_another_satellite_finds_nothing_missing(sent: list[InferenceBatch], run: Run) -> None:
    assert run(reconcile, FROM, TO, "--satellite", "SAT-002") == "Nothing is missing\n"
    assert sent == []


@pytest.mark.parametrize("command", [rescore, reconcile])
def test_server_that_is_away_ends_a_command_with_one_sentence(
    command: Any, sent: list[InferenceBatch], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise DependencyUnavailable("kafka", "refused")

    monkeypatch.setattr(command, "read_since", away)
    names = ["SAT-001"] if command is rescore else []
    with pytest.raises(SystemExit, match="kafka unavailable: refused"):
        run(command, *names, FROM, TO)
    assert sent == []


def test_time_that_is_none_is_refused_with_its_text(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(rescore, "SAT-001", "yesterday", TO)
    assert "'yesterday' is not a valid time" in capsys.readouterr().err


def test_service_does_not_start_with_a_mission_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service: Any = importlib.import_module("kafka_inference_trigger.__main__")
    (tmp_path / "mission.yaml").write_text("name: 7")
    monkeypatch.setenv("MISSION_FILE", str(tmp_path / "mission.yaml"))
    for effect in ("configure_logging", "start_tracing"):
        monkeypatch.setattr(service, effect, lambda *_: None)
    with pytest.raises(SystemExit, match="Mission refused"):
        service.main()
