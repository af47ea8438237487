"""What the platform learned of satellites, as a worker knows it.

It is asked for again every POLL_S, so that workers need no restart and agree within that time.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Protocol

import structlog

from scoring.calibration import Calibration, parse_calibration
from telemetry_core.contract.errors import DependencyUnavailable

POLL_S: Final = 30.0
AGAIN_S: Final = 5.0
"""After PostgreSQL did not answer."""
MOST_KEPT: Final = 5_000
"""Satellites' subsystems whose constants are kept, 30 KB each; the longest unused one goes."""

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


def nothing_learned(_satellites: Sequence[str], _subsystem: str) -> Mapping[str, Calibration]:
    """Look learned constants up where there are none."""
    return {}


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
