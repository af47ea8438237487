"""Verdicts of a task's windows: forecast together, each scored by the constants that cover it."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from analysis_server.judging.coverage import choose
from analysis_server.judging.forecasts import Infer, WindowForecasts, forecast_windows
from analysis_server.judging.learned import Lookup, nothing_learned
from analysis_server.judging.rows import verdict_row, warming_up_row
from analysis_server.windows.window_sets import Counts, WindowSet
from scoring.calibration import Calibration
from scoring.window_score import score_windows
from telemetry_core.contract.inferences import SubsystemInference
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH


def infer_windows(
    task: WindowSet,
    *,
    infer: Infer,
    calibration: Calibration,
    learned: Lookup = nothing_learned,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[SubsystemInference]:
    """Judge every window of a task by the model's `calibration`, else by what was learned of its satellite.

    Too short ones are warming up, the others share one model call; those of which no constants cover a
    channel are learning. One whose forecast is not finite fails alone. Raises as `infer` and `learned` do.
    """
    started_at = clock()
    parts = list(choose(task, calibration, learned))
    is_ready = _is_ready(task)
    ready = np.flatnonzero(is_ready)
    rows: dict[int, SubsystemInference] = {}
    if ready.size:
        forecasts = forecast_windows(task.of_jobs(ready), infer=infer, widths=calibration.band_widths)
        for places, part, constants in parts:
            mine = np.flatnonzero(is_ready[places])
            if mine.size:
                own = forecasts.of_jobs(np.searchsorted(ready, places[mine]))
                scored = _rows_of(part.of_jobs(mine), own, constants, started_at=started_at, clock=clock)
                rows.update(zip(places[mine].tolist(), scored, strict=True))
    completed_at = clock()
    for places, part, _ in parts:
        for position in np.flatnonzero(~is_ready[places]).tolist():
            rows[int(places[position])] = warming_up_row(
                part, position, started_at=started_at, completed_at=completed_at
            )
    return [rows[place] for place in range(len(task.jobs))]


def _is_ready(task: WindowSet) -> NDArray[np.bool_]:
    """Tell which jobs have something to judge, bool[job]."""
    present = np.isfinite(task.windows)
    if task.steps is None:
        return np.asarray(present.any(axis=1).sum(axis=1) >= MIN_WINDOW_LENGTH)
    return np.asarray(((task.steps >= MIN_WINDOW_LENGTH) & present.any(axis=2)).any(axis=1))


def _rows_of(
    task: WindowSet,
    forecasts: WindowForecasts,
    calibration: Calibration,
    *,
    started_at: datetime,
    clock: Callable[[], datetime],
) -> list[SubsystemInference]:
    """Score forecast windows by one calibration of which the task tells what it covers."""
    windows, steps = task.covered(forecasts.windows)
    scores = score_windows(
        windows,
        forecasts.step_mean,
        forecasts.step_std,
        subsystem=task.subsystem,
        channels=task.channels,
        calibration=calibration,
        detection=task.detection,
        steps=steps,
        interval_s=task.interval_s,
    )
    is_learning = _has_no_window(steps, len(task.jobs))
    completed_at = clock()
    return [
        verdict_row(
            task, place, forecasts=forecasts, scores=scores, is_learning=bool(is_learning[place]),
            calibration_hash=calibration.hash, started_at=started_at, completed_at=completed_at,
        )
        for place in range(len(task.jobs))
    ]  # fmt: skip


def _has_no_window(steps: Counts | None, jobs: int) -> NDArray[np.bool_]:
    """Tell which jobs no channel has a window of, bool[job]."""
    if steps is None:
        return np.zeros(jobs, np.bool_)
    return np.asarray((steps < MIN_WINDOW_LENGTH).all(axis=1))
