import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from operation_server.streams.feed import NEWS_INTERVAL_S, CommitFeed, Position, with_ticks
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.store import Row


class Table:
    """Rows as PostgreSQL would hand them out, and how often it was asked."""

    def __init__(self, *, outages: int = 0) -> None:
        self.rows: list[Row] = []
        self.questions = 0
        self._outages = outages

    def add(self, *ids: int) -> None:
        self.rows += [{"event": "verdict", "xact": number, "id": number} for number in ids]

    def after(self, position: Position) -> list[Row]:
        self.questions += 1
        if self.questions <= self._outages:
            raise DependencyUnavailable("postgresql", "gone")
        return [row for row in self.rows if (row["xact"], row["id"]) > position][:3]

    def head(self) -> Position:
        return (self.rows[-1]["xact"], self.rows[-1]["id"]) if self.rows else (0, 0)


async def take(feed: CommitFeed, position: Position, count: int) -> list[int]:
    found: list[int] = []
    async for events in feed.stream(position):
        found += [event.position[1] for event in events]
        if len(found) >= count:
            break
    return found


def test_client_gets_backlog_and_news_each_once() -> None:
    async def scenario() -> None:
        table = Table()
        feed = CommitFeed(table.after, table.head, interval_s=0.001)
        table.add(*range(1, 8))
        reading = asyncio.create_task(take(feed, (2, 2), 8))
        await asyncio.sleep(0)
        table.add(8, 9, 10)
        assert await asyncio.wait_for(reading, timeout=10) == list(range(3, 11))

    asyncio.run(scenario())


def test_clients_that_keep_up_share_the_questions() -> None:
    async def scenario() -> None:
        table = Table()
        feed = CommitFeed(table.after, table.head, interval_s=0.001)
        readers = [asyncio.create_task(take(feed, (0, 0), 5)) for _ in range(50)]
        table.add(1, 2, 3, 4, 5)
        for reader in readers:
            assert await asyncio.wait_for(reader, timeout=10) == [1, 2, 3, 4, 5]

    asyncio.run(scenario())


def test_clients_that_read_pages_of_their_own_outlive_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operation_server.http.live.RETRY_S", 0.001)

    async def scenario() -> None:
        table = Table(outages=20)
        table.add(*range(1, 8))
        feed = CommitFeed(table.after, table.head, interval_s=3600)
        readers = [asyncio.create_task(take(feed, (2, 2), 5)) for _ in range(10)]
        for reader in readers:
            assert await asyncio.wait_for(reader, timeout=10) == list(range(3, 8))

    asyncio.run(scenario())


async def rows_every(pause_s: float, *, closed: asyncio.Event) -> AsyncGenerator[Row]:
    number = 0
    try:
        while True:
            await asyncio.sleep(pause_s)
            number += 1
            yield {"id": number}
    finally:
        closed.set()


async def until_ticks(
    count: int, rows: AsyncGenerator[Row], *, interval_s: float
) -> tuple[list[Row | None], float]:
    """Return what came (None = a tick) in how many seconds; leave as a client does that goes away."""
    found: list[Row | None] = []
    ticking = with_ticks(rows, interval_s=interval_s)
    begun = asyncio.get_running_loop().time()
    async for item in ticking:
        found.append(item)
        if found.count(None) == count:
            break
    await ticking.aclose()
    return found, asyncio.get_running_loop().time() - begun


@pytest.mark.parametrize("pause_s", [0.0, 0.001, 3600.0])
def test_ticks_come_under_load_as_in_silence_and_no_sooner(pause_s: float) -> None:
    async def scenario() -> None:
        closed = asyncio.Event()
        rows = rows_every(pause_s, closed=closed)
        found, took_s = await asyncio.wait_for(until_ticks(5, rows, interval_s=0.05), timeout=30)
        assert took_s >= 4 * 0.05
        numbers = [row["id"] for row in found if row is not None]
        assert numbers == list(range(1, len(numbers) + 1))
        assert bool(numbers) == (pause_s < 1)
        assert closed.is_set()

    asyncio.run(scenario())


def test_ticks_end_with_what_they_accompany() -> None:
    async def one_row() -> AsyncGenerator[Row]:
        yield {"id": 1}

    async def scenario() -> list[Row | None]:
        return [item async for item in with_ticks(one_row())]

    assert asyncio.run(scenario()) == [{"id": 1}]


def test_slow_client_gets_one_tick_for_all_that_it_missed() -> None:
    async def scenario() -> None:
        ticking = with_ticks(rows_every(3600.0, closed=asyncio.Event()), interval_s=0.02)
        assert await anext(ticking) is None
        await asyncio.sleep(0.1)
        assert await anext(ticking) is None
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(ticking), timeout=0.005)

    asyncio.run(scenario())


def test_client_is_sent_what_resumes_its_line_and_ticks_that_do_not() -> None:
    async def scenario() -> list[bytes]:
        table = Table()
        at = datetime(2026, 1, 1, tzinfo=UTC)
        table.rows.append({"event": "verdict", "xact": 7, "id": 3, "at": at, "score": float("nan")})
        table.rows.append({"event": "acknowledgement", "xact": 7, "id": 4})
        texts = CommitFeed(table.after, table.head, interval_s=3600).texts((0, 0))
        found = [await anext(texts), await anext(texts)]
        await texts.aclose()
        return found

    both, tick = asyncio.run(scenario())
    assert both.decode().split("\n") == [
        "event: verdict",
        'data: {"xact":7,"id":3,"at":"2026-01-01T00:00:00+00:00","score":null}',
        "id: 7-3",
        "",
        "event: acknowledgement",
        'data: {"xact":7,"id":4}',
        "id: 7-4",
        "",
        "",
    ]
    assert tick.startswith(b'event: tick\ndata: {"generated_at":"')
    assert b"id:" not in tick


def test_steady_news_are_read_more_often_than_silence_is_listened_to() -> None:
    async def scenario() -> None:
        table = Table()
        table.add(1)
        feed = CommitFeed(
            table.after, lambda: (0, 0), interval_s=3600
        )  # the row was committed a moment later
        reading = asyncio.create_task(take(feed, (0, 0), 3))
        await asyncio.sleep(0.01)
        for number in (2, 3):
            table.add(number)
            await asyncio.sleep(NEWS_INTERVAL_S)
        assert await asyncio.wait_for(reading, timeout=10) == [1, 2, 3]

    asyncio.run(scenario())
