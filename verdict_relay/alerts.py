"""Alerts of the anomaly score as rows: committed verdicts through the alert rule, in any order of commits."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from scoring.alert_rule import Judged
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.service.observability import RELAY_LAG_SECONDS, VERDICTS_RELAYED
from verdict_relay.alert_folding import Head, Key, Piece, fold, rewound
from verdict_relay.alert_store import PROJECTION, AlertStore, Committed
from verdict_relay.relay import PAGE, Cursor, lag_s, read_cursor

PIECE: Final = 2_000
"""Verdicts of one satellite and subsystem that one transaction folds again, at most."""
REWINDS: Final = 20
"""Unfinished ones that go on in one transaction."""


class AlertProjection:
    """Keeps `ops.anomaly_alerts` equal to what the rule makes of all committed verdicts."""

    name = PROJECTION

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._page_size = BatchSize(PAGE)

    def step(self) -> bool:
        """Fold one page of verdicts, in one transaction with the cursor; tell whether more wait."""
        with self._page_size.attempt() as size, transaction(self._pool) as connection:
            page, is_behind = project(AlertStore(connection), size)
        VERDICTS_RELAYED.labels(self.name).inc(len(page))
        completed_at = page[-1].completed_at if page else None
        RELAY_LAG_SECONDS.labels(self.name).set(lag_s(completed_at, datetime.now(UTC), is_behind=is_behind))
        return is_behind

    def cursor(self) -> Cursor:
        """Read how far the verdicts are folded."""
        with transaction(self._pool) as connection:
            return read_cursor(connection, PROJECTION)


def project(store: AlertStore, size: int) -> tuple[list[Committed], bool]:
    """Fold what was left unfinished and one page; return the page, and whether more waits."""
    cursor = store.lock_cursor()
    if cursor.is_at_start:
        store.clear()
    for key, head in store.unfinished(REWINDS).items():
        store.save({key: _next_piece(store, key, head)})
    page = store.page(cursor, size)
    if page:
        store.save(_folded(store, page))
        store.advance(cursor, page)
    return page, len(page) == size or bool(store.unfinished(1))


def _folded(store: AlertStore, page: Sequence[Committed]) -> dict[Key, Piece]:
    by_key = _in_time_order(page)
    heads = store.heads(by_key)
    pieces = {}
    for key, verdicts in by_key.items():
        head = heads.get(key, Head())
        if head.takes(verdicts):
            pieces[key] = fold(head, verdicts)
        else:
            before = store.rewind(key, verdicts[0].at_us)
            pieces[key] = _next_piece(store, key, rewound(head, verdicts, before))
    return pieces


def _in_time_order(page: Iterable[Committed]) -> dict[Key, list[Judged]]:
    """Group what alerts are made of by satellite and subsystem."""
    found: dict[Key, list[Judged]] = {}
    for one in page:
        if one.judged is not None:
            found.setdefault(one.key, []).append(one.judged)
    return {key: sorted(verdicts, key=lambda judged: judged.at_us) for key, verdicts in found.items()}


def _next_piece(store: AlertStore, key: Key, head: Head) -> Piece:
    """Fold the next verdicts up to the head's target, as all of them are by now."""
    verdicts = store.verdicts(key, head, PIECE)
    return fold(head, verdicts, reaches_target=len(verdicts) < PIECE)
