import base64
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kafka_inference_trigger.batches import PlannedJob, encode_windows, plan_tasks
from kafka_inference_trigger.rules import demand_of, is_periodic
from kafka_inference_trigger.windows.channel_windows import SampleWindow
from kafka_inference_trigger.windows.rings import ChannelRings, RingLayout
from kafka_inference_trigger.windows.sample_sets import Arrival, SampleSet
from kafka_inference_trigger.windows.telemetry_windows import TelemetryWindows
from telemetry_core.contract.inferences import Job, Lane
from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.contract.tasks import CHANNEL_FIELDS, MAX_BATCH_BYTES, MAX_JOBS_PER_BATCH
from telemetry_core.limits.changes import Limits, with_fields
from telemetry_core.service.settings import load_mission
from tests.unit.kafka_inference_trigger.records import MISSION, new_trigger, record, telemetry

DEFAULT = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
QUIET = DEFAULT.model_copy(update={"periodic": DEFAULT.periodic.model_copy(update={"share": 0.0})})


def reasons(**by_subsystem: dict[str, float]) -> list[tuple[str, str]]:
    samples = {
        name: np.array([values.get(channel, math.nan) for channel in DEFAULT.subsystems[name].channels])
        for name, values in by_subsystem.items()
    }
    rings = ChannelRings(np.zeros(0, np.bool_), RingLayout.of(DEFAULT.window), first_us=1, received_us=1)
    sample_set = SampleSet(
        satellite_id="SAT-001", generated_us=1, lane=Lane.LIVE, arrival=Arrival.NEW, samples=samples,
        rings=rings, restless={}, added_share=1.0,
    )  # fmt: skip
    found = demand_of(QUIET, sample_set)
    return [] if found is None else list(zip(found.reasons, found.log_lines, strict=True))


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
def test_each_rule_of_the_manual_fires_beyond_its_limit(
    subsystem: str, channel: str, value: float, expected: tuple[str, str]
) -> None:
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
def test_limit_itself_and_a_missing_value_break_no_rule(subsystem: str, channel: str, value: float) -> None:
    assert reasons(**{subsystem: {channel: value}}) == []


def test_reasons_come_in_the_order_of_the_mission() -> None:
    found = reasons(aocs={"thruster_active": 1}, thermal={"obc_temp": 60}, eps={"battery_soc_percent": 10})
    assert [reason for reason, _ in found] == ["low_battery", "abnormal_temperature", "thruster_active"]


def test_periodic_check_draws_its_share_and_always_the_same() -> None:
    drawn = [is_periodic("SAT-001", second * 1_000_000, 0.1) for second in range(20_000)]
    assert 0.09 < sum(drawn) / len(drawn) < 0.11
    assert drawn == [is_periodic("SAT-001", second * 1_000_000, 0.1) for second in range(20_000)]
    assert all(is_periodic("SAT-001", second, 1.0) for second in range(1000))
    assert not any(is_periodic("SAT-001", second, 0.0) for second in range(1000))


def window_of(values: np.ndarray) -> SampleWindow:
    whole = np.full(len(values), values.shape[1])
    return SampleWindow(
        values=values,
        end_us=whole,
        interval_us=np.ones_like(whole),
        steps=whole,
        states=np.zeros_like(whole),
        start_us=1,
        sample_count=values.shape[1],
        ending_us=values.shape[1],
    )


def decoded(windows: list[np.ndarray]) -> np.ndarray:
    """What a worker makes of windows, float64[job, channel, step]."""
    differences, channels = (base64.b64decode(text) for text in encode_windows([*map(window_of, windows)]))
    bases = np.frombuffer(channels, np.dtype(list(CHANNEL_FIELDS)))["base"].reshape(len(windows), -1, 1)
    whole: np.ndarray = np.frombuffer(differences, "<f4").reshape(len(windows), *windows[0].shape) + bases
    return whole


