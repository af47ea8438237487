"""Alarms of the anomaly score as rows: committed verdicts through the alert rule, in any order of commits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from alarm_server.anomalies.folding import Head, Key, Piece, fold, rewound
from alarm_server.anomalies.matching import ANOMALY, Change
from alarm_server.anomalies.store import PROJECTION, AnomalyStore, Committed
from alarms.occurrence_changes import Event
from scoring.alert_rule import Judged
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.cursors.verdict_cursor import PAGE, Cursor, read_cursor, report
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.service.observability import ALARMS_RAISED, LogBudget

PIECE: Final = 2_000
"""Verdicts of one satellite and subsystem that one transaction folds again, at most."""
REWINDS: Final = 20
"""Unfinished ones that go on in one transaction."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one transaction did."""

    page: Sequence[Committed]
    changes: Sequence[Change]
    is_behind: bool
    """More verdicts wait."""


class AnomalyProjection:
    """Keeps anomalies in `ops.alarms` equal to what the rule makes of all committed verdicts."""

    name = PROJECTION

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._page_size = BatchSize(PAGE)
        self._budget = LogBudget(20)

    def step(self) -> bool:
        """Fold one page of verdicts, in one transaction with the cursor; tell whether more wait."""
        with self._page_size.attempt() as size, transaction(self._pool) as connection:
            done = project(AnomalyStore(connection), size)
        newest_at = done.page[-1].completed_at if done.page else None
        report(self.name, len(done.page), newest_at, is_behind=done.is_behind)
        self._tell(done.changes)
        return done.is_behind

    def cursor(self) -> Cursor:
        """Read how far the verdicts are folded."""
        with transaction(self._pool) as connection:
            return read_cursor(connection, PROJECTION)

    def unfinished(self) -> int:
        """Count the satellites' subsystems whose verdicts are being folded again."""
        with transaction(self._pool) as connection:
            return AnomalyStore(connection).count_unfinished()

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for event, _ in change.events:
                if event is Event.RAISED:
                    ALARMS_RAISED.labels(ANOMALY).inc()
                if self._budget.admit("{count} more anomalies changed in the last second"):
                    _log.info(f"Alarm {event}: {' '.join(change.key)} {ANOMALY}", alarm=change.alarm_id)


def project(store: AnomalyStore, size: int) -> Step:
    """Fold what was left unfinished and one page."""
    cursor = store.lock_cursor()
    if cursor.is_at_start:
        cursor = store.begin_again(cursor)
    changes: list[Change] = []
    for key, head in store.unfinished(REWINDS).items():
        changes += store.save({key: _next_piece(store, key, head)})
    page = store.page(cursor, size)
    if page:
        changes += store.save(_folded(store, page))
        store.advance(cursor, page)
    return Step(page=page, changes=changes, is_behind=len(page) == size or bool(store.unfinished(1)))


def _folded(store: AnomalyStore, page: Sequence[Committed]) -> dict[Key, Piece]:
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
    """Group what alarms are made of by satellite and subsystem."""
    found: dict[Key, list[Judged]] = {}
    for one in page:
        if one.judged is not None:
            found.setdefault(one.key, []).append(one.judged)
    return {key: sorted(verdicts, key=lambda judged: judged.at_us) for key, verdicts in found.items()}


def _next_piece(store: AnomalyStore, key: Key, head: Head) -> Piece:
    """Fold the next verdicts up to the head's target, as all of them are by now."""
    verdicts = store.verdicts(key, head, PIECE)
    return fold(head, verdicts, reaches_target=len(verdicts) < PIECE)
