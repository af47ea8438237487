"""What is deleted for its age, by configuration."""

from typing import Any

from housekeeping.retention import retention_chores
from telemetry_core.postgres.database import open_pool
from telemetry_core.service.settings import Settings


def names(**ages: Any) -> set[str]:
    settings = Settings(**ages)
    return {chore.name for chore in retention_chores(open_pool(settings, max_connections=1), settings)}


def test_by_default_nothing_is_kept_forever() -> None:
    assert names() == {
        "alarms", "alert checkpoints", "alert heads",
        "completed jobs", "failed jobs", "idempotency keys", "refused values", "refused verdicts",
        "revisions", "passes", "contacts", "tracks", "learning progress", "unfollowed deletions",
        "wrong clocks",
    }  # fmt: skip


def test_age_of_zero_keeps_rows_forever() -> None:
    assert names(retention_completed_days=0, retention_failed_days=0) == {
        "alarms",
        "alert checkpoints",
        "alert heads",
        "idempotency keys",
        "learning progress",
        "refused values",
        "refused verdicts",
        "unfollowed deletions",
        "wrong clocks",
    }
