"""Stored samples are read page by page, in smaller ones where they are dense."""

from collections.abc import Iterable

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.values import Values
from telemetry_core.stored_samples import StoredSamples


class EverySecond(StoredSamples):
    """A server with a sample a second, and no page of more than so many."""

    def __init__(self, *, most: int) -> None:
        super().__init__("")
        self._most = most

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> dict[str, Values] | None:
        (metric,) = metrics
        times_ms = range(-(-start_ms // 1000) * 1000, end_ms + 1, 1000)
        return {metric: {at_ms * 1000: 1.0 for at_ms in times_ms}} if len(times_ms) <= self._most else None


@pytest.mark.parametrize("most", [100, 4_000, 100_000])
def test_every_sample_comes_once_and_the_end_is_excluded(most: int) -> None:
    pages = list(EverySecond(most=most).pages("A", ["soc", "soc"], start_ms=0, end_ms=30_000_000))
    assert [at_us for page in pages for at_us in page.values["soc"]] == [
        at * 1_000_000 for at in range(30_000)
    ]
    assert all(len(page.values["soc"]) <= most for page in pages)
    assert pages[-1].until_ms == 30_000_000


def test_a_minute_that_is_no_page_is_refused() -> None:
    with pytest.raises(DependencyUnavailable, match="a minute holds more samples of soc than a page"):
        next(EverySecond(most=10).pages("A", ["soc"], start_ms=0, end_ms=30_000_000))
