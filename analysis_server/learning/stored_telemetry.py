"""Reading a satellite's samples from VictoriaMetrics, newest first, in pages of bounded size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import requests

from scoring.fitting.history import Samples
from scoring.fitting.learning import MOST_SAMPLES
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.victoriametrics import DEPENDENCY, escape_label

EXPORT_PATH: Final = "/api/v1/export"
TIMEOUT_S: Final = (3.0, 30.0)
PAGE_SAMPLES: Final = 2_000
"""Of the first page, by the sampling interval; each page further back spans twice as long, until it holds
more than twice as many."""
LOOK_BACK_S: Final = 30 * 86_400.0
MOST_PAGE_BYTES: Final = 16 << 20
CHUNK_BYTES: Final = 1 << 20
REFUSED: Final = (400, 422)
"""Statuses that speak of the question (too many series, say), not of those about other satellites."""

Page = Mapping[str, Samples]
"""By metric, each in time order."""


class StoredTelemetry:
    """Read access; a failure is `DependencyUnavailable`, a question that is refused `requests.HTTPError`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + EXPORT_PATH
        self._session = requests.Session()

    def newest(
        self, satellite_id: str, metrics: Mapping[str, str], *, until_ms: int, interval_s: float
    ) -> dict[str, Samples]:
        """Return about MOST_SAMPLES newest samples of each channel up to a time.

        Telemetry so dense that a page of it is too large is of another cadence: reading ends there.

        Args:
            satellite_id: Whose.
            metrics: Metric of each channel.
            until_ms: Time of the newest sample, milliseconds since 1970 UTC.
            interval_s: Between samples.
        """
        pages: list[Page] = []
        end_ms, span_ms = until_ms, round(PAGE_SAMPLES * interval_s * 1000)
        oldest_ms = until_ms - round(LOOK_BACK_S * 1000)
        while end_ms > oldest_ms and _most(pages) < MOST_SAMPLES:
            start_ms = max(end_ms - span_ms, oldest_ms)
            page = self._page(satellite_id, list(metrics.values()), start_ms, end_ms)
            if page is None:
                break
            pages.append(page)
            end_ms = start_ms - 1
            span_ms *= 2 if _most([page]) <= 2 * PAGE_SAMPLES else 1
        return {
            channel: _in_time_order([page[metric] for page in pages if metric in page])
            for channel, metric in metrics.items()
        }

    def _page(self, satellite_id: str, metrics: list[str], start_ms: int, end_ms: int) -> Page | None:
        """Read the samples between two times, both included; None where they are too many."""
        parameters = {
            "match[]": f'{{__name__=~"{"|".join(metrics)}",satellite_id="{escape_label(satellite_id)}"}}',
            "start": f"{start_ms / 1000:.3f}",
            "end": f"{end_ms / 1000:.3f}",
        }
        try:
            with self._session.post(self._url, data=parameters, timeout=TIMEOUT_S, stream=True) as answer:
                answer.raise_for_status()
                body = bytearray()
                for chunk in answer.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > MOST_PAGE_BYTES:
                        return None
            return _parsed(bytes(body))
        except (requests.RequestException, ValueError, LookupError, TypeError) as error:
            if isinstance(error, requests.HTTPError) and error.response.status_code in REFUSED:
                raise
            raise DependencyUnavailable(DEPENDENCY, f"{type(error).__name__}: {error}") from error


def _parsed(body: bytes) -> Page:
    found: dict[str, list[Samples]] = {}
    for line in body.splitlines():
        series: Mapping[str, Any] = orjson.loads(line)
        pairs = zip(series["timestamps"], series["values"], strict=True)
        known = [(time_ms, value) for time_ms, value in pairs if isinstance(value, int | float)]
        samples = Samples(
            times_us=np.array([time_ms for time_ms, _ in known], np.int64) * 1000,
            values=np.array([value for _, value in known], np.float64),
        )
        found.setdefault(series["metric"]["__name__"], []).append(samples)
    return {metric: _in_time_order(parts) for metric, parts in found.items()}


def _most(pages: list[Page]) -> int:
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({metric: samples.times_us.size for metric, samples in page.items()})
    return max(counts.values(), default=0)


def _in_time_order(parts: Sequence[Samples]) -> Samples:
    """Join samples in time order; of those at one time, of several series, the last one counts."""
    if not parts:
        return Samples(times_us=np.empty(0, np.int64), values=np.empty(0))
    times_us = np.concatenate([part.times_us for part in parts])[::-1]
    values = np.concatenate([part.values for part in parts])[::-1]
    unique_us, places = np.unique(times_us, return_index=True)
    return Samples(times_us=unique_us, values=values[places])
