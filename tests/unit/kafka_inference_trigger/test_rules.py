import base64
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kafka_inference_trigger.rules import PlannedJob, encode_windows, is_periodic, plan_tasks, trigger_reasons
from kafka_inference_trigger.windows import SampleWindow
from telemetry_core.inferences import Job
from telemetry_core.settings import load_mission
from telemetry_core.tasks import MAX_BATCH_BYTES, MAX_JOBS_PER_BATCH

DEFAULT = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
QUIET = DEFAULT.model_copy(update={"periodic": DEFAULT.periodic.model_copy(update={"share": 0.0})})


def samples(subsystem: str, **values: float) -> dict[str, np.ndarray]:
    channels = DEFAULT.subsystems[subsystem].channels
    return {subsystem: np.array([values.get(name, math.nan) for name in channels])}


def reasons(**by_subsystem: dict[str, float]) -> list[tuple[str, str | None]]:
    merged = {
        key: row for name, values in by_subsystem.items() for key, row in samples(name, **values).items()
    }
    found = trigger_reasons(QUIET, merged, satellite_id="SAT-001", generated_us=1)
    return [(item.reason, item.log_line) for item in found]


@pytest.mark.parametrize(
    ("subsystem", "channel", "value", "expected"),
    [
        ("eps", "battery_soc_percent", 28.0, ("low_battery", "Low battery detected: 28%")),
        ("eps", "battery_soc_percent", 29.999999999, ("low_battery", "Low battery detected: 30%")),
        ("thermal", "obc_temp", 50.5, ("abnormal_temperature", "Abnormal temperature: 50.5°C")),
        ("thermal", "obc_temp", -30.1, ("abnormal_temperature", "Abnormal temperature: -30.1°C")),
        ("aocs", "thruster_active", 1.0, ("thruster_active", "Thruster active - triggering inference")),
    ],
)
def test_each_rule_of_the_manual_fires_beyond_its_limit(subsystem, channel, value, expected):
    assert reasons(**{subsystem: {channel: value}}) == [expected]


@pytest.mark.parametrize(
    ("subsystem", "channel", "value"),
    [
        ("eps", "battery_soc_percent", 30.0),
        ("thermal", "obc_temp", 50.0),
        ("thermal", "obc_temp", -30.0),
        ("aocs", "thruster_active", 0.0),
        ("eps", "battery_soc_percent", math.nan),
    ],
)
def test_limit_itself_and_a_missing_value_break_no_rule(subsystem, channel, value):
    assert reasons(**{subsystem: {channel: value}}) == []


def test_reasons_come_in_the_order_of_the_mission():
    found = reasons(aocs={"thruster_active": 1}, thermal={"obc_temp": 60}, eps={"battery_soc_percent": 10})
    assert [reason for reason, _ in found] == ["low_battery", "abnormal_temperature", "thruster_active"]


def test_periodic_check_draws_its_share_and_always_the_same():
    drawn = [is_periodic("SAT-001", second * 1_000_000, 0.1) for second in range(20_000)]
    assert 0.09 < sum(drawn) / len(drawn) < 0.11
    assert drawn == [is_periodic("SAT-001", second * 1_000_000, 0.1) for second in range(20_000)]
    assert all(is_periodic("SAT-001", second, 1.0) for second in range(1000))
    assert not any(is_periodic("SAT-001", second, 0.0) for second in range(1000))


def planned(number: int, steps: int = 64) -> PlannedJob:
    window = SampleWindow(
        values=np.full((steps, 12), number, dtype=np.float32),
        generated_us=np.arange(steps, dtype=np.int64) + number,
    )
    job = Job(
        job_id=f"kafka-SAT-001-{number:013d}",
        satellite_id="SAT-001",
        source="kafka_auto_trigger",
        trigger_reason="periodic_check",
        total_subsystems=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return PlannedJob(job=job, reasons=[], windows={"eps": window})


def test_many_jobs_share_a_task_within_its_limits():
    batches = plan_tasks(DEFAULT, [planned(number) for number in range(450)])
    assert sum(len(batch.jobs) for batch in batches) == 450
    assert all(len(batch.jobs) <= MAX_JOBS_PER_BATCH for batch in batches)
    assert all(len(base64.b64decode(batch.windows_base64)) <= MAX_BATCH_BYTES for batch in batches)


def test_window_is_padded_to_the_mission_and_not_to_its_neighbours():
    alone = encode_windows([np.ones((3, 2), dtype=np.float32)], 5)
    beside = encode_windows([np.ones((3, 2), dtype=np.float32), np.zeros((5, 2), dtype=np.float32)], 5)
    first = np.frombuffer(base64.b64decode(beside), "<f4").reshape(2, 2, 5)[0]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(alone), "<f4").reshape(2, 5), first)
    assert np.isnan(first[:, :2]).all()
    assert (first[:, 2:] == 1).all()


def test_subsystem_without_samples_gets_no_task():
    assert [batch.subsystem for batch in plan_tasks(DEFAULT, [planned(1)])] == ["eps"]
