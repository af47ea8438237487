"""A satellite that samples more rarely than the shipped constants serve learns by itself and is judged."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from analysis_server.learner import CALIBRATED
from benchmarks.platform.stream.telemetry import simulated_messages, whole_second_now
from testbed.generator import Kind, Message
from testbed.ledger import Ledger
from testbed.running_platform import Platform
from testbed.supervised import CHECKOUT, wait_until
from tests.e2e.verdicts.test_alerts import in_fleet

INTERVAL_S: Final = 300
NEEDED: Final = 2_000
FIRST: Final = 400
JUDGED: Final = 40
WITHIN_S: Final = 120
TAKEN_UP_WITHIN_S: Final = 60
READ_WITHIN_S: Final = 10
TOO_FEW: Final = "too_few_samples"

pytestmark = pytest.mark.e2e


def simulated(satellites: str) -> list[dict[str, Any]]:
    """Past telemetry, now and then one that is judged for certain, the last ones all."""
    messages = simulated_messages(
        satellites,
        satellites=1,
        steps=NEEDED + JUDGED,
        newest_at=whole_second_now() - timedelta(hours=1),
        triggering_from=NEEDED,
        interval_s=INTERVAL_S,
    )
    return [json.loads(message) for message in messages]


def send(bodies: list[dict[str, Any]]) -> None:
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=body["satellite_id"].encode(), value=json.dumps(body).encode())
            for body in bodies
        ],
        is_replayed=True,
    )


def learn(satellite_id: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "analysis_server.learner", satellite_id], check=True, cwd=CHECKOUT, timeout=300
    )


def wait_for_samples(platform: Platform, satellite_id: str, count: int) -> None:
    """The telemetry is stored, and the newest verdict of some message near its end is there."""

    def progress() -> int:
        learn(satellite_id)
        found = platform.query(
            "SELECT coalesce(min(samples), 0) FROM ops.learning_progress WHERE satellite_id = %s",
            satellite_id,
        )
        return int(found[0][0])

    wait_until(
        lambda: progress() >= count, f"{count} samples of {satellite_id}", within_s=WITHIN_S, every_s=2
    )


def learning_in_fleet(
    platform: Platform, satellite_id: str, subsystem: str, reason: str
) -> dict[str, Any] | None:
    """How far a subsystem has learned, once Fleet shows that it learns on for `reason`."""
    parts = in_fleet(platform, satellite_id).get("subsystems", [])
    progress: dict[str, Any] | None = {part["subsystem"]: part["learning"] for part in parts}.get(subsystem)
    return progress if progress and progress["reason"] == reason else None


def active_constants(platform: Platform, satellite_id: str) -> dict[str, str]:
    """The hash of what was learned, by subsystem."""
    return dict(
        platform.query(
            "SELECT subsystem, hash FROM ops.calibrations WHERE satellite_id = %s AND state = 'active'",
            satellite_id,
        )
    )


def assert_only_failed_checks_wait(platform: Platform, satellite_id: str, used: Mapping[str, str]) -> None:
    """What fails the check on the part held out, as eps does with so few samples an orbit, learns on."""
    waiting = dict(
        platform.query(
            "SELECT subsystem, reason FROM ops.learning_progress WHERE satellite_id = %s AND reason <> %s",
            satellite_id,
            CALIBRATED,
        )
    )
    assert set(used) | set(waiting) == {"eps", "thermal", "aocs", "comm"}
    assert set(used) >= {"thermal", "aocs", "comm"}
    assert set(waiting.values()) <= {"check_failed"}


def newest_verdicts(platform: Platform, satellite_id: str) -> dict[str, tuple[str, str]]:
    """Verdict and hash of the constants that judged it, by subsystem."""
    rows = platform.query(
        "SELECT DISTINCT ON (subsystem) subsystem, verdict, calibration_hash FROM subsystem_inferences"
        " JOIN inference_jobs USING (job_id) WHERE satellite_id = %s ORDER BY subsystem, job_id DESC",
        satellite_id,
    )
    return {subsystem: (verdict, digest) for subsystem, verdict, digest in rows}


def test_a_new_satellite_learns_from_2000_samples_and_is_judged_without_a_hand(
    platform: Platform, satellites: str
) -> None:
    bodies = simulated(satellites)
    satellite_id = bodies[0]["satellite_id"]
    send(bodies[:FIRST])
    wait_until(lambda: platform.row_count(satellites) > 0, "first verdicts", within_s=WITHIN_S)
    assert {row.verdict for row in platform.rows(satellites)} <= {"learning", "warming_up"}
    wait_for_samples(platform, satellite_id, FIRST * 3 // 4)
    progress = wait_until(
        lambda: learning_in_fleet(platform, satellite_id, "comm", TOO_FEW),
        "Fleet shows it",
        within_s=READ_WITHIN_S,
    )
    assert progress["needed"] == NEEDED
    assert progress["remaining_s"] == pytest.approx((NEEDED - progress["samples"]) * INTERVAL_S)

    send(bodies[FIRST:NEEDED])
    send(bodies[NEEDED : NEEDED + 1])
    wait_for_samples(platform, satellite_id, NEEDED)
    used = active_constants(platform, satellite_id)
    assert_only_failed_checks_wait(platform, satellite_id, used)

    last = bodies[NEEDED + 1 :]

    def judged() -> bool:
        """Workers take the constants up within half a minute: one message at a time until they did."""
        send([last.pop(0)])
        newest = newest_verdicts(platform, satellite_id)
        return all(newest.get(subsystem) == ("nominal", digest) for subsystem, digest in used.items())

    wait_until(judged, "nominal verdicts by learned constants", within_s=TAKEN_UP_WITHIN_S, every_s=2)
