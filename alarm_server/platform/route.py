"""What the operation server says of each part: the one place that probes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from telemetry_core.contract.errors import DependencyUnavailable

DEPENDENCY: Final = "operation-server"
TIMEOUT_S: Final = 8.0
"""Longer than its probes may take, shorter than two rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """A part's state, as `critical`, and why."""

    state: str
    detail: str


class PipelineRoute:
    """Asks `GET /api/v1/pipeline`."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._url = f"{url.rstrip('/')}/api/v1/pipeline"
        self._headers = {} if api_key is None else {"X-API-Key": api_key}

    def __call__(self) -> dict[str, PartState]:
        """Return the parts by name, or raise `DependencyUnavailable`."""
        try:
            answer = requests.get(self._url, headers=self._headers, timeout=TIMEOUT_S)
            answer.raise_for_status()
            return parts_of(answer.json())
        except (requests.RequestException, KeyError, AttributeError) as error:
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error


def parts_of(pipeline: Mapping[str, Any]) -> dict[str, PartState]:
    """Read the parts of an answer: what has a state."""
    return {
        name: PartState(state=part["state"], detail=part["detail"])
        for name, part in pipeline.items()
        if isinstance(part, Mapping)
    }
