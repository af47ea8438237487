"""The index of verdicts, as the API reads it: a slow search may finish, an unavailable engine fails fast."""

from collections.abc import Mapping
from typing import Any, Final

from operation_server.health.probes import PROBE_TIMEOUT_S, Gate
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.search import DEPENDENCY, VERDICT_INDEX, SearchEngine, SearchRefused

SEARCH_S: Final = 10.0
"""For one search: the first ones after the engine's start, on a busy machine, take seconds."""


class VerdictSearch:
    """Read access; an engine that is unavailable, or frozen, is `DependencyUnavailable`."""

    def __init__(self, base_url: str) -> None:
        self._engine = SearchEngine(base_url, answer_timeout_s=SEARCH_S)
        self._gate = Gate(self.check)

    def check(self) -> None:
        """Ask the engine who it is."""
        self._engine.send("GET", "/", answer_timeout_s=PROBE_TIMEOUT_S)

    def count(self) -> int | None:
        """Return how many verdicts the index holds; None before it is built."""
        try:
            answer = self._engine.send("GET", f"/{VERDICT_INDEX}/_count", answer_timeout_s=PROBE_TIMEOUT_S)
        except SearchRefused as error:
            if error.status == 404:
                return None
            raise
        return int(answer["count"])

    def find(self, body: Mapping[str, Any]) -> Any:
        """Return the answer to a query; an index that is not there yet is as away as its engine."""
        self._gate.ensure()
        try:
            answer = self._engine.send("POST", f"/{VERDICT_INDEX}/_search", body)
        except SearchRefused as error:
            if error.status == 404:
                raise DependencyUnavailable(DEPENDENCY, "its index is not built yet") from error
            raise
        self._gate.answered()
        return answer

    def close(self) -> None:
        """Close the kept connections."""
        self._engine.close()
