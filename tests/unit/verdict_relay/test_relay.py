"""Cursor arithmetic and the requests of the sinks."""

from collections.abc import Sequence

import orjson
import pytest

from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.postgres.cursors.verdict_cursor import PAGE, Cursor
from telemetry_core.postgres.database import Pool
from telemetry_core.postgres.store import Row
from tests.unit.verdict_relay.test_documents import verdict
from verdict_relay.relay import Refusal, Relay, refusal_of
from verdict_relay.sinks import INDEX_BODY, bulk_lines, index_name


def test_index_names_sort_as_generations_do() -> None:
    assert sorted(map(index_name, (10, 9, 1))) == [index_name(1), index_name(9), index_name(10)]


def test_bulk_pairs_each_document_with_its_key() -> None:
    body = bulk_lines([verdict(), verdict(subsystem="eps")])
    lines = [orjson.loads(line) for line in body.splitlines()]
    assert body.endswith(b"\n")
    assert [line["index"]["_id"].rpartition("/")[2] for line in lines[::2]] == ["comm", "eps"]
    assert [line["subsystem"] for line in lines[1::2]] == ["comm", "eps"]


def test_strange_metadata_can_not_change_the_mapping() -> None:
    assert INDEX_BODY["mappings"]["dynamic"] is False
    assert INDEX_BODY["mappings"]["properties"]["metadata"]["enabled"] is False


class PickySink:
    """Fails for good on some verdicts, and is away for the first calls."""

    name = "picky"
    follows_deletions = False

    def __init__(self, *bad: str, away: int = 0) -> None:
        self.bad = bad
        self.away = away
        self.kept: list[str] = []

    def is_intact(self, _cursor: Cursor) -> bool:
        return True

    def write(self, _generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        if self.away:
            self.away -= 1
            raise DependencyUnavailable("picky", "away")
        names = [row["job_id"] for row in verdicts]
        if set(names) & set(self.bad):
            raise TypeError("Integer exceeds 64-bit range")
        self.kept += names
        return []

    def forget(self, _generation: int, _keys: Sequence[str]) -> None: ...

    def caught_up(self, _generation: int) -> None: ...


class NoPool(Pool):
    """A pool that is not asked."""

    def __init__(self) -> None: ...


def pass_on(sink: PickySink, count: int) -> Sequence[Refusal]:
    verdicts = [verdict(job_id=f"job-{number}") for number in range(count)]
    return Relay(NoPool(), sink)._pass_on(1, verdicts)


@pytest.mark.parametrize("bad", [(), ("job-0",), ("job-6",), ("job-0", "job-3", "job-6")])
def test_verdict_that_can_not_be_written_is_passed_over_and_the_rest_goes_on(bad: tuple[str, ...]) -> None:
    sink = PickySink(*bad)
    refusals = pass_on(sink, 7)
    assert sorted(sink.kept) == sorted({f"job-{number}" for number in range(7)} - set(bad))
    assert tuple(refusal.job_id for refusal in refusals) == bad
    assert {refusal.reason for refusal in refusals} <= {"TypeError: Integer exceeds 64-bit range"}


def test_unavailable_sink_passes_nothing_over() -> None:
    sink = PickySink("job-1", away=1)
    with pytest.raises(DependencyUnavailable):
        pass_on(sink, 3)
    assert sink.kept == []


def test_reason_is_one_line_that_postgresql_takes() -> None:
    reason = refusal_of(verdict(), "mapper_parsing_exception:\n bad\x00 value " + "x" * 999).reason
    assert reason.startswith("mapper_parsing_exception: bad\N{REPLACEMENT CHARACTER} value xxx")
    assert len(reason) <= 300


class SlowRelay(Relay):
    """Over a database that answers in time for so many rows only."""

    def __init__(self, fits: int, waiting: int) -> None:
        super().__init__(NoPool(), PickySink())
        self.fits = fits
        self.waiting = waiting
        self.asked: list[int] = []

    def cursor(self) -> Cursor:
        return Cursor(generation=1, xact=1, id=1, relayed=0)

    def _page(self, cursor: Cursor, size: int) -> list[Row]:
        self.asked.append(size)
        if size > self.fits:
            raise StatementTooSlow("postgresql", "canceling statement due to statement timeout")
        return [verdict(job_id=f"job-{number}") for number in range(min(size, self.waiting))]

    def _advance(self, cursor: Cursor, page: Sequence[Row], refusals: Sequence[Refusal]) -> None:
        self.waiting -= len(page)


def test_page_that_always_takes_too_long_is_read_in_parts_and_grows_again() -> None:
    relay = SlowRelay(fits=100, waiting=150)
    steps: list[bool] = []
    for _ in range(6):
        try:
            steps.append(relay.step())
        except StatementTooSlow:
            relay.fits = PAGE if relay.waiting == 0 else relay.fits
    assert relay.waiting <= 26
    assert relay.asked[:4] == [500, 250, 125, 62]
    assert steps[0]
    relay.fits = PAGE
    while relay.step():
        pass
    for _ in range(5):
        relay.step()
    assert (relay.waiting, relay.asked[-1]) == (0, PAGE)
