"""Rows of a task's windows: the verdict, or why there is none."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from analysis_server.judging.forecasts import WindowForecasts
from analysis_server.windows.window_sets import WindowSet
from scoring.measures.model_units import Numbers, decimal_places, rounded
from scoring.measures.windows import FAMILIES
from scoring.scores import Scores
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, JobStatus, SubsystemInference, Verdict
from telemetry_core.contract.messages import time_of

MODEL_TYPES: Final = {
    "lstm_timeseries": "LSTM",
    "moving_average": "Moving Average",
    "transformer_timeseries": "Transformer",
    "vae_timeseries": "VAE",
}
PROCESSED_BY: Final = "triton_server"
_DIGITS_OF: Final = {np.dtype(np.float32): 7, np.dtype(np.float64): 15}
_LEAST_SHARE: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class _JobForecast:
    """Forecast of one window as its row tells it; a channel without any sample has none."""

    predictions: list[Any] | None = None
    confidence: list[float] | None = None
    bands: Mapping[str, Any] | None = None
    inference_time_ms: float | None = None
    #: Of a single channel: of mixed units there is no mean.
    input_mean: float | None = None
    input_std: float | None = None
    prediction_mean: float | None = None
    prediction_std: float | None = None

    @classmethod
    def of(cls, task: WindowSet, forecasts: WindowForecasts, place: int) -> Self:
        """Shape the forecast of the job at a place, with its bands."""
        window = forecasts.windows[place]
        has_samples = np.isfinite(window).any(axis=1)
        mean = np.where(has_samples[:, np.newaxis], forecasts.mean[place], np.nan)
        digits = decimal_places(window)
        is_single = len(task.channels) == 1
        return cls(
            predictions=_steps(task, rounded(mean, digits)),
            confidence=[
                round(float(value), 4) for value in forecasts.confidence[place][has_samples].mean(axis=0)
            ],
            bands={
                name: {
                    "lower": _steps(task, rounded(mean - width[place], digits)),
                    "upper": _steps(task, rounded(mean + width[place], digits)),
                }
                for name, width in forecasts.widths.items()
            },
            inference_time_ms=round(forecasts.inference_time_ms, 3),
            input_mean=float(np.nanmean(window)) if is_single else None,
            input_std=float(np.nanstd(window)) if is_single else None,
            prediction_mean=float(mean.mean()) if is_single else None,
            prediction_std=float(mean.std()) if is_single else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """What is decided of one window, and by which constants."""

    verdict: Verdict | None = None
    anomaly_score: float | None = None
    anomaly_detected: bool | None = None
    contributions: Mapping[str, Mapping[str, float]] | None = None
    calibration_hash: str | None = None

    @classmethod
    def of(cls, scores: Scores, place: int, channels: Sequence[str], calibration_hash: str) -> Self:
        """Read the score of the job at a place; without one it is warming up."""
        score = float(scores.score[place])
        if math.isnan(score):
            return cls(verdict=Verdict.WARMING_UP, calibration_hash=calibration_hash)
        is_anomalous = score > ANOMALY_THRESHOLD
        return cls(
            verdict=Verdict.ANOMALOUS if is_anomalous else Verdict.NOMINAL,
            anomaly_score=score,
            anomaly_detected=is_anomalous,
            contributions={
                channel: {
                    family: round(float(share), 4)
                    for family, share in zip(FAMILIES, by_family, strict=True)
                    if share >= _LEAST_SHARE
                }
                for channel, by_family in zip(channels, scores.contributions[place], strict=True)
                if by_family.sum() >= _LEAST_SHARE
            },
            calibration_hash=calibration_hash,
        )


_NO_FORECAST: Final = _JobForecast()
_UNJUDGED: Final = _Judgement()
_WARMING_UP: Final = _Judgement(verdict=Verdict.WARMING_UP)
"""Of a window with too few samples for a forecast."""


def failed_rows(
    task: WindowSet, reason: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[SubsystemInference]:
    """Say of every window of a task why it has no verdict."""
    now = clock()
    return [
        _row_of(task, place, status=JobStatus.FAILED, error_message=reason, started_at=now, completed_at=now)
        for place in range(len(task.jobs))
    ]


def warming_up_row(
    task: WindowSet, place: int, *, started_at: datetime, completed_at: datetime
) -> SubsystemInference:
    """Make the row of a window with too few samples for a forecast."""
    return _row_of(task, place, judgement=_WARMING_UP, started_at=started_at, completed_at=completed_at)


def verdict_row(  # noqa: PLR0913 - what the model and the constants say of a window
    task: WindowSet,
    place: int,
    *,
    forecasts: WindowForecasts,
    scores: Scores,
    is_learning: bool,
    calibration_hash: str,
    started_at: datetime,
    completed_at: datetime,
) -> SubsystemInference:
    """Make the row of a window that was forecast and scored; it failed if the forecast is not finite.

    `is_learning`: the constants cover none of its channels, so that its score says nothing.
    """
    if not forecasts.is_finite[place]:
        reason = f"model {task.model_name} answered with a forecast that is not finite"
        return _row_of(
            task, place, status=JobStatus.FAILED, error_message=reason, started_at=started_at,
            completed_at=completed_at,
        )  # fmt: skip
    judgement = (
        _Judgement(verdict=Verdict.LEARNING, calibration_hash=calibration_hash)
        if is_learning
        else _Judgement.of(scores, place, task.channels, calibration_hash)
    )
    return _row_of(
        task, place, judgement=judgement, forecast=_JobForecast.of(task, forecasts, place),
        started_at=started_at, completed_at=completed_at,
    )  # fmt: skip


def _row_of(  # noqa: PLR0913 - the parts of a row
    task: WindowSet,
    place: int,
    *,
    started_at: datetime,
    completed_at: datetime,
    status: JobStatus = JobStatus.COMPLETED,
    judgement: _Judgement = _UNJUDGED,
    forecast: _JobForecast = _NO_FORECAST,
    error_message: str | None = None,
) -> SubsystemInference:
    """Make the row of one window: what is known of it without the model, its forecast and its verdict."""
    window = task.windows[place]
    bounds = None if task.bounds is None else task.bounds[place]
    return SubsystemInference(
        job_id=task.jobs[place].job_id,
        subsystem=task.subsystem,
        model_name=task.model_name,
        model_version=task.model_version,
        status=status,
        verdict=judgement.verdict,
        input_data={
            **task.origins[place],
            "newest": _newest(task, place),
            "sha256": hashlib.sha256(_without_padding(window).tobytes()).hexdigest(),
        },
        input_features=task.channels,
        started_at=started_at,
        completed_at=completed_at,
        generated_at=None if bounds is None else time_of(bounds.window_end_us),
        window_start=None if bounds is None else time_of(bounds.window_start_us),
        sample_count=None if bounds is None else bounds.sample_count,
        predictions=forecast.predictions,
        confidence=forecast.confidence,
        bands=forecast.bands,
        anomaly_score=judgement.anomaly_score,
        anomaly_detected=judgement.anomaly_detected,
        contributions=judgement.contributions,
        inference_time_ms=forecast.inference_time_ms,
        model_type=MODEL_TYPES.get(task.model_name, task.model_name),
        sequence_length=int(np.isfinite(window).any(axis=0).sum()),
        forecast_horizon=task.horizon,
        input_mean=forecast.input_mean,
        input_std=forecast.input_std,
        prediction_mean=forecast.prediction_mean,
        prediction_std=forecast.prediction_std,
        processed_by=PROCESSED_BY,
        calibration_hash=judgement.calibration_hash,
        error_message=error_message,
    )


def _steps(task: WindowSet, values: NDArray[np.float64]) -> list[Any]:
    """Turn [channel, step] into a list of steps: numbers of a plain series, else lists in channel order."""
    clean = [[None if math.isnan(value) else value for value in step] for step in values.T.tolist()]
    return [step[0] for step in clean] if task.is_plain_series else clean


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
