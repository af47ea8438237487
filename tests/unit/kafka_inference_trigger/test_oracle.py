"""The trigger demands what the end-to-end tests' own reading of the manual demands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission
from testbed.generator import Shares, recording
from testbed.oracle import Sent, demands_of

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "shares"),
    [(5, Shares()), *((seed, Shares(garbage=0.05, partial=0.3)) for seed in range(2))],
)
def test_disordered_telemetry_has_the_jobs_that_the_manual_demands_and_restless_ones_besides(
    seed: int, shares: Shares
) -> None:
    messages = recording(
        [f"SAT-{number}" for number in range(6)], count=1500, newest_at=NOW, seed=seed, shares=shares
    )
    first = NOW - timedelta(seconds=len(messages) / 6)
    ledger = [(message, first + timedelta(seconds=number / 6)) for number, message in enumerate(messages)]
    demands = demands_of(
        Sent(value=message.value, place=(0, number), appended_at=at)
        for number, (message, at) in enumerate(ledger)
    )
    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: NOW)
    plan = trigger.plan(
        [
            Record(
                value=message.value,
                key=message.key,
                partition=0,
                offset=number,
                received_us=microseconds_of(at),
            )
            for number, (message, at) in enumerate(ledger)
        ]
    )
    found = {(planned.job.job_id, name) for planned in plan.jobs for name in planned.windows}
    assert demands.rows - found == set()
    assert found - demands.rows - demands.restless == set()
    assert len(found - demands.rows) > 100
