"""A backup checks itself, and a restore brings back what was deleted since, or changes nothing."""

import subprocess
from pathlib import Path

import pytest

from testbed.generator import every_message_triggers, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import demands_of
from testbed.running_platform import Platform, exported_times
from testbed.supervised import CHECKOUT, wait_until
from tests.e2e.checks import wait_until_drained

METRIC = "satellite_temperature"
MESSAGES = 40

pytestmark = pytest.mark.e2e


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240)


def send(ledger: Ledger, satellite_id: str, *, seed: int) -> None:
    ledger.send(
        every_message_triggers([satellite_id], steps=MESSAGES, newest_at=whole_second_now(), seed=seed)
    )


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the module's backup is to lie."""
    return tmp_path_factory.mktemp("backups") / "first"


def test_restore_brings_back_every_row_and_sample_that_was_deleted_since(
    platform: Platform, satellites: str, backup: Path
) -> None:
    ledger = Ledger()
    send(ledger, f"{satellites}1", seed=1)
    demands = demands_of(ledger.sent)
    wait_until_drained(platform, ledger, demands, satellites)
    wait_until(
        lambda: exported_times(f"{satellites}1", METRIC) == demands.temperature_times,
        "VictoriaMetrics holds every sample",
        within_s=30,
    )
    rows = sorted(platform.rows(satellites), key=repr)
    assert len(rows) == len(demands.rows)

    made = run("deploy/backup", backup)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "Backed up" in made.stdout
    assert backup.stat().st_mode & 0o077 == 0, "it holds passwords"

    platform.forget(satellites)
    send(ledger, f"{satellites}2", seed=2)
    wait_until(lambda: platform.rows(satellites), "there are jobs that a restore would lose", within_s=30)
    refused = run("deploy/restore", backup)
    assert refused.returncode == 1
    assert "restore with --replace" in refused.stderr

    restored = run("deploy/restore", backup, "--replace")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert sorted(platform.rows(satellites), key=repr) == rows
    wait_until(
        lambda: exported_times(f"{satellites}1", METRIC) == demands.temperature_times,
        "VictoriaMetrics holds every sample again",
        within_s=30,
    )
    after = Ledger()
    send(after, f"{satellites}3", seed=3)
    wait_until_drained(platform, after, demands_of(after.sent), f"{satellites}3")


@pytest.mark.parametrize("name", ["database.dump", "telemetry.gz", "tables.txt"])
def test_damaged_backup_is_refused_and_nothing_is_changed(
    platform: Platform, backup: Path, name: str
) -> None:
    jobs = platform.query("SELECT count(*), max(created_at) FROM inference_jobs")
    whole = (backup / name).read_bytes()
    (backup / name).write_bytes(whole[:-1])
    refused = run("deploy/restore", backup, "--replace")
    (backup / name).write_bytes(whole)
    assert refused.returncode == 1
    assert "damaged or changed" in refused.stderr
    assert platform.query("SELECT count(*), max(created_at) FROM inference_jobs") == jobs


def test_a_folder_that_exists_is_not_written_to(backup: Path) -> None:
    before = sorted(path.name for path in backup.iterdir())
    refused = run("deploy/backup", backup)
    assert (refused.returncode, "exists already" in refused.stderr) == (1, True)
    assert sorted(path.name for path in backup.iterdir()) == before


def test_half_a_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "database.dump").write_bytes((backup / "database.dump").read_bytes())
    refused = run("deploy/restore", tmp_path, "--replace")
    assert (refused.returncode, "no complete backup" in refused.stderr) == (1, True)
