"""Deletes rows past their retention in small transactions that block nobody."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from housekeeping import QUERIES
from housekeeping.chores import SERVICE, Chore
from telemetry_core.contract.inferences import JobStatus
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.observability import ROWS_EXPIRED
from telemetry_core.service.settings import Settings

BATCH: Final = 500
"""Rows of the first table of one transaction: some tens of milliseconds."""
EVERY_S: Final = 600.0
UNFOLLOWED_DAYS: Final = 7.0
"""How long deletions wait for a search engine; one unavailable for longer is rebuilt."""
REFUSAL_DAYS: Final = 30.0
"""So long is told of a refused verdict, of a channel's refused values, of a wrong clock and of learning."""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(SERVICE)


class JobRetention:
    """Deletes finished jobs of one state with all their rows, oldest first."""

    def __init__(self, pool: Pool, status: JobStatus, days: float, *, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._status = status
        self._days = days
        self._clock = clock
        self._after = _BEGINNING
        self._deleted = 0
        self._size = BatchSize(BATCH)

    def delete_batch(self) -> bool:
        """Delete one batch and tell whether there may be another one."""
        parameters = {
            "status": self._status.value,
            "after": self._after,
            "before": self._clock() - timedelta(days=self._days),
        }
        with self._size.attempt() as size, transaction(self._pool) as connection:
            expired = select(connection, QUERIES["expired_jobs"], {**parameters, "limit": size})
            with connection.cursor() as cursor:
                job_ids = {"job_ids": sorted(row["job_id"] for row in expired)}
                cursor.execute(QUERIES["delete_verdicts"], job_ids)
                cursor.execute(QUERIES["delete_jobs"], job_ids)
        return self._record(expired, is_full=len(expired) == size)

    def _record(self, expired: list[dict[str, Any]], *, is_full: bool) -> bool:
        ROWS_EXPIRED.labels(f"{self._status.value}_jobs").inc(len(expired))
        self._deleted += len(expired)
        if is_full:
            self._after = expired[-1]["completed_at"]
            return True
        if self._deleted:
            _log.info(f"Deleted {self._deleted} {self._status.value} jobs older than {self._days:g} days")
        self._after, self._deleted = _BEGINNING, 0
        return False


def retention_chores(
    pool: Pool, settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Chore]:
    """List what is to be deleted; an age of 0 keeps rows forever."""
    ages = {
        JobStatus.COMPLETED: settings.retention_completed_days,
        JobStatus.FAILED: settings.retention_failed_days,
    }
    jobs = [
        Chore(
            name=f"{status.value} jobs",
            every_s=EVERY_S,
            work=JobRetention(pool, status, days, clock=clock).delete_batch,
        )
        for status, days in ages.items()
        if days
    ]
    keys = Chore(
        name="idempotency keys",
        every_s=EVERY_S,
        work=lambda: _delete(pool, "delete_idempotency_keys", {"limit": BATCH}),
    )
    deletions = Chore(
        name="unfollowed deletions", every_s=EVERY_S, work=lambda: drop_unfollowed_deletions(pool, clock())
    )
    return [
        *jobs,
        keys,
        deletions,
        *_alarms(pool, settings.retention_completed_days, clock),
        *_refusals(pool, clock),
        *_kept_as_long_as_jobs(pool, settings.retention_completed_days, clock),
    ]


def drop_unfollowed_deletions(pool: Pool, now: datetime) -> bool:
    """Forget which verdicts were deleted where no search engine asked for it; such an index is built anew."""
    parameters = {"before": now - timedelta(days=UNFOLLOWED_DAYS), "limit": BATCH}
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(QUERIES["delete_unfollowed_deletions"], parameters)
        count = cursor.rowcount
        if count:
            cursor.execute(QUERIES["restart_search"])
    return count == BATCH


def _alarms(pool: Pool, days: float, clock: Callable[[], datetime]) -> list[Chore]:
    """Alarms, anomalies among them with what was made of verdicts that are gone."""

    def work(name: str) -> bool:
        return _delete(pool, name, {"limit": BATCH})

    def alarms() -> bool:
        before = clock() - timedelta(days=days) if days else _BEGINNING
        return _delete(pool, "delete_alarms", {"before": before, "limit": BATCH})

    return [
        Chore(name="alarms", every_s=EVERY_S, work=alarms),
        Chore(name="alert heads", every_s=EVERY_S, work=lambda: work("delete_alert_heads")),
        Chore(name="alert checkpoints", every_s=EVERY_S, work=lambda: work("delete_alert_checkpoints")),
    ]


def _refusals(pool: Pool, clock: Callable[[], datetime]) -> list[Chore]:
    def work(name: str) -> bool:
        return _delete(pool, name, {"before": clock() - timedelta(days=REFUSAL_DAYS), "limit": BATCH})

    return [
        Chore(name="refused verdicts", every_s=EVERY_S, work=lambda: work("delete_refused_verdicts")),
        Chore(name="refused values", every_s=EVERY_S, work=lambda: work("delete_refused_values")),
        Chore(name="wrong clocks", every_s=EVERY_S, work=lambda: work("delete_wrong_clocks")),
        Chore(name="learning progress", every_s=EVERY_S, work=lambda: work("delete_learning_progress")),
    ]


def _kept_as_long_as_jobs(pool: Pool, days: float, clock: Callable[[], datetime]) -> list[Chore]:
    """Verdicts that a revision replaced, from the revision on; passes; what silent satellites left."""

    def work(name: str) -> bool:
        return _delete(pool, name, {"before": clock() - timedelta(days=days), "limit": BATCH})

    chores = [
        Chore(name="revisions", every_s=EVERY_S, work=lambda: work("delete_revisions")),
        Chore(name="passes", every_s=EVERY_S, work=lambda: work("delete_passes")),
        Chore(name="contacts", every_s=EVERY_S, work=lambda: work("delete_alarm_contacts")),
        Chore(name="tracks", every_s=EVERY_S, work=lambda: work("delete_alarm_tracks")),
    ]
    return chores if days else []


def _delete(pool: Pool, name: str, parameters: Mapping[str, Any]) -> bool:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(QUERIES[name], parameters)
        count = cursor.rowcount
    ROWS_EXPIRED.labels(name.removeprefix("delete_")).inc(count)
    return count == BATCH
