"""The script as operators call it, writing to a file instead of Kafka."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "satellite_simulator.py"
FIXED = ["--start", "2026-11-23T12:00:00Z", "--speed", "max"]


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_output_is_that_of_the_manual(tmp_path: Path) -> None:
    out = tmp_path / "messages.jsonl"
    result = call(*FIXED, "--satellites", "3", "--interval", "3", "--duration", "60", "--output", str(out))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[:8] == [
        "=" * 80,
        "🛰️  인공위성 텔레메트리 시뮬레이터",
        "=" * 80,
        "위성 개수:     3",
        "전송 주기:     3초",
        "실행 시간:     60초",
        f"Output:       {out}",
        "=" * 80,
    ]
    assert lines[8:16] == [
        "",
        "[SAT-001] Satellite Simulator initialized",
        "[SAT-002] Satellite Simulator initialized",
        "[SAT-003] Satellite Simulator initialized",
        "",
        "✅ 3개 위성 초기화 완료",
        "",
        "[0001] 12:00:00 | Elapsed: 0s / 60s",
    ]
    assert "[0020] 12:00:57 | Elapsed: 57s / 60s" in lines
    assert lines[-1] == "✅ Shutdown complete"
    assert len(out.read_text(encoding="utf-8").splitlines()) == 60


def test_thruster_fault_is_reported_as_a_manoeuvre_and_written_to_the_truth(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    result = call(
        *FIXED, "--satellites", "1", "--interval", "1", "--duration", "20", "--output", str(tmp_path / "m"),
        "--fault", "thruster@5+5", "--truth", str(truth),
    )  # fmt: skip
    assert "  [SAT-001] Orbital maneuver started!" in result.stdout
    assert "  [SAT-001] Orbital maneuver completed" in result.stdout
    (line,) = truth.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["start"] == "2026-11-23T12:00:05+00:00"


def test_ledger_records_every_message(tmp_path: Path) -> None:
    out, ledger = tmp_path / "messages.jsonl", tmp_path / "ledger.jsonl"
    call(
        *FIXED, "--satellites", "2", "--interval", "1", "--duration", "100", "--output", str(out),
        "--late", "0.05", "--duplicates", "0.05", "--garbage", "0.05", "--ledger", str(ledger),
    )  # fmt: skip
    entries = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert len(entries) == len(out.read_text(encoding="utf-8").splitlines())
    identities = {(e["satellite_id"], e["timestamp"]) for e in entries if e["kind"] in {"telemetry", "late"}}
    assert len(identities) == 200
    assert {e["kind"] for e in entries} == {"telemetry", "late", "duplicate", "garbage"}


def test_on_change_sends_the_values_that_changed(tmp_path: Path) -> None:
    arguments = [*FIXED, "--satellites", "2", "--interval", "30", "--duration", "1800", "--output"]
    call(*arguments, str(tmp_path / "whole"))
    call(*arguments, str(tmp_path / "changed"), "--on-change")
    whole, changed = (
        [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()]
        for name in ("whole", "changed")
    )
    assert len(whole) == len(changed)
    assert changed[:2] == whole[:2]
    held: dict[str, dict[str, dict[str, object]]] = {}
    for full, message in zip(whole, changed, strict=True):
        own = held.setdefault(full["satellite_id"], {})
        for name, part in full.items():
            if isinstance(part, dict):
                news = message.get(name, {})
                earlier = own.setdefault(name, {})
                assert all(field not in earlier or earlier[field] != value for field, value in news.items())
                earlier.update(news)
                assert earlier == part
    assert sum("gyro_x" in message["aocs"] for message in changed) > 100
    assert sum("last_contact_seconds_ago" in message["comm"] for message in changed) < 120


def test_messages_on_standard_output_stand_alone() -> None:
    result = call(*FIXED, "--satellites", "1", "--interval", "1", "--duration", "3", "--output", "-")
    assert [json.loads(line)["satellite_id"] for line in result.stdout.splitlines()] == ["SAT-001"] * 3
    assert "위성 개수:     1" in result.stderr


def test_more_than_ten_satellites_need_the_fleet_option() -> None:
    result = call("--satellites", "11")
    assert result.returncode == 2
    assert "--fleet" in result.stderr


def test_unknown_fault_ends_with_the_kinds_there_are() -> None:
    result = call("--fault", "melt", "--output", "-")
    assert result.returncode == 2
    assert "choose from spike" in result.stderr


@pytest.mark.slow
def test_unusable_values_are_refused() -> None:
    for arguments in (
        ["--interval", "0"], ["--duration", "nan"], ["--start", "soon"], ["--garbage", "2"],
        ["--speed", "-1"], ["--fleet", "10001"], ["--seed", "-1"], ["--kafka", "nowhere"],
    ):  # fmt: skip
        result = call(*arguments)
        assert result.returncode == 2, arguments
        assert "Traceback" not in result.stderr


def test_unwritable_file_is_named(tmp_path: Path) -> None:
    result = call(*FIXED, "--duration", "1", "--output", str(tmp_path / "missing" / "file"))
    assert result.returncode == 2
    assert "--output" in result.stderr


def test_python_without_packages_is_reported_with_what_to_install(tmp_path: Path) -> None:
    """Outside the project there is no environment to continue in."""
    copy = tmp_path / "tests" / "satellite_simulator.py"
    copy.parent.mkdir()
    copy.write_bytes(SCRIPT.read_bytes())
    bare = subprocess.run(
        [sys.executable, "-I", "-S", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    assert bare.returncode == 2
    assert "pip install confluent-kafka~=2.9.0 numpy orjson sgp4" in bare.stderr


def test_bare_python_continues_in_the_projects_environment() -> None:
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "--satellites" in result.stdout, result.stderr


def test_reader_that_has_seen_enough_is_no_traceback() -> None:
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} {SCRIPT} --output - --speed max --duration 20000 | head -n 1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr
