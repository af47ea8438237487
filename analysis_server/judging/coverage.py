"""Which constants judge a job: a channel that they do not cover has a forecast and no part in the score.

Of batches that tell each channel's interval (schema 3). A posted channel that it does not cover, or whose
interval is untold, is judged against itself (ADR 0036).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from threading import Lock
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis_server.judging.learned import Lookup
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import BOUNDED_FORMAT, EVERY_INTERVAL, Calibration
from scoring.measures.changes import Range
from telemetry_core.contract.inferences import Source
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH
from telemetry_core.contract.tasks import ChannelState

EDGE_TOLERANCE: Final = 1.02
"""A satellite that samples at the edge of what is covered is not always exactly there."""
NOT_CALIBRATED: Final = "not calibrated"
"""Beside the reasons why a channel has no window."""
IRREGULAR: Final = ChannelState.IRREGULAR.words
WHAT_TO_DO: Final = "run make calibrate RECORDING=... MISSION_FILE=..., then restart the workers"
MOST_TOLD: Final = 10_000

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Constants = TypeVar("Constants")


def choose(
    task: WindowSet, shipped: Calibration, learned: Lookup
) -> Iterator[tuple[Places, WindowSet, Calibration]]:
    """Yield the constants that judge, each with its jobs' places and these jobs: every job once.

    The shipped ones where they cover a channel of a job, else its satellite's own where those do; a posted
    series keeps of the shipped ones what `judging_constants` leaves it. Places are intp[n] in the task.
    """
    by_shipped = with_coverage(task, shipped)
    is_left = np.ones(len(task.jobs), np.bool_)
    uncovered = np.flatnonzero(is_uncovered(by_shipped))
    satellites = [task.jobs[place].satellite_id for place in uncovered.tolist()]
    own = learned(satellites, task.subsystem) if satellites else {}
    for name, calibration in own.items():
        mine = uncovered[np.array(satellites) == name]
        part = with_coverage(task.of_jobs(mine), calibration)
        covered = np.flatnonzero(~is_uncovered(part))
        if covered.size:
            is_left[mine[covered]] = False
            yield mine[covered], part.of_jobs(covered), calibration
    left = np.flatnonzero(is_left)
    if left.size:
        part = by_shipped.of_jobs(left)
        yield left, part, judging_constants(part, shipped)


def is_uncovered(task: WindowSet) -> NDArray[np.bool_]:
    """Tell which jobs have windows but none that is covered, bool[job]."""
    if task.is_covered is None or task.steps is None:
        return np.zeros(len(task.jobs), np.bool_)
    has_window = task.steps >= MIN_WINDOW_LENGTH
    return np.asarray(has_window.any(axis=1) & ~(has_window & task.is_covered).any(axis=1))


def with_coverage(task: WindowSet, calibration: Calibration) -> WindowSet:
    """Tell which channels are judged; the origins name those with a window that are not, and why."""
    if task.interval_s is None or task.steps is None or calibration.format < BOUNDED_FORMAT:
        return task
    ranges = covered_ranges(calibration, task.subsystem, task.channels)
    covered = is_covered(task.interval_s, ranges)
    irregular = not_regular(task, calibration)
    covered &= ~irregular
    is_left_out = ~covered & (task.steps >= MIN_WINDOW_LENGTH)
    if not is_left_out.any():
        return task
    origins = [
        origin_of_uncovered(
            origin,
            {
                task.channels[place]: detail_of(row[place], ranges[place], is_regular=not flags[place])
                for place in places
            },
        )
        for origin, row, flags, places in zip(
            task.origins,
            task.interval_s.tolist(),
            irregular.tolist(),
            map(np.flatnonzero, is_left_out),
            strict=True,
        )
    ]
    return replace(task, is_covered=covered, origins=origins)


def not_regular(task: WindowSet, calibration: Calibration) -> NDArray[np.bool_]:
    """Tell which channels are sampled irregularly although their constants need regular sampling.

    bool[job, channel]. Constants from a recording were fitted to its intervals as they are.
    """
    is_recorded = calibration.changes.of_subsystem(task.subsystem, task.channels) is not None
    if task.is_irregular is None or is_recorded:
        return np.zeros((len(task.origins), len(task.channels)), np.bool_)
    return task.is_irregular


def judging_constants(task: WindowSet, calibration: Calibration) -> Calibration:
    """Keep of the constants for posted series only those fitted to the interval that the request states.

    Telemetry of schema 2, which tells no interval either, is judged as before.
    """
    if task.steps is not None or task.jobs[0].source is Source.KAFKA:
        return calibration
    ranges = covered_ranges(calibration, task.subsystem, task.channels)
    covered = np.zeros((1, len(ranges)), np.bool_)
    if task.interval_s is not None:
        covered = is_covered(task.interval_s, ranges)
    left_out = {f"{task.subsystem}.{task.channels[place]}" for place in np.flatnonzero(~covered.all(axis=0))}
    changes = replace(calibration.changes, channels=_without(calibration.changes.channels, left_out))
    return replace(calibration, channels=_without(calibration.channels, left_out), changes=changes)


def _without(channels: Mapping[str, Constants], left_out: AbstractSet[str]) -> dict[str, Constants]:
    return {name: constants for name, constants in channels.items() if name not in left_out}


def covered_ranges(calibration: Calibration, subsystem: str, channels: Sequence[str]) -> list[Range | None]:
    """Intervals that the constants of each channel were fitted to; None = it has no constants."""
    recorded = calibration.changes.of_subsystem(subsystem, channels)
    if recorded is not None:
        return [channel.intervals_s or EVERY_INTERVAL for channel in recorded]
    simulated = calibration.intervals_s or EVERY_INTERVAL
    return [simulated if f"{subsystem}.{channel}" in calibration.channels else None for channel in channels]


def is_covered(interval_s: Floats, ranges: Sequence[Range | None]) -> NDArray[np.bool_]:
    """Tell which channels lie within what their constants cover, bool[job, channel].

    Args:
        interval_s: float64[job, channel], seconds between samples; 0 = unknown, of a channel that ceased: it
            is covered where a sibling is.
        ranges: Of each channel, None = no constants.
    """
    has_constants = np.array([one is not None for one in ranges])
    low, high = np.array([one or EVERY_INTERVAL for one in ranges]).T
    is_within = (interval_s * EDGE_TOLERANCE >= low) & (interval_s <= high * EDGE_TOLERANCE) & has_constants
    is_known = interval_s > 0
    has_covered = (is_within & is_known).any(axis=1, keepdims=True)
    return np.asarray(np.where(is_known, is_within, has_constants & has_covered))


def detail_of(interval_s: float, covered: Range | None, *, is_regular: bool) -> dict[str, Any]:
    """Describe how a channel that is not judged is sampled, and which intervals are covered."""
    if covered is None:
        return {"interval_s": interval_s}
    if is_regular:
        return {"interval_s": interval_s, "calibrated_s": list(covered)}
    return {"interval_s": interval_s, "is_irregular": True}


def origin_of_uncovered(
    origin: Mapping[str, Any], channels: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Add each channel that is not judged, with its detail, to what a row stores."""
    if not channels:
        return origin
    reasons = {
        name: IRREGULAR if detail.get("is_irregular") else NOT_CALIBRATED for name, detail in channels.items()
    } | origin.get("without_window", {})
    return {**origin, "without_window": reasons, "not_calibrated": channels}


def uncovered_in_words(channels: Mapping[str, Mapping[str, Any]]) -> str:
    """Describe a row's `not_calibrated` in words: how its channels are sampled and what is covered."""
    if any(channel.get("is_irregular") for channel in channels.values()):
        return "samples at irregular intervals, calibrated for regular ones"
    intervals_s = [channel["interval_s"] for channel in channels.values()]
    edges = [edge for channel in channels.values() for edge in channel.get("calibrated_s", ())]
    covered = f"calibrated for {_span(edges)}" if edges else "not calibrated"
    return f"samples every {_span(intervals_s)}, {covered}"


class Told:
    """Keys already reported, safe for threads; the oldest beyond MOST_TOLD is dropped."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[Hashable, None] = {}

    def is_new(self, key: Hashable) -> bool:
        """Take note of a key; False where it was there."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > MOST_TOLD:
                del self._keys[next(iter(self._keys))]
            return True


def _span(values: Sequence[float]) -> str:
    low, high = (f"{value:.3g}" for value in (min(values), max(values)))
    return f"{low} s" if low == high else f"{low} to {high} s"
