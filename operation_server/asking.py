"""Questions to several tools at once: each with the same patience, one that hangs is not asked again."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from telemetry_core.errors import DependencyUnavailable

PATIENCE_S: Final = 2.0
"""For all answers of one round."""
ANSWER_S: Final = 1.0
"""For one answer of a tool that may have to give several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Instead of an answer: why there is none."""

    detail: str


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
