"""The payload of a batch: what one side writes the other reads, and nothing else."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry_core.contract.channels import Detection
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.tasks import InferenceBatch, WindowedJob, submitted_task


def windowed(number: int) -> WindowedJob:
    job = Job(
        job_id=f"kafka-SAT-001-{number:013d}",
        satellite_id="SAT-001",
        source="kafka_auto_trigger",
        trigger_reason="periodic_check",
        total_subsystems=4,
        created_at=datetime(2025, 10, 30, 12, 34, 56, 789_123, tzinfo=UTC),
        metadata={"lane": "live", "offset": 7},
        trigger_reasons=("periodic_check",),
    )
    return WindowedJob(job=job, window_start_us=number - 9, window_end_us=number, sample_count=10)


def batch() -> InferenceBatch:
    return InferenceBatch(
        subsystem="eps",
        model_name="lstm_timeseries",
        model_version="1",
        channels=("voltage", "soc"),
        horizon=5,
        jobs=(windowed(1), windowed(2)),
        window_length=10,
        windows_base64="AAAA",
    )


def payload(**changes: Any) -> dict[str, Any]:
    return {**batch().to_payload(), **changes}


def test_batch_survives_json() -> None:
    assert InferenceBatch.from_payload(json.loads(json.dumps(batch().to_payload()))) == batch()


def test_reasons_that_an_older_trigger_joined_are_split() -> None:
    older = json.loads(json.dumps(batch().to_payload()))
    for windowed_job in older["jobs"]:
        del windowed_job["job"]["trigger_reasons"]
        windowed_job["job"]["trigger_reason"] = "low_battery,high_rate"
    restored = InferenceBatch.from_payload(older)
    assert {part.job.trigger_reasons for part in restored.jobs} == {("low_battery", "high_rate")}


def test_creation_time_keeps_its_zone_and_microseconds() -> None:
    restored = InferenceBatch.from_payload(json.loads(json.dumps(batch().to_payload())))
    assert restored.jobs[0].job.created_at == batch().jobs[0].job.created_at
    assert restored.jobs[0].job.created_at.utcoffset() is not None


def test_batches_of_one_hold_each_job_with_its_own_window() -> None:
    windows = [bytes([number]) * 80 for number in (1, 2)]
    channels = [bytes([number]) * 8 for number in (3, 4)]
    both = replace(
        batch(),
        windows_base64=b64encode(b"".join(windows)).decode(),
        channels_base64=b64encode(b"".join(channels)).decode(),
    )
    singles = list(both.singles())
    assert [single.jobs for single in singles] == [(windowed(1),), (windowed(2),)]
    assert [b64decode(single.windows_base64) for single in singles] == windows
    assert [b64decode(single.channels_base64) for single in singles] == channels
    assert [
        replace(
            one,
            jobs=both.jobs,
            windows_base64=both.windows_base64,
            channels_base64=both.channels_base64,
        )
        for one in singles
    ] == [both, both]


def test_detection_settings_survive_json() -> None:
    settings = {"soc": Detection(direction="below", valid_range=(0, 100))}
    sent = replace(batch(), detection=settings)
    restored = InferenceBatch.from_payload(json.loads(json.dumps(sent.to_payload())))
    assert restored.detection == settings


def test_batch_of_the_former_schema_is_read() -> None:
    former = payload(schema=2)
    del former["channels_base64"]
    assert (
        InferenceBatch.from_payload(former).schema,
        InferenceBatch.from_payload(former).channels_base64,
    ) == (2, "")


@pytest.mark.parametrize("schema", [None, 0, 1, "2", [2]])
def test_unknown_schema_is_a_broken_contract(schema: object) -> None:
    with pytest.raises(ModelContractError, match="batch schema"):
        InferenceBatch.from_payload(payload(schema=schema))


@pytest.mark.parametrize(
    "changes",
    [{"jobs": None}, {"horizon": "five"}, {"channels": 1}, {"jobs": [{}]}, {"windows_base64": None}],
)
def test_malformed_batch_is_a_broken_contract(changes: dict[str, object]) -> None:
    with pytest.raises(ModelContractError, match="malformed batch"):
        InferenceBatch.from_payload(payload(**changes))


@pytest.mark.parametrize("missing", ["subsystem", "jobs", "windows_base64", "schema"])
def test_batch_without_a_field_is_a_broken_contract(missing: str) -> None:
    incomplete = payload()
    del incomplete[missing]
    with pytest.raises(ModelContractError):
        InferenceBatch.from_payload(incomplete)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_a_value_that_is_no_object_is_a_broken_contract(value: Any) -> None:
    with pytest.raises(ModelContractError, match="a batch is an object"):
        InferenceBatch.from_payload(value)


def submitted(subsystem: str, stored: dict[str, Any]) -> tuple[Any, ...]:
    job = replace(windowed(1).job, job_id="1", metadata={"b": 2})
    task = submitted_task(job, subsystem=subsystem, model_name="m", stored=stored, features=("soc",))
    return (task.name.rpartition(".")[2], task.task_id, *task.arguments[:-1], task.arguments[-1]["b"])


def test_submitted_tasks_have_the_arguments_of_the_operators_manual_in_order() -> None:
    series = submitted("series", {"series": [1.0, 2.0], "config": {"a": 1}})
    assert series == ("run_inference", "1", "1", "m", [1.0, 2.0], {"a": 1}, 2)
    channels = submitted("eps", {"series": {"soc": [1.0]}})
    assert channels == ("run_subsystem_inference", "1-eps", "1", "eps", "m", {"soc": [1.0]}, ["soc"], {}, 2)


def test_row_without_its_series_has_no_task_to_send_again() -> None:
    with pytest.raises(ModelContractError, match="posted series"):
        submitted("eps", {"samples": 3})


@pytest.mark.parametrize(
    "changes", [{"sample_count": -1}, {"window_start_us": -(2**62)}, {"window_end_us": 10**20}]
)
def test_job_without_a_window_that_a_row_could_tell_is_no_batch(changes: dict[str, int]) -> None:
    wrong = json.loads(json.dumps(payload()))
    wrong["jobs"][1].update(changes)
    with pytest.raises(ModelContractError, match="malformed batch"):
        InferenceBatch.from_payload(wrong)


@pytest.mark.parametrize("changes", [{"window_length": 0}, {"window_length": -1}, {"horizon": -1}])
def test_batch_without_a_length_is_no_batch(changes: dict[str, int]) -> None:
    with pytest.raises(ModelContractError, match="malformed batch"):
        InferenceBatch.from_payload(payload(**changes))


def test_batches_of_one_of_the_former_schema_tell_nothing_of_channels() -> None:
    former = replace(batch(), schema=2, windows_base64=b64encode(bytes(range(80))).decode())
    singles = list(former.singles())
    assert [(single.schema, single.channels_base64) for single in singles] == [(2, "")] * 2
    assert b"".join(b64decode(single.windows_base64) for single in singles) == bytes(range(80))
