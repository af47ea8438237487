"""A subsystem that left its nominal range is judged with every sample set, and is no broken limit."""

import json
from datetime import datetime
from typing import Any, Final

import pytest

from benchmarks.platform.stream.telemetry import simulated_messages
from testbed.generator import Kind, Message, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import is_periodic, job_id
from testbed.running_platform import Platform
from testbed.supervised import wait_until

STEPS: Final = 120
HOT_STEP: Final = 80
QUIET_STEPS: Final = 20
WITHIN_S: Final = 60

pytestmark = pytest.mark.e2e


def bodies(satellites: str) -> list[dict[str, Any]]:
    """Nominal, but for one temperature beyond its range of 40 degC and below its limit of 50."""
    messages = simulated_messages(satellites, satellites=1, steps=STEPS, newest_at=whole_second_now())
    found = [json.loads(message) for message in messages]
    found[HOT_STEP]["thermal"]["obc_temp"] = 45.0
    return found


def name_of(body: dict[str, Any]) -> str:
    return job_id(body["satellite_id"], generated_us(body))


def generated_us(body: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(body["timestamp"]).timestamp() * 1_000_000)


def test_subsystem_is_judged_with_every_sample_set_until_it_is_quiet(
    platform: Platform, satellites: str
) -> None:
    sent = bodies(satellites)
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=body["satellite_id"].encode(), value=json.dumps(body).encode())
            for body in sent
        ]
    )
    drawn = {name_of(body) for body in sent if is_periodic(body["satellite_id"], generated_us(body))}
    restless = {name_of(body) for body in sent[HOT_STEP : HOT_STEP + QUIET_STEPS]} - drawn
    # What others sent of late may take a part of the added share.
    enough = len(restless) // 2
    wait_until(
        lambda: len({row.job_id for row in platform.rows(satellites)} & restless) >= enough,
        "thermal is judged while it is restless",
        within_s=WITHIN_S,
    )
    jobs = platform.query(
        "SELECT trigger_reason, trigger_reasons, job.metadata -> 'restless', total_subsystems, subsystem"
        " FROM inference_jobs AS job INNER JOIN subsystem_inferences USING (job_id)"
        " WHERE job_id = ANY (%s)",
        list(restless),
    )
    assert len(jobs) >= enough
    for job in jobs:
        assert job == ("periodic_check", ["periodic_check"], {"thermal": "obc_temp"}, 1, "thermal")
