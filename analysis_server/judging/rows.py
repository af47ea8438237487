"""Rows of a task's windows: the verdict, or why there is none."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis_server.windows.window_sets import WindowSet
from scoring.measures.model_units import Numbers, decimal_places, rounded
from scoring.measures.windows import FAMILIES
from scoring.scores import Scores
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, JobStatus, SubsystemInference, Verdict

MODEL_TYPES: Final = {
    "lstm_timeseries": "LSTM",
    "moving_average": "Moving Average",
    "transformer_timeseries": "Transformer",
    "vae_timeseries": "VAE",
}
PROCESSED_BY: Final = "triton_server"
_DIGITS_OF: Final = {np.dtype(np.float32): 7, np.dtype(np.float64): 15}
_LEAST_SHARE: Final = 0.005


def failed_rows(
    task: WindowSet, reason: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[SubsystemInference]:
    """Say of every window of a task why it has no verdict."""
    now = clock()
    return [
        row_of(task, index, started_at=now, completed_at=now, error_message=reason)
        for index in range(len(task.jobs))
    ]


def forecast_columns(
    task: WindowSet,
    window: Numbers,
    mean: NDArray[np.float64],
    widths: Mapping[str, NDArray[np.float64]],
) -> dict[str, Any]:
    """Shape one forecast and its bands as the row's columns; a channel without any sample has none.

    `window` is float[channel, time], `mean` float64[channel, step], `widths` the same by band: half widths.
    """
    has_samples = sampled_channels(window)
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


def sampled_channels(window: Numbers) -> NDArray[np.bool_]:
    """Tell which channels of float[channel, time] hold a sample, bool[channel]."""
    return np.asarray(np.isfinite(window).any(axis=1))


def _steps(task: WindowSet, values: NDArray[np.float64]) -> list[Any]:
    """Turn [channel, step] into a list of steps: numbers of a plain series, else lists in channel order."""
    clean = [[None if math.isnan(value) else value for value in step] for step in values.T.tolist()]
    return [step[0] for step in clean] if task.is_plain_series else clean


def score_columns(scores: Scores, position: int, channels: Sequence[str]) -> dict[str, Any]:
    """Shape the score of one job as the row's columns; without one it is warming up."""
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


def verdict_row(  # noqa: PLR0913 - the parts of a row
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
    """Make the row of a judged window; `confidence` is float64[channel, step]."""
    return row_of(
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


def warming_up_row(
    task: WindowSet, index: int, started_at: datetime, completed_at: datetime
) -> SubsystemInference:
    """Make the row of a window with too few samples."""
    return row_of(
        task,
        index,
        started_at=started_at,
        completed_at=completed_at,
        status=JobStatus.COMPLETED,
        verdict=Verdict.WARMING_UP,
    )


def row_of(
    task: WindowSet,
    index: int,
    *,
    status: JobStatus = JobStatus.FAILED,
    verdict: Verdict | None = None,
    **columns: Any,
) -> SubsystemInference:
    """Make the row of one window: what is known of it without the model, and the given columns."""
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
