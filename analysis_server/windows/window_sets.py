"""Windows as a task carried them: decoded, each channel's steps at its own times."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scoring.measures.channel_settings import without_invalid_values
from scoring.measures.model_units import Numbers
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.tasks import (
    CHANNEL_FIELDS,
    EARLIEST_US,
    LATEST_US,
    WITH_WINDOW,
    ChannelState,
    InferenceBatch,
    WindowedJob,
)

CHANNELS_SCHEMA: Final = 3
"""From it on a batch tells of each channel where its steps lie."""
CHANNEL_RECORD: Final = np.dtype(list(CHANNEL_FIELDS))
END_TOLERANCE: Final = 0.1
INTERVAL_TOLERANCE: Final = 0.01
"""In intervals of the job: what lies nearer is at the job's own times."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSet:
    """Windows of one subsystem, as a task carried them."""

    subsystem: str
    model_name: str
    model_version: str
    channels: tuple[str, ...]
    horizon: int
    jobs: Sequence[Job]
    #: Where each job's window lies; None of posted series, which tell no times.
    bounds: Sequence[WindowedJob] | None = None
    #: What a row stores as `input_data` beside the newest sample; one per job.
    origins: Sequence[Mapping[str, Any]]
    #: float[job, channel, time], NaN = missing, shorter windows padded in front; of schema 2 float32.
    windows: Numbers
    #: int64[job, channel], how many of the newest steps are judged, missing ones included; 0 = none, the
    #: channel has no window. None where a step is the same time for all channels.
    steps: Counts | None = None
    #: float64[job, channel], the newest sample as it was sent; None: as the windows hold it.
    newest: NDArray[np.float64] | None = None
    #: float64[job, channel], seconds between a channel's steps, 0 = unknown; None: posted untold.
    interval_s: NDArray[np.float64] | None = None
    #: bool[job, channel], channels sampled at irregular intervals; None: none is.
    is_irregular: NDArray[np.bool_] | None = None
    #: bool[job, channel], which channels are judged: their constants cover them. None: all are.
    is_covered: NDArray[np.bool_] | None = None
    #: A series without channel names: predictions are plain numbers.
    is_plain_series: bool = False
    #: Recomputed in time order: may replace completed rows.
    is_revision: bool = False
    #: What counts, by channel; one that is not listed is judged as usual.
    detection: Mapping[str, Detection] = field(default_factory=dict)

    def part(self, chosen: slice) -> Self:
        """Return some of the jobs, with everything known about them."""
        return self.of_jobs(np.arange(len(self.jobs))[chosen])

    def of_jobs(self, chosen: NDArray[np.intp]) -> Self:
        """Return the jobs at these ascending places, intp[n], with everything known about them."""
        if len(chosen) == len(self.jobs):
            return self
        return replace(
            self,
            jobs=[self.jobs[place] for place in chosen],
            bounds=None if self.bounds is None else [self.bounds[place] for place in chosen],
            origins=[self.origins[place] for place in chosen],
            windows=self.windows[chosen],
            steps=None if self.steps is None else self.steps[chosen],
            newest=None if self.newest is None else self.newest[chosen],
            interval_s=None if self.interval_s is None else self.interval_s[chosen],
            is_irregular=None if self.is_irregular is None else self.is_irregular[chosen],
            is_covered=None if self.is_covered is None else self.is_covered[chosen],
        )

    def covered(self, windows: Numbers) -> tuple[Numbers, Counts | None]:
        """Mask windows, float[job, channel, time], and steps where a channel is not judged: NaN, and 0."""
        if self.is_covered is None or self.steps is None:
            return windows, self.steps
        is_covered = self.is_covered
        return np.where(is_covered[..., np.newaxis], windows, np.nan), np.where(is_covered, self.steps, 0)


