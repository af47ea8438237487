"""One model call for all windows of a task, then the score of each."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis_server.judging.coverage import covered_part, judging_constants, with_coverage
from analysis_server.judging.rows import (
    forecast_columns,
    row_of,
    sampled_channels,
    score_columns,
    verdict_row,
    warming_up_row,
)
from analysis_server.judging.triton import Forecast
from analysis_server.windows.window_sets import Counts, WindowSet
from scoring.calibration import Calibration
from scoring.forecast_bands import half_widths
from scoring.measures.counters import moduli_of, straightened, wrapped
from scoring.measures.model_units import ModelUnits, Numbers
from scoring.scores import confidence
from scoring.window_score import score_windows
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH, Detection


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
    """Judge windows whose coverage by the calibration `with_coverage` has determined.

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
        rows[int(index)] = warming_up_row(task, int(index), started_at, clock())
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
            rows[int(index)] = row_of(
                task,
                int(index),
                started_at=started_at,
                completed_at=completed_at,
                error_message=f"model {task.model_name} answered with a forecast that is not finite",
            )
            continue
        rows[int(index)] = verdict_row(
            task,
            int(index),
            started_at=started_at,
            completed_at=completed_at,
            inference_time_ms=elapsed_ms,
            calibration_hash=calibration.hash,
            forecast=forecast_columns(
                task,
                windows[position],
                expected[position],
                {band: width[position] for band, width in widths.items()},
            ),
            confidence=probabilities[position][sampled_channels(windows[position])],
            score={"verdict": Verdict.LEARNING}
            if is_learning[position]
            else score_columns(scores, position, task.channels),
        )
    return rows


def _has_no_window(steps: Counts | None, jobs: int) -> NDArray[np.bool_]:
    """Tell which jobs no channel has a window of, bool[job]."""
    if steps is None:
        return np.zeros(jobs, np.bool_)
    return np.asarray((steps < MIN_WINDOW_LENGTH).all(axis=1))
