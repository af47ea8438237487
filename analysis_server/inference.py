"""From windows to rows: one model call for all windows of a task, then the score of each."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis_server.calibration import Calibration
from analysis_server.counters import moduli_of, straightened, wrapped
from analysis_server.coverage import covered_part, judging_constants, with_coverage
from analysis_server.forecast_bands import half_widths
from analysis_server.measures import FAMILIES
from analysis_server.model_units import ModelUnits, Numbers, decimal_places, rounded
from analysis_server.scoring import Scores, confidence, score_windows
from analysis_server.triton import Forecast
from analysis_server.window_sets import Counts, WindowSet
from telemetry_core.errors import ModelContractError
from telemetry_core.inferences import ANOMALY_THRESHOLD, JobStatus, SubsystemInference, Verdict
from telemetry_core.subsystems import MIN_WINDOW_LENGTH, Detection

MODEL_TYPES: Final = {
    "lstm_timeseries": "LSTM",
    "moving_average": "Moving Average",
    "transformer_timeseries": "Transformer",
    "vae_timeseries": "VAE",
}
PROCESSED_BY: Final = "triton_server"
_DIGITS_OF: Final = {np.dtype(np.float32): 7, np.dtype(np.float64): 15}
_LEAST_SHARE: Final = 0.005


class Infer(Protocol):
    """A model call: float32[row, time] to forecasts."""

    def __call__(self, model_name: str, model_version: str, windows: NDArray[np.float32], /) -> Forecast:
        """Answer, or raise `DependencyUnavailable` or `ModelContractError`."""


def infer_windows(
    task: WindowSet,
    *,
    infer: Infer,
    calibration: Calibration,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[SubsystemInference]:
    """Judge every window of a task, those without a channel that the calibration covers are learning."""
    return infer_covered(with_coverage(task, calibration), infer=infer, calibration=calibration, clock=clock)


def infer_covered(
    task: WindowSet,
    *,
    infer: Infer,
    calibration: Calibration,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[SubsystemInference]:
    """Judge windows of which `with_coverage` told what the calibration covers.

    Too short ones are warming up, the others share one model call. A window whose forecast is not finite
    fails alone. Raises what `infer` raises.
    """
    started_at = clock()
    is_ready = _is_ready(task)
    rows: dict[int, SubsystemInference] = {}
    ready = np.flatnonzero(is_ready)
    if ready.size:
        rows.update(
            _judge(task, ready, infer=infer, calibration=calibration, started_at=started_at, clock=clock)
        )
    for index in np.flatnonzero(~is_ready):
        rows[int(index)] = _warming_up(task, int(index), started_at, clock())
    return [rows[index] for index in range(len(task.jobs))]


def _is_ready(task: WindowSet) -> NDArray[np.bool_]:
    """Tell which jobs have something to judge, bool[job]."""
    present = np.isfinite(task.windows)
    if task.steps is None:
        return np.asarray(present.any(axis=1).sum(axis=1) >= MIN_WINDOW_LENGTH)
    return np.asarray(((task.steps >= MIN_WINDOW_LENGTH) & present.any(axis=2)).any(axis=1))


def _judged(task: WindowSet, jobs: NDArray[np.intp]) -> tuple[Numbers, Counts | None]:
    """The windows of some jobs without the samples of channels that have no window, and their steps."""
    if task.steps is None:
        return task.windows[jobs], None
    steps = task.steps[jobs]
    return np.where(steps[..., np.newaxis] > 0, task.windows[jobs], np.nan), steps


def failed_rows(
    task: WindowSet, reason: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[SubsystemInference]:
    """Say of every window of a task why it has no verdict."""
    now = clock()
    return [
        _row(task, index, started_at=now, completed_at=now, error_message=reason)
        for index in range(len(task.jobs))
    ]


def _judge(  # noqa: PLR0913 - the parts of one model call
    task: WindowSet,
    ready: NDArray[np.intp],
    *,
    infer: Infer,
    calibration: Calibration,
    started_at: datetime,
    clock: Callable[[], datetime],
) -> dict[int, SubsystemInference]:
    present, judged_steps = _judged(task, ready)
    moduli = moduli_of([task.detection.get(channel, Detection()) for channel in task.channels])
    windows = straightened(present, moduli)
    jobs, channels, steps = windows.shape
    units = ModelUnits.of(windows) if judged_steps is None else ModelUnits.where_needed(windows)
    begun = time.perf_counter()
    answer = infer(
        task.model_name, task.model_version, units.to_model(windows).reshape(jobs * channels, steps)
    )
    elapsed_ms = (time.perf_counter() - begun) * 1000
    shape = (jobs, channels, -1)
    mean = units.from_model(answer.mean.reshape(shape)[:, :, : task.horizon])
    std = answer.std.reshape(shape)[:, :, : task.horizon] * units.scale
    if mean.shape[2] < task.horizon:
        raise ModelContractError(f"model {task.model_name} forecasts {mean.shape[2]} of {task.horizon} steps")
    scored, scored_steps = covered_part(task, ready, windows, judged_steps)
    scores = score_windows(
        scored,
        units.from_model(answer.step_mean.reshape(shape)),
        answer.step_std.reshape(shape) * units.scale,
        subsystem=task.subsystem,
        channels=task.channels,
        calibration=judging_constants(task, calibration),
        detection=task.detection,
        steps=scored_steps,
        interval_s=None if task.interval_s is None else task.interval_s[ready],
    )
    is_learning = _has_no_window(scored_steps, jobs)
    probabilities = confidence(windows, std)
    expected = wrapped(mean, present, moduli)
    names = [f"{task.subsystem}.{channel}" for channel in task.channels]
    widths = half_widths(calibration.band_widths, names, std)
    completed_at = clock()
    rows = {}
    for position, index in enumerate(ready):
        if not (np.isfinite(mean[position]).all() and np.isfinite(std[position]).all()):
            rows[int(index)] = _row(
                task,
                int(index),
                started_at=started_at,
                completed_at=completed_at,
                error_message=f"model {task.model_name} answered with a forecast that is not finite",
            )
            continue
        rows[int(index)] = _verdict_row(
            task,
            int(index),
            started_at=started_at,
            completed_at=completed_at,
            inference_time_ms=elapsed_ms,
            calibration_hash=calibration.hash,
            forecast=_forecast_columns(
                task,
                windows[position],
                expected[position],
                {band: width[position] for band, width in widths.items()},
            ),
            confidence=probabilities[position][_has_samples(windows[position])],
            score={"verdict": Verdict.LEARNING}
            if is_learning[position]
            else _score_columns(scores, position, task.channels),
        )
    return rows


def _forecast_columns(
    task: WindowSet,
    window: Numbers,
    mean: NDArray[np.float64],
    widths: Mapping[str, NDArray[np.float64]],
) -> dict[str, Any]:
    """Shape one forecast and its bands as the row's columns; a channel without any sample has none."""
    has_samples = _has_samples(window)
    mean = np.where(has_samples[:, np.newaxis], mean, np.nan)
    places = decimal_places(window)
    columns: dict[str, Any] = {
        "predictions": _steps(task, rounded(mean, places)),
        "bands": {
            name: {
                "lower": _steps(task, rounded(mean - width, places)),
                "upper": _steps(task, rounded(mean + width, places)),
            }
            for name, width in widths.items()
        },
    }
    if len(task.channels) == 1:  # of mixed units there is no mean
        columns |= {
            "input_mean": float(np.nanmean(window)),
            "input_std": float(np.nanstd(window)),
            "prediction_mean": float(mean.mean()),
            "prediction_std": float(mean.std()),
        }
    return columns


