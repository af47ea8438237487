"""A satellite that samples every 10 s, which the shipped constants were not fitted to, is learning."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from benchmarks.platform.stream.telemetry import simulated_messages
from testbed.generator import Kind, Message, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import job_id
from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.e2e.verdicts.test_alerts import ask

INTERVAL_S: Final = 0.05
"""Half of the shortest interval that the shipped constants cover."""
SAMPLE_SETS: Final = 40
WARM_UP: Final = 9
"""Sample sets before the first with ten samples."""
WITHIN_S: Final = 60

pytestmark = pytest.mark.e2e


def sampled_often(satellites: str) -> list[dict[str, Any]]:
    """Messages that were a second apart as if they were INTERVAL_S apart, each of them judged."""
    newest_at = whole_second_now()
    messages = simulated_messages(
        satellites, satellites=1, steps=SAMPLE_SETS, newest_at=newest_at, triggering_from=0
    )
    return [
        json.loads(message) | {"timestamp": (newest_at - timedelta(seconds=INTERVAL_S * age)).isoformat()}
        for age, message in zip(range(SAMPLE_SETS)[::-1], messages, strict=True)
    ]


def test_telemetry_that_no_calibration_covers_is_learning_in_database_and_api(
    platform: Platform, satellites: str
) -> None:
    bodies = sampled_often(satellites)
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=body["satellite_id"].encode(), value=json.dumps(body).encode())
            for body in bodies
        ]
    )
    demanded = [
        job_id(body["satellite_id"], round(datetime.fromisoformat(body["timestamp"]).timestamp() * 1_000_000))
        for body in bodies[WARM_UP:]
    ]
    wait_until(
        lambda: {row.job_id for row in platform.rows(satellites)} >= set(demanded),
        "verdicts on telemetry every 50 ms",
        within_s=WITHIN_S,
    )
    found = [row for row in platform.rows(satellites) if row.job_id in demanded]
    assert {(row.status, row.verdict, row.score) for row in found} == {("completed", "learning", None)}
    for subsystem in ask(platform, f"jobs/{demanded[-1]}")["subsystems"]:
        assert (subsystem["verdict"], subsystem["anomaly_detected"]) == ("learning", None)
        assert subsystem["predictions"]
        told = subsystem["input_data"]["not_calibrated"].values()
        assert {one["interval_s"] for one in told} == {INTERVAL_S}
