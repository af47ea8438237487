"""Which constants judge a job: the shipped ones where they cover a channel of it, else the satellite's own.

What the platform learned of a satellite is asked for again every POLL_S, so that workers need no restart and
agree within that time.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from analysis_server.calibration import Calibration, parse_calibration
from analysis_server.coverage import with_coverage
from analysis_server.window_sets import WindowSet
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.inferences import SubsystemInference
from telemetry_core.subsystems import MIN_WINDOW_LENGTH

POLL_S: Final = 30.0
AGAIN_S: Final = 5.0
"""After PostgreSQL did not answer."""
MOST_KEPT: Final = 5_000
"""Satellites' subsystems whose constants are kept, 30 KB each; the longest unused one goes."""

_log = structlog.get_logger(__name__)


class Source(Protocol):
    """Where learned constants are kept; both raise `DependencyUnavailable`."""

    def in_use(self, satellite_id: str, subsystem: str) -> tuple[int, str] | None:
        """Return version and hash of those in use."""

    def constants(self, satellite_id: str, subsystem: str, version: int) -> Mapping[str, Any] | None:
        """Return the content of a version."""


class Lookup(Protocol):
    """From satellite and subsystem to its learned constants."""

    def __call__(self, satellite_id: str, subsystem: str) -> Calibration | None:
        """Return those in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    ask_at_s: float
    in_use: tuple[int, str] | None
    calibration: Calibration | None


class LearnedConstants:
    """Keeps the learned constants that this process needs; for several threads."""

    def __init__(self, source: Source, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._lock = Lock()
        self._ask_again_at_s = -math.inf
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def __call__(self, satellite_id: str, subsystem: str) -> Calibration | None:
        """Return the constants in use, at most POLL_S old.

        While PostgreSQL is away what is known goes on; what is not known yet raises `DependencyUnavailable`.
        """
        key = (satellite_id, subsystem)
        with self._lock:
            known = self._known.get(key)
            if known is None or known.ask_at_s <= self._monotonic():
                known = self._known[key] = self._asked(key, known)
            self._known.move_to_end(key)
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
            return known.calibration

    def _asked(self, key: tuple[str, str], before: _Known | None) -> _Known:
        if before is not None and self._monotonic() < self._ask_again_at_s:
            return before
        try:
            in_use = self._source.in_use(*key)
            if before is not None and before.in_use == in_use:
                return replace(before, ask_at_s=self._monotonic() + POLL_S)
            content = None if in_use is None else self._source.constants(*key, in_use[0])
        except DependencyUnavailable:
            # One question for all that is known: a task may name hundreds, and each waits for its deadline.
            self._ask_again_at_s = self._monotonic() + AGAIN_S
            if before is None:
                raise
            return before
        calibration = None if in_use is None or content is None else _parsed(content, in_use[1], key)
        return _Known(ask_at_s=self._monotonic() + POLL_S, in_use=in_use, calibration=calibration)


def _parsed(content: Mapping[str, Any], digest: str, key: tuple[str, str]) -> Calibration | None:
    """Read constants; those of another release, which measured something else, are none."""
    try:
        return parse_calibration(content, digest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        _log.warning(f"Learned constants of {'/'.join(key)} can't be used, it learns anew: {error!r}")
        return None


def judge_by_choice(
    task: WindowSet,
    shipped: Calibration,
    learned: Lookup,
    judge: Callable[[WindowSet, Calibration], list[SubsystemInference]],
) -> list[SubsystemInference]:
    """Judge each job by the constants that are its own, those of one calibration together."""
    chosen = choose(task, shipped, learned)
    rows: dict[int, SubsystemInference] = {}
    for calibration in {id(one): one for one in chosen}.values():
        mine = np.array([number for number, one in enumerate(chosen) if one is calibration], np.intp)
        # Whatever constants judge, the forecast is the model's: so are the widths of its bands.
        with_widths = replace(calibration, band_widths=shipped.band_widths)
        rows.update(zip(mine.tolist(), judge(task.of_jobs(mine), with_widths), strict=True))
    return [rows[number] for number in range(len(task.jobs))]


def choose(task: WindowSet, shipped: Calibration, learned: Lookup) -> Sequence[Calibration]:
    """Return the constants of each job."""
    chosen = [shipped] * len(task.jobs)
    for number in np.flatnonzero(is_uncovered(task, shipped)).tolist():
        own = learned(task.jobs[number].satellite_id, task.subsystem)
        if own is not None and not is_uncovered(task.of_jobs(np.array([number])), own).any():
            chosen[number] = own
    return chosen


def is_uncovered(task: WindowSet, calibration: Calibration) -> NDArray[np.bool_]:
    """Tell which jobs have windows, and none that the calibration covers, bool[job]."""
    covered = with_coverage(task, calibration).is_covered
    if covered is None or task.steps is None:
        return np.zeros(len(task.jobs), np.bool_)
    has_window = task.steps >= MIN_WINDOW_LENGTH
    return np.asarray(has_window.any(axis=1) & ~(has_window & covered).any(axis=1))