def _has_no_window(steps: Counts | None, jobs: int) -> NDArray[np.bool_]:
    """Tell which jobs no channel has a window of, bool[job]."""
    if steps is None:
        return np.zeros(jobs, np.bool_)
    return np.asarray((steps < MIN_WINDOW_LENGTH).all(axis=1))


def _has_samples(window: Numbers) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(window).any(axis=1))


def _steps(task: WindowSet, values: NDArray[np.float64]) -> list[Any]:
    """Turn [channel, step] into a list of steps: numbers of a plain series, else lists in channel order."""
    clean = [[None if math.isnan(value) else value for value in step] for step in values.T.tolist()]
    return [step[0] for step in clean] if task.is_plain_series else clean


def _score_columns(scores: Scores, position: int, channels: Sequence[str]) -> dict[str, Any]:
    score = float(scores.score[position])
    if math.isnan(score):
        return {"verdict": Verdict.WARMING_UP}
    is_anomalous = score > ANOMALY_THRESHOLD
    shares = scores.contributions[position]
    return {
        "verdict": Verdict.ANOMALOUS if is_anomalous else Verdict.NOMINAL,
        "anomaly_score": score,
        "anomaly_detected": is_anomalous,
        "contributions": {
            channel: {
                family: round(float(share), 4)
                for family, share in zip(FAMILIES, by_family, strict=True)
                if share >= _LEAST_SHARE
            }
            for channel, by_family in zip(channels, shares, strict=True)
            if by_family.sum() >= _LEAST_SHARE
        },
    }


