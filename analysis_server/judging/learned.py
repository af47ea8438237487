"""Which constants judge a job: the shipped ones where they cover a channel of it, else the satellite's own.

What the platform learned of a satellite is asked for again every POLL_S, so that workers need no restart and
agree within that time.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from analysis_server.judging.coverage import with_coverage
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import Calibration, parse_calibration
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.inferences import SubsystemInference
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH

POLL_S: Final = 30.0
AGAIN_S: Final = 5.0
"""After PostgreSQL did not answer."""
MOST_KEPT: Final = 5_000
"""Satellites' subsystems whose constants are kept, 30 KB each; the longest unused one goes."""

Places = NDArray[np.intp]

_log = structlog.get_logger(__name__)


class Source(Protocol):
    """Where learned constants are kept; both raise `DependencyUnavailable`."""

    def in_use(self, satellites: Sequence[str], subsystem: str) -> Mapping[str, tuple[int, str]]:
        """Return version and hash of those in use, by satellite."""

    def constants(self, versions: Mapping[str, int], subsystem: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the content of a version of each satellite."""


class Lookup(Protocol):
    """From satellites and a subsystem to their learned constants."""

    def __call__(self, satellites: Sequence[str], subsystem: str, /) -> Mapping[str, Calibration]:
        """Return those in use, by satellite."""


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

    def __call__(self, satellites: Sequence[str], subsystem: str) -> Mapping[str, Calibration]:
        """Return the constants in use, at most POLL_S old, by satellite.

        While PostgreSQL is unavailable known choices apply; unknown ones raise `DependencyUnavailable`.
        """
        found = {}
        with self._lock:
            self._refresh(dict.fromkeys(satellites), subsystem)
            for name in satellites:
                self._known.move_to_end((name, subsystem))
                calibration = self._known[name, subsystem].calibration
                if calibration is not None:
                    found[name] = calibration
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return found

    def _refresh(self, satellites: Iterable[str], subsystem: str) -> None:
        """Ask once for all that are unknown or to be asked for again."""
        now_s = self._monotonic()
        known = {name: self._known.get((name, subsystem)) for name in satellites}
        stale = {name: one for name, one in known.items() if one is None or one.ask_at_s <= now_s}
        is_any_unknown = None in stale.values()
        if not stale or (not is_any_unknown and now_s < self._ask_again_at_s):
            return
        try:
            answers = self._asked(stale, subsystem)
        except DependencyUnavailable:
            # Not for each task: each would wait for its deadline.
            self._ask_again_at_s = self._monotonic() + AGAIN_S
            if is_any_unknown:
                raise
            return
        self._known.update(((name, subsystem), one) for name, one in answers.items())

    def _asked(self, stale: Mapping[str, _Known | None], subsystem: str) -> dict[str, _Known]:
        in_use = self._source.in_use(list(stale), subsystem)
        same = {name: one for name, one in stale.items() if one and one.in_use == in_use.get(name)}
        versions = {name: in_use[name][0] for name in stale if name in in_use and name not in same}
        contents = self._source.constants(versions, subsystem) if versions else {}
        ask_at_s = self._monotonic() + POLL_S
        answers = {name: replace(one, ask_at_s=ask_at_s) for name, one in same.items()}
        for name in stale.keys() - same.keys():
            key, mine, content = (name, subsystem), in_use.get(name), contents.get(name)
            calibration = None if mine is None or content is None else _parsed(content, mine[1], key)
            answers[name] = _Known(ask_at_s=ask_at_s, in_use=mine, calibration=calibration)
        return answers


def _parsed(content: Mapping[str, Any], digest: str, key: tuple[str, str]) -> Calibration | None:
    """Read constants; None for those of another release, which measured something else."""
    try:
        return parse_calibration(content, digest)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        _log.warning(f"Learned constants of {'/'.join(key)} can't be used; learning starts over: {error!r}")
        return None


def judge_by_choice(
    task: WindowSet,
    shipped: Calibration,
    learned: Lookup,
    judge: Callable[[WindowSet, Calibration], list[SubsystemInference]],
) -> list[SubsystemInference]:
    """Judge each job by its own constants, jobs with the same calibration together.

    `judge` is given jobs of which coverage by its calibration is told.
    """
    rows: dict[int, SubsystemInference] = {}
    for places, part, calibration in choose(task, shipped, learned):
        # Whatever constants judge, the forecast is the model's: so are the widths of its bands.
        with_widths = replace(calibration, band_widths=shipped.band_widths)
        rows.update(zip(places.tolist(), judge(part, with_widths), strict=True))
    return [rows[place] for place in range(len(task.jobs))]


def choose(
    task: WindowSet, shipped: Calibration, learned: Lookup
) -> Iterator[tuple[Places, WindowSet, Calibration]]:
    """Yield the constants that judge, each with its jobs' places and these jobs: every job once.

    Places are intp[n] in the task.
    """
    by_shipped = with_coverage(task, shipped)
    is_left = np.ones(len(task.jobs), np.bool_)
    uncovered = np.flatnonzero(is_uncovered(by_shipped))
    satellites = [task.jobs[place].satellite_id for place in uncovered.tolist()]
    own = learned(list(dict.fromkeys(satellites)), task.subsystem) if satellites else {}
    for name, calibration in own.items():
        mine = uncovered[np.array(satellites) == name]
        part = with_coverage(task.of_jobs(mine), calibration)
        judged = np.flatnonzero(~is_uncovered(part))
        if judged.size:
            is_left[mine[judged]] = False
            yield mine[judged], part.of_jobs(judged), calibration
    left = np.flatnonzero(is_left)
    if left.size:
        yield left, by_shipped.of_jobs(left), shipped


def is_uncovered(task: WindowSet) -> NDArray[np.bool_]:
    """Tell which jobs have windows but none that is covered, bool[job]."""
    if task.is_covered is None or task.steps is None:
        return np.zeros(len(task.jobs), np.bool_)
    has_window = task.steps >= MIN_WINDOW_LENGTH
    return np.asarray(has_window.any(axis=1) & ~(has_window & task.is_covered).any(axis=1))
