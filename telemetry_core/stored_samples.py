"""VictoriaMetrics' export: stored samples of one satellite between two times, of bounded size."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson
import requests

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.victoriametrics import DEPENDENCY, escape_label

EXPORT_PATH: Final = "/api/v1/export"
SATELLITES_PATH: Final = "/api/v1/label/satellite_id/values"
TIMEOUT_S: Final = (3.0, 30.0)
MOST_PAGE_BYTES: Final = 16 << 20
CHUNK_BYTES: Final = 1 << 20
REFUSED: Final = (400, 422)
"""Statuses that speak of the question (too many series, say), not of those about other satellites."""


Values = Mapping[int, float]
"""Samples of one metric, none missing, by time: microseconds since 1970 UTC, ascending."""


class StoredSamples:
    """Read access; a failure is `DependencyUnavailable`, a question that is refused `requests.HTTPError`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()

    def satellites(self, *, start_ms: int, end_ms: int) -> list[str]:
        """Return the satellites with samples between two times, to the day."""
        times = {"start": _seconds(start_ms), "end": _seconds(end_ms)}
        body = self._body(SATELLITES_PATH, times)
        with _readable():
            return sorted(orjson.loads(body or b"{}")["data"])

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> dict[str, Values] | None:
        """Return the samples of each metric between two times, both included; None = too many."""
        selector = f'{{__name__=~"{"|".join(metrics)}",satellite_id="{escape_label(satellite_id)}"}}'
        times = {"start": _seconds(start_ms), "end": _seconds(end_ms)}
        body = self._body(EXPORT_PATH, {"match[]": selector, **times})
        with _readable():
            return None if body is None else _parsed(body)

    def _body(self, path: str, parameters: Mapping[str, str]) -> bytes | None:
        try:
            with self._session.post(
                self._url + path, data=parameters, timeout=TIMEOUT_S, stream=True
            ) as answer:
                answer.raise_for_status()
                body = bytearray()
                for chunk in answer.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > MOST_PAGE_BYTES:
                        return None
            return bytes(body)
        except requests.RequestException as error:
            if isinstance(error, requests.HTTPError) and error.response.status_code in REFUSED:
                raise
            raise DependencyUnavailable(DEPENDENCY, f"{type(error).__name__}: {error}") from error


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        raise DependencyUnavailable(DEPENDENCY, f"{type(error).__name__}: {error}") from error


def _parsed(body: bytes) -> dict[str, Values]:
    """Read exported series; of samples of one metric at one time, in several series, the last one counts."""
    found: dict[str, dict[int, float]] = {}
    for line in body.splitlines():
        series: Mapping[str, Any] = orjson.loads(line)
        pairs = zip(series["timestamps"], series["values"], strict=True)
        known = {time_ms * 1000: float(value) for time_ms, value in pairs if isinstance(value, int | float)}
        found.setdefault(series["metric"]["__name__"], {}).update(known)
    return {metric: dict(sorted(values.items())) for metric, values in found.items()}


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"
