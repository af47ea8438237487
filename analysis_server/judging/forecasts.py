"""What the model says of a task's windows, in the units of their channels: one call for all of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis_server.judging.triton import Forecast
from analysis_server.windows.window_sets import WindowSet
from scoring.forecast_bands import Widths, half_widths
from scoring.measures.counters import moduli_of, straightened, wrapped
from scoring.measures.model_units import ModelUnits, Numbers
from scoring.scores import Floats, confidence
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.errors import ModelContractError


class Infer(Protocol):
    """A model call: float32[row, time] to forecasts."""

    def __call__(self, model_name: str, model_version: str, windows: NDArray[np.float32], /) -> Forecast:
        """Answer, or raise `DependencyUnavailable` or `ModelContractError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowForecasts:
    """Windows of a task and their forecasts; float64[job, channel, step ahead] unless said."""

    #: float[job, channel, time] without samples of channels that have no window and wraps of counters.
    windows: Numbers
    #: float64, as windows: each step predicted from those before it, and the standard deviation of that.
    step_mean: Floats
    step_std: Floats
    mean: Floats
    #: Half width of each band.
    widths: Mapping[str, Floats]
    #: Probability that the truth lies within one standard deviation of the window.
    confidence: Floats
    #: bool[job]: the model answered with numbers.
    is_finite: NDArray[np.bool_]
    #: Wall time of the model call.
    inference_time_ms: float

    def of_jobs(self, chosen: NDArray[np.intp]) -> "WindowForecasts":
        """Return those of the jobs at these ascending places, intp[n]."""
        if len(chosen) == len(self.windows):
            return self
        return WindowForecasts(
            windows=self.windows[chosen],
            step_mean=self.step_mean[chosen],
            step_std=self.step_std[chosen],
            mean=self.mean[chosen],
            widths={band: width[chosen] for band, width in self.widths.items()},
            confidence=self.confidence[chosen],
            is_finite=self.is_finite[chosen],
            inference_time_ms=self.inference_time_ms,
        )


def forecast_windows(task: WindowSet, *, infer: Infer, widths: Widths) -> WindowForecasts:
    """Forecast every window of a task; raise what `infer` raises, `ModelContractError` for too few steps.

    `widths` are those of the model's calibration: whatever constants judge, the forecast is the model's.
    """
    present = _judged_samples(task)
    moduli = moduli_of([task.detection.get(channel, Detection()) for channel in task.channels])
    windows = straightened(present, moduli)
    jobs, channels, steps = windows.shape
    units = ModelUnits.of(windows) if task.steps is None else ModelUnits.where_needed(windows)
    rows = units.to_model(windows).reshape(jobs * channels, steps)
    begun = time.perf_counter()
    answer = infer(task.model_name, task.model_version, rows)
    elapsed_ms = (time.perf_counter() - begun) * 1000
    shape = (jobs, channels, -1)
    mean = units.from_model(answer.mean.reshape(shape)[:, :, : task.horizon])
    std = answer.std.reshape(shape)[:, :, : task.horizon] * units.scale
    if mean.shape[2] < task.horizon:
        raise ModelContractError(f"model {task.model_name} forecasts {mean.shape[2]} of {task.horizon} steps")
    return WindowForecasts(
        windows=windows,
        step_mean=units.from_model(answer.step_mean.reshape(shape)),
        step_std=answer.step_std.reshape(shape) * units.scale,
        mean=wrapped(mean, present, moduli),
        widths=half_widths(widths, [f"{task.subsystem}.{channel}" for channel in task.channels], std),
        confidence=confidence(windows, std),
        is_finite=np.asarray((np.isfinite(mean) & np.isfinite(std)).all(axis=(1, 2))),
        inference_time_ms=elapsed_ms,
    )


def _judged_samples(task: WindowSet) -> Numbers:
    """Leave out the samples of channels that have no window."""
    if task.steps is None:
        return task.windows
    return np.where(task.steps[..., np.newaxis] > 0, task.windows, np.nan)
