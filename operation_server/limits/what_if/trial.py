"""One trial: both limits over stored telemetry, within a budget of time and samples."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from alarms.what_if.comparison import Comparison, compared, metrics_of
from alarms.what_if.limits import Limit, Values
from telemetry_core.contract.errors import PlatformError
from telemetry_core.stored_samples import StoredSamples

Pair = tuple[Limit, Limit]
"""A limit as it is in force for a satellite, and as it is tried."""
DAY_MS: Final = 86_400_000


class TooMuch(PlatformError):  # noqa: N818 - named for what it says
    """The budget was spent before all was read; the text says what fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which telemetry limits are tried on; times are milliseconds since 1970 UTC."""

    satellites: list[str]
    start_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end_ms - self.start_ms) / DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one trial may take."""

    most_s: float = 10.0
    most_samples: int = 5_000_000


class Budget:
    """What is left of the allowance of a trial that reads a span; nothing once its client is gone."""

    def __init__(self, span: Span, allowance: Allowance, gone: threading.Event) -> None:
        self.span = span
        self._allowance, self._gone = allowance, gone
        self._deadline = time.monotonic() + allowance.most_s
        self._samples = 0

    def spend(self, samples: int, read: float) -> None:
        """Take samples off; so many of the satellites, in part the last one, are read. Or raise `TooMuch`."""
        self._samples += samples
        is_spent = time.monotonic() > self._deadline or self._samples > self._allowance.most_samples
        if self._gone.is_set() or (is_spent and read < len(self.span.satellites)):
            raise TooMuch(self._told(read / len(self.span.satellites)))

    def _told(self, share: float) -> str:
        count, days, allowance = len(self.span.satellites), self.span.days, self._allowance
        fewer = " or fewer satellites" if count > 1 else ""
        return (
            f"{days:.3g} days of {count} satellites are more than one trial reads ({allowance.most_s:g} s,"
            f" {allowance.most_samples:,} samples): try {0.9 * share * days:.2g} days{fewer}"
        )


def tried(telemetry: StoredSamples, budget: Budget, pair_of: Callable[[str], Pair]) -> dict[str, Comparison]:
    """Compare both limits, by satellite; raise `TooMuch`, or as `StoredSamples` does."""
    span = budget.span

    def read(place: int, satellite_id: str) -> Iterator[Mapping[str, Values]]:
        span_ms = span.end_ms - span.start_ms
        metrics = metrics_of(*pair_of(satellite_id))
        for page in telemetry.pages(satellite_id, metrics, start_ms=span.start_ms, end_ms=span.end_ms):
            yield page.values
            samples = sum(len(values) for values in page.values.values())
            budget.spend(samples, place + (page.until_ms - span.start_ms) / span_ms)

    return {
        satellite_id: compared(read(place, satellite_id), *pair_of(satellite_id))
        for place, satellite_id in enumerate(span.satellites)
    }
