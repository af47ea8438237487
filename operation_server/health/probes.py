"""Probes of servers: run in parallel with one timeout, and not again while one still runs."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog

from telemetry_core.contract.errors import DependencyUnavailable

_log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 2.0
"""For all results of one round."""
PROBE_TIMEOUT_S: Final = 1.0
"""For one answer of a server that may have to give several."""
GATE_S: Final = 1.0
"""So long an answer shows that a server is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Instead of a result: why there is none."""

    detail: str


class Gate:
    """Lets calls to a server through while it answers a cheap question.

    A frozen server then costs a second, not all the patience that its slowest answer needs.
    """

    def __init__(
        self, check: Callable[[], object], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._check = check
        self._monotonic = monotonic
        self._lock = Lock()
        self._asked_at = -GATE_S
        self._refusal: DependencyUnavailable | None = None

    def ensure(self) -> None:
        """Raise `DependencyUnavailable` where the server's last answer is old and it gives no new one."""
        with self._lock:
            if self._monotonic() - self._asked_at >= GATE_S:
                self._refusal = _refusal_of(self._check)
                self._asked_at = self._monotonic()
            if self._refusal:
                raise self._refusal

    def answered(self) -> None:
        """Learn that the server did answer just now."""
        self._asked_at = self._monotonic()


def _refusal_of(check: Callable[[], object]) -> DependencyUnavailable | None:
    try:
        check()
    except DependencyUnavailable as error:
        return error
    return None


class Probes:
    """Runs all at once; the results come by name."""

    def __init__(self, probes: Mapping[str, Callable[[], Any]], *, timeout_s: float = TIMEOUT_S) -> None:
        self._probes = dict(probes)
        self._timeout_s = timeout_s
        self._executor = ThreadPoolExecutor(max_workers=len(probes), thread_name_prefix="probes")
        self._running: dict[str, Future[Any]] = {}

    def results(self) -> dict[str, Any]:
        """Return what each probe found, or that its server is `Unavailable`."""
        for name, probe in self._probes.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = self._executor.submit(_run, probe)
        wait(self._running.values(), timeout=self._timeout_s)
        return {name: self._outcome(future) for name, future in self._running.items()}

    def close(self) -> None:
        """Run no further."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _outcome(self, future: Future[Any]) -> Any:
        if not future.done():
            return Unavailable(detail=f"no answer within {self._timeout_s:g} s")
        return future.result()


def _run(probe: Callable[[], Any]) -> Any:
    try:
        return probe()
    except DependencyUnavailable as error:
        return Unavailable(detail=str(error))
    except Exception as error:  # noqa: BLE001 - one server that answers strangely must not hide the others
        _log.exception("A probe failed on the server's answer")
        return Unavailable(detail=f"its answer can't be used, {type(error).__name__}: {error}")
