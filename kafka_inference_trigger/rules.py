"""Which sample sets are judged, and the tasks that follow: pure, so that a redelivery decides the same."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.windows.channel_windows import SampleWindow
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.mission import Mission, Rule
from telemetry_core.contract.tasks import (
    CHANNEL_FIELDS,
    LEAST_SPREAD_SHARE,
    MAX_BATCH_BYTES,
    MAX_JOBS_PER_BATCH,
    InferenceBatch,
    WindowedJob,
)

_BYTES_PER_SAMPLE = 4
_CHANNEL_RECORD = np.dtype(list(CHANNEL_FIELDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that a sample set breaks, and the value that does."""

    subsystem: str
    rule: Rule
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerReason:
    """Why a sample set is judged, and how the log says it."""

    reason: str
    log_line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Which subsystems of a sample set are judged, and why."""

    reasons: Sequence[TriggerReason]
    subsystems: Sequence[str]
    #: Where only restless subsystems are judged: those, each with a channel for whose sake.
    restless: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One job with the windows of its subsystems."""

    job: Job
    reasons: Sequence[TriggerReason]
    windows: Mapping[str, SampleWindow]


def demand_of(  # noqa: PLR0913 - a sample set, and what the windows tell of it
    mission: Mission,
    samples: Mapping[str, NDArray[np.float64]],
    *,
    satellite_id: str,
    generated_us: int,
    restless: Mapping[str, str],
    added_share: float,
) -> Demand | None:
    """Judge all of a sample set that breaks a rule or is drawn, else `added_share` of what is restless.

    `samples` are float64[channel] by subsystem; NaN breaks no rule.
    """
    reasons = trigger_reasons(mission, samples, satellite_id=satellite_id, generated_us=generated_us)
    if reasons:
        return Demand(reasons=reasons, subsystems=tuple(samples), restless={})
    if restless and is_periodic(satellite_id, generated_us, mission.periodic.share + added_share):
        reason = TriggerReason(reason=mission.periodic.reason, log_line=None)
        return Demand(reasons=[reason], subsystems=tuple(restless), restless=restless)
    return None


def trigger_reasons(
    mission: Mission, samples: Mapping[str, NDArray[np.float64]], *, satellite_id: str, generated_us: int
) -> list[TriggerReason]:
    """Return the rules that a sample set breaks, in order; else the periodic check, or nothing.

    `samples` are float64[channel] by subsystem; NaN breaks no rule.
    """
    broken = [
        TriggerReason(
            reason=breach.rule.reason, log_line=breach.rule.log.replace("{value}", f"{breach.value:.6g}")
        )
        for breach in breaches(mission, samples)
    ]
    if broken:
        return broken
    if is_periodic(satellite_id, generated_us, mission.periodic.share):
        return [TriggerReason(reason=mission.periodic.reason, log_line=None)]
    return []


def breaches(mission: Mission, samples: Mapping[str, Iterable[float]]) -> Iterator[Breach]:
    """Yield the rules that a sample set breaks, in order; values are in channel order, NaN breaks none."""
    for name, subsystem in mission.subsystems.items():
        if name not in samples:
            continue
        values = dict(zip(subsystem.channels, samples[name], strict=True))
        for rule in subsystem.rules:
            value = float(values[rule.channel])
            if rule.is_breached(value):
                yield Breach(subsystem=name, rule=rule, value=value)


def is_periodic(satellite_id: str, generated_us: int, share: float) -> bool:
    """Draw `share` of all sample sets by a hash of their identity, so that every reader draws the same."""
    digest = blake2b(f"{satellite_id}:{generated_us}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


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
