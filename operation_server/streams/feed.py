"""Rows as they are committed, read once for all clients."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import Final, TypeVar

import orjson
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from operation_server.http.live import Feed, pause_after
from operation_server.streams import QUERIES
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select

EVENT_INTERVAL_S: Final = 0.1
NEWS_INTERVAL_S: Final = 0.03
"""While there are news, more are likely."""
TICK_S: Final = 1.0
EVENT_PAGE: Final = 500
EVENTS_KEPT: Final = 2_000

Item = TypeVar("Item")
Position = tuple[int, int]
"""Transaction and row id of a row; positions grow in commit order."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row, written once for all clients."""

    position: Position
    #: As server-sent events are: UTF-8, with the empty line at its end.
    text: bytes


@dataclass(slots=True)
class _Recent:
    """The newest events, complete from `floor` on (exclusive)."""

    floor: Position
    events: deque[Event] = field(default_factory=deque)

    @property
    def head(self) -> Position:
        return self.events[-1].position if self.events else self.floor

    def append(self, found: Sequence[Event]) -> None:
        self.events.extend(found)
        while len(self.events) > EVENTS_KEPT:
            self.floor = self.events.popleft().position

    def after(self, position: Position) -> list[Event] | None:
        """Return what follows `position`, or None when part of it is no longer kept."""
        if position < self.floor:
            return None
        newer = takewhile(lambda event: event.position > position, reversed(self.events))
        return list(newer)[::-1]


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

    async def stream(self, position: Position) -> AsyncGenerator[list[Event]]:
        """Yield all events after `position`, each once, in order, without end; together what is there."""
        async with self.watched():
            while True:
                news = self.next_news()
                if found := await self._events_after(position):
                    yield found
                    position = found[-1].position
                else:
                    await self.wait_for(news)

    async def texts(self, position: Position) -> AsyncGenerator[bytes]:
        """Yield what is sent to a client: every event after `position`, and a tick each TICK_S."""
        async with aclosing(with_ticks(self.stream(position))) as found:
            async for events in found:
                yield _tick() if events is None else b"".join(event.text for event in events)

    async def _events_after(self, position: Position) -> list[Event]:
        """Return what is kept, or a page read for this client alone; an outage only makes it wait."""
        while True:
            kept = self._recent.after(position) if self._recent else None
            if kept is not None:
                return kept
            try:
                return await run_in_threadpool(self._read, position)
            except DependencyUnavailable as error:
                await asyncio.sleep(pause_after(error))

    async def _poll(self) -> None:
        if self._recent is None:
            self._recent = _Recent(floor=await run_in_threadpool(self._read_head))
            self._announce()  # who looked before may have missed what lies below the floor
        while found := await run_in_threadpool(self._read, self._recent.head):
            self._recent.append(found)
            self._announce()
            await asyncio.sleep(NEWS_INTERVAL_S)

    def _read(self, position: Position) -> list[Event]:
        return [_event_of(row) for row in self._read_after(position)]

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


def _event_of(row: Row) -> Event:
    """Write a row, which names its event; its place is the id after which a client's next line begins."""
    data = {key: value for key, value in row.items() if key != "event"}
    position = position_of(row)
    return Event(position, _text(data, row["event"], event_id(position)))


def _tick() -> bytes:
    return _text({"generated_at": datetime.now(UTC)}, "tick")


def _text(data: Row, name: str, id_: str | None = None) -> bytes:
    return format_sse_event(data_str=orjson.dumps(data).decode(), event=name, id=id_)


async def with_ticks(
    items: AsyncGenerator[Item], *, interval_s: float = TICK_S
) -> AsyncGenerator[Item | None]:
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