def planned(number: int, steps: int = 64) -> PlannedJob:
    values = np.full((12, 64), np.nan)
    values[:, 64 - steps :] = number
    job = Job(
        job_id=f"kafka-SAT-001-{number:013d}",
        satellite_id="SAT-001",
        source="kafka_auto_trigger",
        trigger_reason="periodic_check",
        total_subsystems=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return PlannedJob(
        job=job, lane=Lane.LIVE, received_us=number, log_lines=[], windows={"eps": window_of(values)}
    )


def test_many_jobs_share_a_task_within_its_limits() -> None:
    batches = plan_tasks(DEFAULT, [planned(number) for number in range(450)])
    assert sum(len(batch.jobs) for batch in batches) == 450
    assert all(len(batch.jobs) <= MAX_JOBS_PER_BATCH for batch in batches)
    assert all(len(base64.b64decode(batch.windows_base64)) <= MAX_BATCH_BYTES for batch in batches)


def test_window_of_a_job_does_not_depend_on_its_neighbours() -> None:
    short = np.full((2, 5), np.nan)
    short[:, 2:] = 1
    np.testing.assert_array_equal(decoded([short, np.zeros((2, 5))])[0], decoded([short])[0])
    np.testing.assert_array_equal(decoded([short])[0], short)


@pytest.mark.parametrize("offset", [101_325.37, -5e9, 1e12, 0.0])
def test_large_offset_takes_no_digits_of_a_window(offset: float) -> None:
    wave = offset + 0.5 * np.sin(np.arange(64) / 7)
    np.testing.assert_allclose(decoded([wave[np.newaxis]])[0, 0], wave, atol=2e-7 * max(1, abs(offset) / 1e9))


def test_ordinary_values_travel_as_float32() -> None:
    wave = 20 + np.sin(np.arange(64) / 7)
    np.testing.assert_array_equal(decoded([wave[np.newaxis]])[0, 0], wave.astype(np.float32))


@pytest.mark.parametrize("values", [[3e38, -3e38, 1.0], [0.0, 0.0, 0.0], [math.nan, math.nan, math.nan]])
def test_any_values_survive_the_way_to_the_worker(values: list[float]) -> None:
    np.testing.assert_allclose(decoded([np.array([values])])[0, 0], values, rtol=1e-7)


def test_subsystem_without_samples_gets_no_task() -> None:
    assert [batch.subsystem for batch in plan_tasks(DEFAULT, [planned(1)])] == ["eps"]


def test_the_next_message_is_held_against_a_changed_limit_and_the_windows_stay() -> None:
    trigger = new_trigger()
    for second in range(20):
        trigger.plan([record(second, telemetry(second, battery_soc_percent=50.0))])
    trigger.compare_with(Limits.of(with_fields(MISSION, ("eps", "low_battery"), {"below": 60})))
    (job,) = trigger.plan([record(20, telemetry(20, battery_soc_percent=50.0))]).jobs
    assert job.job.trigger_reasons == ("low_battery",)
    assert job.windows["eps"].sample_count == 21


def test_what_a_loosened_limit_allows_starts_nothing() -> None:
    trigger = new_trigger()
    trigger.compare_with(Limits.of(with_fields(MISSION, ("eps", "low_battery"), {"below": 10})))
    jobs = trigger.plan([record(0, telemetry(0, battery_soc_percent=20.0))]).jobs
    assert "low_battery" not in [reason for job in jobs for reason in job.job.trigger_reasons]


def test_a_subsystem_is_restless_by_its_changed_limit() -> None:
    """Within the nominal range, which is wide: only the limit makes it restless."""
    windows = TelemetryWindows(MISSION)
    windows.compare_with(Limits.of(with_fields(MISSION, ("eps", "low_battery"), {"below": 60})))
    item = record(0, telemetry(0, battery_soc_percent=50.0))
    message = parse_telemetry_message(item.value, mission=MISSION, received_us=item.received_us)
    assert windows.append(message, item.received_us).restless == {"eps": "battery_soc_percent"}
