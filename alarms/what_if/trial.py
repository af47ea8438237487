"""Limits before and after a change over stored telemetry of some satellites, read page by page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from alarms.what_if.comparison import Comparison, compared, metrics_of
from alarms.what_if.limits import Limit
from telemetry_core.contract.values import Values

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which telemetry something is tried on; times are milliseconds since 1970 UTC."""

    satellites: Sequence[str]
    start_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end_ms - self.start_ms) / DAY_MS


class Page(Protocol):
    """Some stored samples of a satellite, by metric."""

    @property
    def until_ms(self) -> int:
        """All before it were read, milliseconds since 1970 UTC."""

    @property
    def values(self) -> Mapping[str, Values]:
        """The samples."""


class Telemetry(Protocol):
    """Where it is stored."""

    def pages(self, satellite_id: str, metrics: set[str], *, start_ms: int, end_ms: int) -> Iterator[Page]:
        """Yield the samples between two times in order, the second one excluded, page by page."""


Told = Callable[[int, float], None]
"""Takes how many samples a page holds, and how many satellites, in part the last one, are read."""


def tried(
    telemetry: Telemetry, span: Span, before: Limit | None, after: Limit | None, told: Told
) -> dict[str, Comparison]:
    """Compare both limits, by satellite; what `told` raises, or `telemetry`, ends it."""
    metrics, span_ms = metrics_of(before, after), span.end_ms - span.start_ms

    def read(place: int, satellite_id: str) -> Iterator[Mapping[str, Values]]:
        for page in telemetry.pages(satellite_id, metrics, start_ms=span.start_ms, end_ms=span.end_ms):
            yield page.values
            samples = sum(len(values) for values in page.values.values())
            told(samples, place + (page.until_ms - span.start_ms) / span_ms)

    return {
        satellite_id: compared(read(place, satellite_id), before, after)
        for place, satellite_id in enumerate(span.satellites)
    }
