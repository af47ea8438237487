"""Rows as they are committed, read once for all clients."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from operation_server.http.live import Feed, pause_after
from operation_server.streams import QUERIES
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select

EVENT_INTERVAL_S: Final = 0.1
TICK_S: Final = 1.0
EVENT_PAGE: Final = 500
EVENTS_KEPT: Final = 2_000

Position = tuple[int, int]
"""Transaction and row id of a row; positions grow in commit order."""


@dataclass(slots=True)
class _Recent:
    """The newest rows, complete from `floor` on (exclusive)."""

    floor: Position
    rows: deque[Row] = field(default_factory=deque)

    @property
    def head(self) -> Position:
        return position_of(self.rows[-1]) if self.rows else self.floor

    def append(self, found: Sequence[Row]) -> None:
        self.rows.extend(found)
        while len(self.rows) > EVENTS_KEPT:
            self.floor = position_of(self.rows.popleft())

    def after(self, position: Position) -> list[Row] | None:
        """Return what follows `position`, or None when part of it is no longer kept."""
        if position < self.floor:
            return None
        return [row for row in self.rows if position_of(row) > position]


class CommitFeed(Feed):
    """Rows in commit order: a client that lags behind what is kept reads pages of its own."""

    def __init__(
        self,
        read_after: Callable[[Position], list[Row]],
        read_head: Callable[[], Position],
        *,
        interval_s: float = EVENT_INTERVAL_S,
    ) -> None:
        super().__init__(interval_s)
        self._read_after = read_after
        self._read_head = read_head
        self._recent: _Recent | None = None

    async def head(self) -> Position:
        """Return where news begin now."""
        return await run_in_threadpool(self._read_head)

    async def stream(self, position: Position) -> AsyncGenerator[Row]:
        """Yield every row after `position`, each once, in order, without end."""
        async with self.watched():
            while True:
                news = self.next_news()
                found = await self._rows_after(position)
                for row in found:
                    yield row
                    position = position_of(row)
                if not found:
                    await self.wait_for(news)

    async def events(self, position: Position) -> AsyncGenerator[ServerSentEvent]:
        """Yield what is sent to a client: every row after `position`, and a tick each TICK_S."""
        async with aclosing(with_ticks(self.stream(position))) as found:
            async for row in found:
                yield _sent(row)

    async def _rows_after(self, position: Position) -> list[Row]:
        """Return what is kept, or a page read for this client alone; an outage only makes it wait."""
        while True:
            kept = self._recent.after(position) if self._recent else None
            if kept is not None:
                return kept
            try:
                return await run_in_threadpool(self._read_after, position)
            except DependencyUnavailable as error:
                await asyncio.sleep(pause_after(error))

    async def _poll(self) -> None:
        if self._recent is None:
            self._recent = _Recent(floor=await run_in_threadpool(self._read_head))
            self._announce()  # who looked before may have missed what lies below the floor
        found = await run_in_threadpool(self._read_after, self._recent.head)
        self._recent.append(found)
        if found:
            self._announce()

    def _forget(self) -> None:
        self._recent = None


def read_head(pool: Pool) -> Position:
    """Return where news begin now."""
    with transaction(pool) as connection:
        (row,) = select(connection, QUERIES["head"])
    return int(row["xact"]), 0


def position_of(row: Row) -> Position:
    """Return the place of a row in commit order."""
    return int(row["xact"]), int(row["id"])


def event_id(position: Position) -> str:
    """Write a position as `<transaction>-<row id>`."""
    return f"{position[0]}-{position[1]}"


def _sent(row: Row | None) -> ServerSentEvent:
    """Make of a row, which names its event, or of None a tick, what the client is sent."""
    if row is None:
        return ServerSentEvent(data={"generated_at": datetime.now(UTC)}, event="tick")
    data = {key: value for key, value in row.items() if key != "event"}
    return ServerSentEvent(data=data, event=row["event"], id=event_id(position_of(row)))


async def with_ticks(items: AsyncGenerator[Row], *, interval_s: float = TICK_S) -> AsyncGenerator[Row | None]:
    """Yield the items as they come, and None every `interval_s` however many come or however few."""
    waiting = asyncio.ensure_future(anext(items))
    clock = asyncio.get_running_loop().time
    due = clock() + interval_s
    try:
        while True:
            await asyncio.wait({waiting}, timeout=max(0.0, due - clock()))
            if clock() >= due:
                due = clock() + interval_s
                yield None
            if waiting.done():
                yield waiting.result()
                waiting = asyncio.ensure_future(anext(items))
    except StopAsyncIteration:
        return
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await items.aclose()
