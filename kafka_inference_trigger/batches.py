"""From what is demanded to jobs with their windows, and to the tasks: one per subsystem for all jobs."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.rules import Demand
from kafka_inference_trigger.windows.channel_windows import SampleWindow
from kafka_inference_trigger.windows.sample_sets import SampleSet
from telemetry_core.contract.inferences import Job, Lane, Source, reasons_in_words
from telemetry_core.contract.messages import MAX_DUMP_AGE_S, job_id_of, time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import (
    CHANNEL_FIELDS,
    LEAST_SPREAD_SHARE,
    MAX_BATCH_BYTES,
    MAX_JOBS_PER_BATCH,
    InferenceBatch,
    WindowedJob,
)
from telemetry_core.kafka.records import Record

_BYTES_PER_SAMPLE: Final = 4
_CHANNEL_RECORD: Final = np.dtype(list(CHANNEL_FIELDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One job with the windows of its subsystems."""

    job: Job
    lane: Lane
    #: Time at which the broker appended its message, microseconds since 1970 UTC.
    received_us: int
    #: How the log says what broke a rule.
    log_lines: Sequence[str]
    windows: Mapping[str, SampleWindow]


def planned_job(  # noqa: PLR0913 - what a job is made of
    record: Record,
    sample_set: SampleSet,
    demand: Demand,
    windows: Mapping[str, SampleWindow],
    *,
    topic: str,
    created_at: datetime,
) -> PlannedJob:
    """Make the job of a sample set from what is demanded of it and from its windows."""
    job = Job(
        job_id=job_id_of(sample_set.satellite_id, sample_set.generated_us),
        satellite_id=sample_set.satellite_id,
        source=Source.KAFKA,
        trigger_reason=reasons_in_words(demand.reasons),
        trigger_reasons=tuple(demand.reasons),
        total_subsystems=len(demand.subsystems),
        created_at=created_at,
        metadata=_unusual(record, sample_set.generated_us)
        | ({"restless": dict(demand.restless)} if demand.restless else {})
        | {
            "lane": sample_set.lane,
            "generated_at": time_of(sample_set.generated_us).isoformat(),
            "received_at": time_of(record.received_us).isoformat(),
            "topic": topic,
            "partition": record.partition,
            "offset": record.offset,
        },
    )
    return PlannedJob(
        job=job,
        lane=sample_set.lane,
        received_us=record.received_us,
        log_lines=demand.log_lines,
        windows=windows,
    )


def with_earlier(earlier: PlannedJob | None, later: PlannedJob) -> PlannedJob:
    """Add what an earlier message of the same sample set demanded: the later one knows all of its samples."""
    if earlier is None or earlier.windows.keys() <= later.windows.keys():
        return later
    windows = {**earlier.windows, **later.windows}
    return replace(later, job=replace(later.job, total_subsystems=len(windows)), windows=windows)


def plan_tasks(mission: Mission, jobs: Sequence[PlannedJob]) -> list[InferenceBatch]:
    """Put the windows of many jobs into one batch per subsystem, or a few where they grow too large."""
    batches: list[InferenceBatch] = []
    for name, subsystem in mission.subsystems.items():
        members = [planned for planned in jobs if name in planned.windows]
        limit = _jobs_per_batch(mission.window.length, len(subsystem.features))
        batches.extend(
            _batch(mission, name, members[start : start + limit]) for start in range(0, len(members), limit)
        )
    return batches


def encode_windows(windows: Sequence[SampleWindow]) -> tuple[str, str]:
    """Encode windows as base64: float32 differences [job, channel, time], CHANNEL_FIELDS of [job, channel].

    Each has the mission's length, never only its neighbours': the verdict of a job must not depend on
    which jobs share its task. Where a large offset would take the digits, differences from the newest
    sample keep them.
    """
    values = np.stack([window.values for window in windows])
    place = values.shape[2] - 1 - np.isfinite(values)[..., ::-1].argmax(axis=2)[..., np.newaxis]
    newest = np.take_along_axis(values, place, axis=2)
    highest, lowest = (part.reduce(values, axis=2, keepdims=True) for part in (np.fmax, np.fmin))
    spread = np.maximum(highest - newest, newest - lowest)
    base = np.where(spread < LEAST_SPREAD_SHARE * np.abs(newest), newest, 0.0)
    records = np.zeros(values.shape[:2], _CHANNEL_RECORD)
    records["newest"], records["base"] = newest[..., 0], base[..., 0]
    for name in ("end_us", "interval_us", "steps"):
        records[name] = [getattr(window, name) for window in windows]
    records["state"] = [window.states for window in windows]
    differences = np.empty(values.shape, "<f4")
    np.subtract(values, base, out=differences, casting="same_kind")
    return _base64(differences), _base64(records)


def _unusual(record: Record, generated_us: int) -> dict[str, float | bool]:
    """Tell a replayed message, and how far behind the clock lies of one that is older than any dump."""
    if record.is_replayed:
        return {"is_replayed": True}
    age_s = (record.received_us - generated_us) / 1_000_000
    return {"clock_behind_s": age_s} if age_s > MAX_DUMP_AGE_S else {}


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.data).decode("ascii")


def _jobs_per_batch(window_length: int, channels: int) -> int:
    window_bytes = channels * (window_length * _BYTES_PER_SAMPLE + _CHANNEL_RECORD.itemsize)
    return max(1, min(MAX_JOBS_PER_BATCH, MAX_BATCH_BYTES // window_bytes))


def _batch(mission: Mission, name: str, members: Sequence[PlannedJob]) -> InferenceBatch:
    subsystem = mission.subsystems[name]
    windows = [planned.windows[name] for planned in members]
    windows_base64, channels_base64 = encode_windows(windows)
    return InferenceBatch(
        subsystem=name,
        model_name=mission.model.name,
        model_version=mission.model.version,
        channels=subsystem.features,
        horizon=subsystem.horizon,
        jobs=tuple(
            WindowedJob(
                job=planned.job,
                window_start_us=window.start_us,
                window_end_us=window.ending_us,
                sample_count=window.sample_count,
            )
            for planned, window in zip(members, windows, strict=True)
        ),
        window_length=mission.window.length,
        windows_base64=windows_base64,
        channels_base64=channels_base64,
        detection=subsystem.detection,
    )
