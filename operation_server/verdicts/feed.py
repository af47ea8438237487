"""Verdicts and acknowledgements as they are committed, read once for all clients."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog
from fastapi.sse import ServerSentEvent
from prometheus_client import Counter
from starlette.concurrency import run_in_threadpool

from operation_server.alerts.episodes import ANOMALY, Sign, alert_id_of
from operation_server.http.live import Feed, pause_after
from operation_server.telemetry.series import milliseconds_of
from operation_server.verdicts import QUERIES
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select

VERDICT_INTERVAL_S: Final = 0.25
TICK_S: Final = 1.0
VERDICT_PAGE: Final = 500
VERDICTS_KEPT: Final = 2_000

_ACKNOWLEDGEMENT_ONLY: Final = ("reason", "operator", "comment", "acknowledged_at")
_OF_BOTH: Final = ("event", "xact", "id", "satellite_id", "subsystem", "generated_at")

EVENTS_PASSED_OVER: Final = Counter(
    "live_events_passed_over", "Events that live views could not show: their places went by empty"
)

_log = structlog.get_logger(__name__)

Position = tuple[int, int]
"""Transaction and row id of a verdict; positions grow in commit order."""


@dataclass(slots=True)
class _Recent:
    """The newest verdicts, complete from `floor` on (exclusive)."""

    floor: Position
    rows: deque[Row] = field(default_factory=deque)

    @property
    def head(self) -> Position:
        return position_of(self.rows[-1]) if self.rows else self.floor

    def append(self, found: Sequence[Row]) -> None:
        self.rows.extend(found)
        while len(self.rows) > VERDICTS_KEPT:
            self.floor = position_of(self.rows.popleft())

    def after(self, position: Position) -> list[Row] | None:
        """Return what follows `position`, or None when part of it is no longer kept."""
        if position < self.floor:
            return None
        return [row for row in self.rows if position_of(row) > position]


class VerdictFeed(Feed):
    """Verdicts in commit order: a client that lags behind what is kept reads pages of its own."""

    def __init__(
        self,
        read_after: Callable[[Position], list[Row]],
        read_head: Callable[[], Position],
        *,
        interval_s: float = VERDICT_INTERVAL_S,
    ) -> None:
        super().__init__(interval_s)
        self._read_after = read_after
        self._read_head = read_head
        self._recent: _Recent | None = None

    async def head(self) -> Position:
        """Return where news begin now."""
        return await run_in_threadpool(self._read_head)

    async def stream(self, position: Position) -> AsyncGenerator[Row]:
        """Yield every verdict after `position`, each once, in order, without end."""
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
        """Yield what is sent to a client: every verdict after `position`, and a tick each TICK_S."""
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


def read_events(pool: Pool, position: Position) -> list[Row]:
    """Return a page of the events after a position, in commit order."""
    parameters = {"xact": position[0], "id": position[1], "limit": VERDICT_PAGE}
    with transaction(pool) as connection:
        return events_of(select(connection, QUERIES["events_after"], parameters))


def read_head(pool: Pool) -> Position:
    """Return where news begin now."""
    with transaction(pool) as connection:
        (row,) = select(connection, QUERIES["verdict_head"])
    return int(row["xact"]), 0


def position_of(row: Row) -> Position:
    """Return the place of a verdict in commit order."""
    return int(row["xact"]), int(row["id"])


def event_id(position: Position) -> str:
    """Write a position as `<transaction>-<row id>`."""
    return f"{position[0]}-{position[1]}"


def events_of(found: Sequence[Row]) -> list[Row]:
    """Make an event of each row; one that can't be shown keeps its place, so that clients see the gap."""
    return [_event_or_gap(row) for row in found]


def _event_or_gap(row: Row) -> Row:
    try:
        return event_of(row)
    except Exception:  # noqa: BLE001 - one row must not end all live views; the log and a counter tell
        EVENTS_PASSED_OVER.inc()
        _log.exception("An event can't be shown", place=event_id(position_of(row)))
        return {"event": "passed_over", "xact": row["xact"], "id": row["id"]}


def event_of(row: Row) -> Row:
    """Keep of a row what belongs to its kind; an acknowledgement gets the id that finds its alert."""
    if row["event"] == "verdict":
        return {key: value for key, value in row.items() if key not in _ACKNOWLEDGEMENT_ONLY}
    kept = {key: row[key] for key in (*_OF_BOTH, *_ACKNOWLEDGEMENT_ONLY)}
    sign = Sign(subsystem=row["subsystem"], reason=None if row["reason"] == ANOMALY else row["reason"])
    generated = milliseconds_of(row["generated_at"])
    return {**kept, "alert_id": alert_id_of(row["satellite_id"], sign, generated)}


def _sent(row: Row | None) -> ServerSentEvent:
    """Make of an event, or of None a tick, what the client is sent."""
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
