"""The service as it is started, killed amid a message and started again; and its test of a target."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from telemetry_core.postgres.database import Pool
from telemetry_core.service.settings import Settings
from testbed.postgres_server import free_port
from testbed.processes import ROOT, environment_of, running
from tests.integration.api.alarms.rows import raised
from tests.integration.notices.running import fetched, make_due, notices
from tests.webhook_receiver import receiving

pytestmark = pytest.mark.integration

HIDDEN = "hidden-9d41e7"
FILE = """\
targets:
  duty: {type: webhook, url: "${NOTIFY_DUTY}"}
routes:
  - targets: [duty]
"""


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def environment(database: Settings, folder: Path, duty: str) -> dict[str, str]:
    (folder / "notify.yaml").write_text(FILE)
    return environment_of(
        database,
        NOTIFY_FILE=str(folder / "notify.yaml"),
        NOTIFY_DUTY=f"{duty}/{HIDDEN}",
        METRICS_PORT=str(free_port()),
    )


def is_healthy(values: dict[str, str]) -> bool:
    try:
        answer = requests.get(f"http://127.0.0.1:{values['METRICS_PORT']}/healthz", timeout=5)
    except requests.ConnectionError:
        return False
    return answer.status_code == 200


def test_a_service_that_was_killed_amid_a_message_sends_it_again_under_its_id(
    database: Settings, pool: Pool, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with receiving() as receiver:
        values = environment(database, tmp_path, receiver.url)
        receiver.is_hanging = True
        with running("alarm_notifier", values, log) as process:
            until(lambda: bool(fetched(pool, "SELECT FROM ops.relay_cursors WHERE xact > 0")))
            alarm_id = raised(pool)
            until(lambda: [row["attempts"] for row in notices(pool)] == [1])
            process.kill()
        receiver.is_hanging = False
        receiver.goes_on.set()
        make_due(pool)
        with running("alarm_notifier", values, log) as process:
            until(lambda: [row["state"] for row in notices(pool)] == ["delivered"])
            until(lambda: is_healthy(values))
            metrics = requests.get(f"http://127.0.0.1:{values['METRICS_PORT']}/metrics", timeout=5).text
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert set(receiver.told) == {("alarm.raised", alarm_id)}
    assert len(set(receiver.ids)) == 1
    assert 'alarm_notices_total{outcome="delivered",target="duty"} 1.0' in metrics
    assert (
        'alarms_needing_attention{kind="limit",reason="low_battery",satellite_id="SAT-001",severity="critical",'
        'state="unacknowledged",subsystem="eps"} 1.0'
    ) in metrics
    assert HIDDEN not in log.read_text()


def outcome_of(values: dict[str, str], target: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "alarm_notifier", "test", target]
    done = subprocess.run(
        command, cwd=ROOT, env=values, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_target_is_tested_without_a_database_and_without_showing_its_address(
    database: Settings, tmp_path: Path
) -> None:
    with receiving() as receiver:
        values = environment(database, tmp_path, receiver.url)
        assert outcome_of(values, "duty") == (0, "duty: delivered")
        assert receiver.told == [("alarm.raised", "test")]
        assert outcome_of(values, "lead") == (1, "lead: the file has no such target, only: duty")
    assert outcome_of(values, "duty") == (1, "duty: not delivered: ConnectionError")
    refused = values | {"NOTIFY_DUTY": HIDDEN}
    status, said = outcome_of(refused, "duty")
    assert status == 1
    assert "must have the form http://" in said
    assert HIDDEN not in said
