"""Verdicts as workers commit them: batches of jobs and rows, some of them late and some twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from benchmarks.detection.evaluation.alerts import Verdicts
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Job, JobStatus, Lane, Source, SubsystemInference, Verdict
from telemetry_core.contract.messages import job_id_of, time_of
from telemetry_core.contract.tasks import MAX_JOBS_PER_BATCH

ONE_IN: Final = 10
"""Batches: of so many one comes twice and another one late, as after the death of their worker."""
TWICE: Final = 1
LATE: Final = 4
BEHIND_NEXT: Final = 1.5
REASON: Final = "periodic_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one transaction saves."""

    jobs: list[Job]
    rows: list[SubsystemInference]


def batches_of(verdicts: Verdicts) -> list[Batch]:
    """Put the verdicts on all satellites into batches in generation-time order."""
    listed = sorted(
        ((one.at_us, *key, one) for key, found in verdicts.items() for one in found),
        key=lambda row: row[:3],
    )
    subsystems = Counter((at_us, satellite) for at_us, satellite, *_ in listed)
    now = datetime.now(UTC)
    made = []
    for start in range(0, len(listed), MAX_JOBS_PER_BATCH):
        part = listed[start : start + MAX_JOBS_PER_BATCH]
        jobs = [
            job_of(satellite, at_us, subsystems[at_us, satellite], now)
            for at_us, satellite in dict.fromkeys(row[:2] for row in part)
        ]
        rows = [row_of(satellite, subsystem, judged, now) for _, satellite, subsystem, judged in part]
        made.append(Batch(jobs=jobs, rows=rows))
    return made


def job_of(satellite_id: str, at_us: int, subsystems: int, now: datetime) -> Job:
    """The job of a live sample set that the periodic check picked."""
    return Job(
        job_id=job_id_of(satellite_id, at_us),
        satellite_id=satellite_id,
        source=Source.KAFKA,
        trigger_reason=REASON,
        trigger_reasons=(REASON,),
        total_subsystems=subsystems,
        created_at=now,
        metadata={"lane": Lane.LIVE.value},
    )


def row_of(satellite_id: str, subsystem: str, judged: Judged, now: datetime) -> SubsystemInference:
    """The row of a verdict without its forecast, which no alarm is made of."""
    at = time_of(judged.at_us)
    is_known = judged.verdict is not None
    return SubsystemInference(
        job_id=job_id_of(satellite_id, judged.at_us),
        subsystem=subsystem,
        model_name="lstm_timeseries",
        model_version="1",
        status=JobStatus.COMPLETED if is_known else JobStatus.FAILED,
        verdict=judged.verdict,
        input_data={},
        input_features=(),
        started_at=now,
        completed_at=now,
        generated_at=at,
        window_start=at,
        sample_count=1,
        anomaly_score=judged.score,
        anomaly_detected=None if judged.score is None else judged.verdict is Verdict.ANOMALOUS,
        error_message=None if is_known else "failed",
    )


def delivered(batches: Sequence[Batch]) -> list[Batch]:
    """The batches as they are committed: some come again behind the next one, some only there."""
    order = sorted((place, number) for number in range(len(batches)) for place in places(number))
    return [batches[number] for _, number in order]


def places(number: int) -> Iterator[float]:
    """When a batch is committed."""
    if number % ONE_IN != LATE:
        yield number
    if number % ONE_IN in {TWICE, LATE}:
        yield number + BEHIND_NEXT
