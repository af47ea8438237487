"""Questions to several tools at once: each with the same patience, one that hangs is not asked again."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog

from telemetry_core.errors import DependencyUnavailable

_log = structlog.get_logger(__name__)

PATIENCE_S: Final = 2.0
"""For all answers of one round."""
ANSWER_S: Final = 1.0
"""For one answer of a tool that may have to give several."""
GATE_S: Final = 1.0
"""So long an answer shows that a server is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Instead of an answer: why there is none."""

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


class Inquiry:
    """Asks all tools at once; the answers come by name."""

    def __init__(self, questions: Mapping[str, Callable[[], Any]], *, patience_s: float = PATIENCE_S) -> None:
        self._questions = dict(questions)
        self._patience_s = patience_s
        self._executor = ThreadPoolExecutor(max_workers=len(questions), thread_name_prefix="asking")
        self._running: dict[str, Future[Any]] = {}

    def answers(self) -> dict[str, Any]:
        """Return what each tool answered, or that it is `Away`."""
        for name, question in self._questions.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = self._executor.submit(_answer, question)
        wait(self._running.values(), timeout=self._patience_s)
        return {name: self._outcome(future) for name, future in self._running.items()}

    def close(self) -> None:
        """Ask no further."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _outcome(self, future: Future[Any]) -> Any:
        if not future.done():
            return Away(detail=f"no answer within {self._patience_s:g} s")
        return future.result()


def _answer(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except DependencyUnavailable as error:
        return Away(detail=str(error))
    except Exception as error:  # noqa: BLE001 - one tool that answers strangely must not hide the others
        _log.exception("A tool's answer can't be used")
        return Away(detail=f"its answer can't be used, {type(error).__name__}: {error}")
