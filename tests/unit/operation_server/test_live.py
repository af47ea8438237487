import asyncio

import pytest

from operation_server.live import DashboardFeed, Position, VerdictFeed
from operation_server.readers import Row
from telemetry_core.errors import DependencyUnavailable


class VerdictTable:
    """Rows as PostgreSQL would hand them out, and how often it was asked."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.questions = 0

    def add(self, *ids: int) -> None:
        self.rows += [{"xact": number, "id": number} for number in ids]

    def after(self, position: Position) -> list[Row]:
        self.questions += 1
        return [row for row in self.rows if (row["xact"], row["id"]) > position][:3]

    def head(self) -> Position:
        return (self.rows[-1]["xact"], self.rows[-1]["id"]) if self.rows else (0, 0)


async def take(feed: VerdictFeed, position: Position, count: int) -> list[int]:
    found: list[int] = []
    async for row in feed.stream(position):
        found.append(row["id"])
        if len(found) == count:
            break
    return found


def test_client_gets_backlog_and_news_each_once() -> None:
    async def scenario() -> None:
        table = VerdictTable()
        feed = VerdictFeed(table.after, table.head, interval_s=0.001)
        table.add(*range(1, 8))
        reading = asyncio.create_task(take(feed, (2, 2), 8))
        await asyncio.sleep(0)
        table.add(8, 9, 10)
        assert await asyncio.wait_for(reading, timeout=10) == list(range(3, 11))

    asyncio.run(scenario())


def test_clients_that_keep_up_share_the_questions() -> None:
    async def scenario() -> None:
        table = VerdictTable()
        feed = VerdictFeed(table.after, table.head, interval_s=0.001)
        readers = [asyncio.create_task(take(feed, (0, 0), 5)) for _ in range(50)]
        table.add(1, 2, 3, 4, 5)
        for reader in readers:
            assert await asyncio.wait_for(reader, timeout=10) == [1, 2, 3, 4, 5]

    asyncio.run(scenario())


def test_poller_outlives_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operation_server.live.RETRY_S", 0.001)
    answers = iter([DependencyUnavailable("postgresql", "gone"), {"n": 1}])

    def read() -> Row:
        answer = next(answers, {"n": 2})
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> None:
        feed = DashboardFeed(read, interval_s=0.001)
        async with feed.joined():
            await asyncio.wait_for(feed.wait_for(feed.next_news()), timeout=10)
            assert feed.latest is not None
        assert feed.latest is None

    asyncio.run(scenario())


def test_fault_of_the_poller_reaches_its_clients() -> None:
    def read() -> Row:
        raise ZeroDivisionError

    async def scenario() -> None:
        feed = DashboardFeed(read, interval_s=0.001)
        async with feed.joined():
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(feed.wait_for(feed.next_news()), timeout=10)

    asyncio.run(scenario())
