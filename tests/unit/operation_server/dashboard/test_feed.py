import asyncio
from typing import TYPE_CHECKING

import pytest

from operation_server.dashboard.feed import DashboardFeed
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.store import Row

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_poller_outlives_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operation_server.http.live.RETRY_S", 0.001)
    answers: Iterator[Exception | Row] = iter([DependencyUnavailable("postgresql", "gone"), {"n": 1}])

    def read() -> Row:
        answer = next(answers, {"n": 2})
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> None:
        feed = DashboardFeed(read, interval_s=0.001)
        async with feed.watched():
            await asyncio.wait_for(feed.wait_for(feed.next_news()), timeout=10)
            assert feed.latest is not None
        assert feed.latest is None

    asyncio.run(scenario())


def test_fault_of_the_poller_reaches_its_clients() -> None:
    def read() -> Row:
        raise ZeroDivisionError

    async def scenario() -> None:
        feed = DashboardFeed(read, interval_s=0.001)
        async with feed.watched():
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(feed.wait_for(feed.next_news()), timeout=10)

    asyncio.run(scenario())
