import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kafka_inference_trigger.rescore import revisions
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000


def record(offset: int, second: int, satellite_id: str = "SAT-001") -> Record:
    body = {
        "timestamp": (START + timedelta(seconds=second)).isoformat(),
        "satellite_id": satellite_id,
        "eps": {"battery_soc_percent": 20.0, "battery_voltage": float(second)},
    }
    return Record(
        value=json.dumps(body).encode(),
        key=satellite_id.encode(),
        partition=0,
        offset=offset,
        received_us=START_US + 10_000_000_000,
    )


def revised(order: list[int]) -> list[InferenceBatch]:
    records = [record(offset, second) for offset, second in enumerate(order)]
    records.append(record(99, 3, "SAT-002"))
    records.append(Record(value=b"{", key=None, partition=0, offset=100, received_us=START_US))
    return revisions(
        records,
        MISSION,
        topic="satellite-telemetry",
        satellite_id="SAT-001",
        from_us=START_US + 20 * 1_000_000,
        to_us=START_US + 25 * 1_000_000,
    )


def test_revision_of_a_shuffled_stream_equals_that_of_the_sorted_one() -> None:
    seconds = list(range(30))
    shuffled = seconds[15:] + seconds[:15] + [22, 23]
    (expected,), (found,) = revised(seconds), revised(shuffled)
    assert found.windows_base64 == expected.windows_base64
    assert [job.job.job_id for job in found.jobs] == [job.job.job_id for job in expected.jobs]


def test_revision_holds_the_jobs_of_its_range_with_the_samples_before_it() -> None:
    (batch,) = revised(list(range(30)))
    assert batch.is_revision
    assert len(batch.jobs) == 6
    assert {job.job.satellite_id for job in batch.jobs} == {"SAT-001"}
    assert [job.sample_count for job in batch.jobs] == [21, 22, 23, 24, 25, 26]
    assert base64.b64decode(batch.windows_base64)
