"""Passes committed verdicts on to one sink, page by page, from its cursor."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.values import storable_text
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.cursors.verdict_cursor import PAGE, Cursor, advance, read_cursor, report, restart
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from telemetry_core.search import DEPENDENCY, SearchRefused
from telemetry_core.service.observability import VERDICTS_FORGOTTEN, VERDICTS_NOT_RELAYED, LogBudget, traced
from verdict_relay import QUERIES
from verdict_relay.documents import verdict_key

SERVICE: Final = "verdict-relay"
MAX_REASON_LENGTH: Final = 300

_log = structlog.get_logger(SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A verdict that a sink will never take, and why."""

    job_id: str
    subsystem: str
    reason: str


class Sink(Protocol):
    """A place that verdicts are passed on to; every method may raise `DependencyUnavailable`."""

    name: str
    #: Whether it keeps documents that must go when their rows do.
    follows_deletions: bool

    def is_intact(self, cursor: Cursor) -> bool:
        """Prepare the place; False when what it was given before is lost."""

    def write(self, generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        """Return once all but permanently refused ones are kept there; repeating it changes nothing."""

    def forget(self, generation: int, keys: Sequence[str]) -> None:
        """Return once nothing is kept under these verdict keys; asked only where it follows deletions."""

    def caught_up(self, generation: int) -> None:
        """Learn that all committed verdicts of this generation are there."""


class Relay:
    """Moves one sink's cursor along the verdicts in commit order."""

    def __init__(self, pool: Pool, sink: Sink) -> None:
        self.name = sink.name
        self._pool = pool
        self._sink = sink
        self._write = traced(f"relay {sink.name}", sink.write, _job_ids)
        self._budget = LogBudget(1)
        self._page_size = BatchSize(PAGE)
        self._deletions_size = BatchSize(PAGE)

    def step(self) -> bool:
        """Pass one page of verdicts and one of deletions on; tell whether more wait."""
        try:
            return self._step()
        except SearchRefused as error:
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error

    def _step(self) -> bool:
        cursor = self.cursor()
        if not self._sink.is_intact(cursor):
            _log.warning(f"{self._sink.name}: its earlier contents are lost; relaying all verdicts again")
            restart(self._pool, self._sink.name, cursor.generation)
            cursor = self.cursor()
            self._sink.is_intact(cursor)
        with self._page_size.attempt() as size:
            page = self._page(cursor, size)
        if page:
            self._advance(cursor, page, self._pass_on(cursor.generation, page))
        is_behind = len(page) == size
        if not is_behind:
            self._sink.caught_up(cursor.generation)
        self._report(cursor, page, is_behind=is_behind)
        # After the page, in the same thread: what it wrote of a row that was deleted meanwhile goes too.
        return (self._sink.follows_deletions and self._forget_deleted(cursor.generation)) or is_behind

    def _pass_on(self, generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        """Write the verdicts; rows that fail for any reason but an outage are isolated and passed over."""
        try:
            return self._write(generation, verdicts)
        except DependencyUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one verdict must not stop the rest, whatever is wrong
            if len(verdicts) == 1:
                return [refusal_of(verdicts[0], f"{type(error).__name__}: {error}")]
            middle = len(verdicts) // 2
            return [
                *self._pass_on(generation, verdicts[:middle]),
                *self._pass_on(generation, verdicts[middle:]),
            ]

    def cursor(self) -> Cursor:
        """Read where the sink stands."""
        with transaction(self._pool) as connection:
            return read_cursor(connection, self._sink.name)

    def _page(self, cursor: Cursor, size: int) -> list[Row]:
        parameters = {"xact": cursor.xact, "id": cursor.id, "limit": size}
        with transaction(self._pool) as connection:
            return select(connection, QUERIES["verdict_documents_after"], parameters)

    def _forget_deleted(self, generation: int) -> bool:
        """Remove a page of deleted jobs from the sink, but what has been judged again since; tell of more."""
        with self._deletions_size.attempt() as size, transaction(self._pool) as connection:
            deleted = select(connection, QUERIES["deleted_verdicts"], {"limit": size})
        keys = [verdict_key(row) for row in deleted if not row["is_back"]]
        if keys:
            self._sink.forget(generation, keys)
            VERDICTS_FORGOTTEN.labels(self._sink.name).inc(len(keys))
        ids = sorted({row["id"] for row in deleted})
        if ids:
            with transaction(self._pool) as connection, connection.cursor() as statement:
                statement.execute(QUERIES["delete_deleted_verdicts"], {"ids": ids})
        return len(ids) == size

    def _advance(self, cursor: Cursor, page: Sequence[Row], refusals: Sequence[Refusal]) -> None:
        """Move the cursor, and keep what the sink refused of the page, in one transaction."""
        last = page[-1]
        with transaction(self._pool) as connection, connection.cursor() as statement:
            advance(connection, self._sink.name, cursor, (last["xact"], last["id"]), count=len(page))
            statement.execute(QUERIES["forget_refused_verdicts"], self._names(page))
            if refusals:
                reasons = {"reasons": [refusal.reason for refusal in refusals]}
                named = self._names(map(asdict, refusals))
                statement.execute(QUERIES["save_refused_verdicts"], named | reasons)
        for refusal in refusals:
            VERDICTS_NOT_RELAYED.labels(self._sink.name).inc()
            _log.warning(
                f"{self._sink.name}: verdict refused and left out: {refusal.reason}",
                verdict=verdict_key(asdict(refusal)),
            )

    def _names(self, verdicts: Iterable[Row]) -> dict[str, Any]:
        named = [(row["job_id"], row["subsystem"]) for row in verdicts]
        return {
            "sink": self._sink.name,
            "job_ids": [job_id for job_id, _ in named],
            "subsystems": [subsystem for _, subsystem in named],
        }

    def _report(self, cursor: Cursor, page: Sequence[Row], *, is_behind: bool) -> None:
        name = self._sink.name
        report(name, len(page), page[-1]["completed_at"] if page else None, is_behind=is_behind)
        if page and self._budget.admit(f"{name}: {{count}} more pages in the last second"):
            _log.info(f"{name}: {cursor.relayed + len(page)} verdicts relayed", up_to=page[-1]["job_id"])


def _job_ids(generation: int, verdicts: Sequence[Row]) -> list[str]:  # noqa: ARG001 - the shape of `write`
    return [row["job_id"] for row in verdicts]


def refusal_of(row: Row, reason: str) -> Refusal:
    """Say of a verdict why a sink can't take it."""
    text = storable_text(" ".join(reason.split()))[:MAX_REASON_LENGTH]
    return Refusal(job_id=row["job_id"], subsystem=row["subsystem"], reason=text)
