"""VictoriaMetrics' export: stored samples of one satellite between two times, of bounded size."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import requests

from telemetry_core.contract.errors import DependencyUnavailable, QuestionRefused
from telemetry_core.contract.values import Values
from telemetry_core.victoriametrics import DEPENDENCY, escape_label

EXPORT_PATH: Final = "/api/v1/export"
SATELLITES_PATH: Final = "/api/v1/label/satellite_id/values"
TIMEOUT_S: Final = (3.0, 30.0)
MOST_PAGE_BYTES: Final = 16 << 20
CHUNK_BYTES: Final = 1 << 20
REFUSED: Final = (400, 422)
"""Statuses that speak of the question (too many series, say), not of those about other satellites."""
PAGE_MS: Final = 6 * 3_600_000
LEAST_PAGE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some stored samples of a satellite, by metric."""

    #: All before it were read, milliseconds since 1970 UTC.
    until_ms: int
    values: Mapping[str, Values]


class StoredSamples:
    """Read access; a failure is `DependencyUnavailable`, a question that is refused `QuestionRefused`."""

    def __init__(self, url: str, *, most_page_bytes: int = MOST_PAGE_BYTES) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._most_page_bytes = most_page_bytes

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

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

    def pages(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> Iterator[Page]:
        """Yield the samples between two times in order, the second one excluded, page by page."""
        names, page_ms = sorted(set(metrics)), PAGE_MS
        while start_ms < end_ms:
            until_ms = min(start_ms + page_ms, end_ms)
            values = self.between(satellite_id, names, start_ms=start_ms, end_ms=until_ms - 1)
            if values is not None:
                yield Page(until_ms=until_ms, values=values)
                start_ms = until_ms
            elif page_ms <= LEAST_PAGE_MS:
                told = f"a minute holds more samples of {', '.join(names)} than a page"
                raise DependencyUnavailable(DEPENDENCY, told)
            else:
                page_ms //= 2

    def _body(self, path: str, parameters: Mapping[str, str]) -> bytes | None:
        try:
            with self._session.post(
                self._url + path, data=parameters, timeout=TIMEOUT_S, stream=True
            ) as answer:
                if answer.status_code in REFUSED:
                    raise QuestionRefused("VictoriaMetrics", answer.text[:200].strip())
                answer.raise_for_status()
                body = bytearray()
                for chunk in answer.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > self._most_page_bytes:
                        return None
            return bytes(body)
        except requests.RequestException as error:
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
