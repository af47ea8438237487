"""Reading a satellite's samples from VictoriaMetrics, newest first, in pages of bounded size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scoring.fitting.history import Samples
from scoring.fitting.learning import MOST_SAMPLES
from telemetry_core.contract.values import Values
from telemetry_core.stored_samples import StoredSamples

PAGE_SAMPLES: Final = 2_000
"""Of the first page, by the sampling interval; each page further back spans twice as long, until it holds
more than twice as many."""
LOOK_BACK_S: Final = 30 * 86_400.0

Page = Mapping[str, Samples]
"""By metric."""


class StoredTelemetry:
    """Read access; errors as of `StoredSamples`."""

    def __init__(self, url: str) -> None:
        self._stored = StoredSamples(url)

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
            page = self._stored.between(satellite_id, metrics.values(), start_ms=start_ms, end_ms=end_ms)
            if page is None:
                break
            pages.append({metric: _samples(values) for metric, values in page.items()})
            end_ms = start_ms - 1
            span_ms *= 2 if _most(pages[-1:]) <= 2 * PAGE_SAMPLES else 1
        return {
            channel: _joined([page[metric] for page in reversed(pages) if metric in page])
            for channel, metric in metrics.items()
        }


def _samples(values: Values) -> Samples:
    return Samples(
        times_us=np.fromiter(values, np.int64, len(values)),
        values=np.fromiter(values.values(), np.float64, len(values)),
    )


def _joined(parts: Sequence[Samples]) -> Samples:
    """Join pages in time order."""
    return Samples(
        times_us=np.concatenate([np.empty(0, np.int64), *(part.times_us for part in parts)]),
        values=np.concatenate([np.empty(0), *(part.values for part in parts)]),
    )


def _most(pages: list[Page]) -> int:
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({metric: samples.times_us.size for metric, samples in page.items()})
    return max(counts.values(), default=0)