def _verdict_row(  # noqa: PLR0913 - the parts of a row
    task: WindowSet,
    index: int,
    *,
    started_at: datetime,
    completed_at: datetime,
    inference_time_ms: float,
    calibration_hash: str,
    forecast: Mapping[str, Any],
    confidence: NDArray[np.float64],
    score: Mapping[str, Any],
) -> SubsystemInference:
    return _row(
        task,
        index,
        started_at=started_at,
        completed_at=completed_at,
        status=JobStatus.COMPLETED,
        confidence=[round(float(value), 4) for value in confidence.mean(axis=0)],
        inference_time_ms=round(inference_time_ms, 3),
        calibration_hash=calibration_hash,
        **forecast,
        **score,
    )


def _warming_up(
    task: WindowSet, index: int, started_at: datetime, completed_at: datetime
) -> SubsystemInference:
    return _row(
        task,
        index,
        started_at=started_at,
        completed_at=completed_at,
        status=JobStatus.COMPLETED,
        verdict=Verdict.WARMING_UP,
    )


def _row(
    task: WindowSet,
    index: int,
    *,
    status: JobStatus = JobStatus.FAILED,
    verdict: Verdict | None = None,
    **columns: Any,
) -> SubsystemInference:
    window = task.windows[index]
    return SubsystemInference(
        job_id=task.jobs[index].job_id,
        subsystem=task.subsystem,
        model_name=task.model_name,
        model_version=task.model_version,
        status=status,
        verdict=verdict,
        input_data={
            **task.origins[index],
            "newest": _newest(task, index),
            "sha256": hashlib.sha256(_without_padding(window).tobytes()).hexdigest(),
        },
        input_features=task.channels,
        model_type=MODEL_TYPES.get(task.model_name, task.model_name),
        sequence_length=int(np.isfinite(window).any(axis=0).sum()),
        forecast_horizon=task.horizon,
        processed_by=PROCESSED_BY,
        **columns,
    )


def _without_padding(window: Numbers) -> Numbers:
    rows = np.flatnonzero(np.isfinite(window).any(axis=0))
    return np.ascontiguousarray(window[:, rows[0] :] if rows.size else window[:, :0])


def _newest(task: WindowSet, index: int) -> dict[str, float | None]:
    """Value of each channel's last step, None where that is missing."""
    window = task.windows[index]
    last = window[:, -1] if window.size else np.full(len(task.channels), np.nan)
    digits = _DIGITS_OF[window.dtype]
    told = [float(f"{value:.{digits}g}") for value in last]
    sent = told if task.newest is None else task.newest[index].tolist()
    return {
        channel: value if is_sampled and math.isfinite(value) else None
        for channel, value, is_sampled in zip(task.channels, sent, np.isfinite(last), strict=True)
    }