def windows_of_batch(batch: InferenceBatch) -> WindowSet:
    """Decode a batch, or raise `ModelContractError` where its bytes do not fit its shape.

    A value outside its channel's valid range is missing from here on.
    """
    shape = (len(batch.jobs), len(batch.channels), batch.window_length)
    windows: Numbers = _unpacked(batch, batch.windows_base64, np.dtype("<f4"), shape).astype(np.float32)
    settings = {name: part.model_dump(exclude_defaults=True) for name, part in batch.detection.items()}
    records = None
    if batch.schema >= CHANNELS_SCHEMA:
        records = _checked(batch, _unpacked(batch, batch.channels_base64, CHANNEL_RECORD, shape[:2]))
        windows = windows.astype(np.float64) + records["base"][..., np.newaxis]
    return WindowSet(
        subsystem=batch.subsystem,
        model_name=batch.model_name,
        model_version=batch.model_version,
        channels=batch.channels,
        horizon=batch.horizon,
        jobs=[windowed.job for windowed in batch.jobs],
        bounds=batch.jobs,
        origins=[
            _origin(windowed, settings)
            | ({} if records is None else origin_of_channels(batch, number, records))
            for number, windowed in enumerate(batch.jobs)
        ],
        windows=without_invalid_values(windows, batch.channels, batch.detection),
        steps=None if records is None else records["steps"].astype(np.int64),
        newest=None if records is None else records["newest"],
        interval_s=_intervals_of_jobs(batch) if records is None else records["interval_us"] / 1e6,
        is_irregular=None if records is None else records["state"] == ChannelState.IRREGULAR,
        is_revision=batch.is_revision,
        detection=batch.detection,
    )


def origin_of_channels(batch: InferenceBatch, number: int, records: NDArray[Any]) -> dict[str, Any]:
    """Say which channels of a job have no window and why, and whose steps differ from the job's times.

    `records` is CHANNEL_RECORD[job, channel].
    """
    mine = dict(zip(batch.channels, records[number], strict=True))
    states = {name: ChannelState(int(record["state"])) for name, record in mine.items()}
    without = {name: state.words for name, state in states.items() if state not in WITH_WINDOW}
    axes = {
        name: {
            "end": time_of(int(record["end_us"])).isoformat(),
            "interval_s": int(record["interval_us"]) / 1e6,
        }
        for name, record in mine.items()
        if states[name] in WITH_WINDOW and _is_elsewhere(batch.jobs[number], record)
    }
    parts = {"without_window": without, "axes": axes}
    return {name: part for name, part in parts.items() if part}


def _intervals_of_jobs(batch: InferenceBatch) -> NDArray[np.float64]:
    """The mean interval of each job's window for all of its channels, float64[job, channel], seconds."""
    of_job = np.array([_interval_us(windowed) / 1e6 for windowed in batch.jobs])
    return np.repeat(of_job[:, np.newaxis], len(batch.channels), axis=1)


def _interval_us(windowed: WindowedJob) -> float:
    return (windowed.window_end_us - windowed.window_start_us) / max(windowed.sample_count - 1, 1)


def _is_elsewhere(windowed: WindowedJob, record: np.void) -> bool:
    """Tell whether a channel's steps beyond the window lie at other times than the job's."""
    interval_us = _interval_us(windowed)
    is_apart = abs(windowed.window_end_us - int(record["end_us"])) > END_TOLERANCE * interval_us
    return is_apart or abs(interval_us - int(record["interval_us"])) > INTERVAL_TOLERANCE * interval_us


def _origin(windowed: WindowedJob, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "window_start": time_of(windowed.window_start_us).isoformat(),
        "window_end": time_of(windowed.window_end_us).isoformat(),
        "samples": windowed.sample_count,
    } | ({"detection": settings} if settings else {})


def _unpacked(batch: InferenceBatch, text: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype=dtype).reshape(shape)
    except (binascii.Error, ValueError) as error:
        raise ModelContractError(f"windows of {batch.subsystem} do not fit {shape}: {error}") from error


def _checked(batch: InferenceBatch, records: NDArray[Any]) -> NDArray[Any]:
    """Refuse values that no trigger sends: they would end in rows that nothing can read."""
    times = records["end_us"]
    is_sound = (
        np.isfinite(records["base"])
        & (times >= EARLIEST_US)
        & (times <= LATEST_US)
        & (records["interval_us"] >= 0)
        & (records["interval_us"] <= LATEST_US)
        & (records["steps"] >= 0)
        & (records["steps"] <= batch.window_length)
        & np.isin(records["state"], list(ChannelState))
    )
    if not is_sound.all():
        raise ModelContractError(f"channels of {batch.subsystem} contain values that no trigger sends")
    return records
