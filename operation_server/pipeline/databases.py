"""PostgreSQL and the search engine, which holds a copy of its verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from operation_server.alarms.anomalies import anomalies_behind_s
from operation_server.dead_letters.office import next_positions
from operation_server.health.probes import Unavailable
from operation_server.pipeline import QUERIES
from operation_server.pipeline.schemas import DatabasePart, SearchPart
from operation_server.pipeline.thresholds import (
    Finding,
    connections_state,
    disk_state,
    lag_state,
    state_and_detail,
    transaction_state,
    unavailable,
    without_normal,
)
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.disk import DiskSpace, shortage

RELAY_CEILING: Final = 10_000
SEARCH_SINK: Final = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseNumbers:
    """What PostgreSQL said of itself, of the newest verdict and of what waits for the search engine."""

    server: Row
    newest_at: datetime | None
    relay_lag: int | None
    #: Jobs that are not judged yet; counts no further than `RELAY_CEILING`.
    open_jobs: int
    oldest_open_s: float | None
    anomalies_behind_s: float
    #: Verdicts that a sink refused, by sink, each row with the newest one.
    refused: Sequence[Row] = ()
    #: Dead letters that were collected and not handled, and where the collection of each partition goes on.
    open_letters: int = 0
    letter_positions: Mapping[int, int] = field(default_factory=dict)


def database_probe(pool: Pool) -> Callable[[], DatabaseNumbers]:
    """Ask PostgreSQL; all its statements are cheap on any number of rows."""

    def ask() -> DatabaseNumbers:
        with transaction(pool) as connection:
            (server,) = select(connection, QUERIES["pipeline_database"])
            newest = select(connection, QUERIES["newest_verdict"])
            (jobs,) = select(connection, QUERIES["open_jobs"], {"ceiling": RELAY_CEILING})
            waiting = select(
                connection, QUERIES["relay_lag"], {"sink": SEARCH_SINK, "ceiling": RELAY_CEILING}
            )
            behind_s = anomalies_behind_s(connection)
            refused = select(connection, QUERIES["refused_verdicts"], {"ceiling": RELAY_CEILING})
            (letters,) = select(connection, QUERIES["open_dead_letters"], {"ceiling": RELAY_CEILING})
            positions = next_positions(connection)
        return DatabaseNumbers(
            server=server,
            newest_at=newest[0]["completed_at"] if newest else None,
            relay_lag=waiting[0]["waiting"] if waiting else None,
            anomalies_behind_s=behind_s,
            refused=refused,
            open_letters=letters["count"],
            letter_positions=positions,
            **jobs,
        )

    return ask


def database_part(
    answer: DatabaseNumbers | Unavailable, disk: DiskSpace | Unavailable
) -> tuple[DatabasePart, list[Finding]]:
    """Judge connections, the oldest transaction and the room on the disk."""
    room = _room(disk)
    free_bytes = None if isinstance(disk, Unavailable) else disk.free_bytes
    if isinstance(answer, Unavailable):
        findings = [*unavailable(answer), *room]
        nothing: dict[str, Any] = dict.fromkeys(DatabasePart.model_fields)
        return DatabasePart(
            **{**nothing, "free_disk_bytes": free_bytes, **state_and_detail(findings)}
        ), findings
    server = answer.server
    used, allowed, age_s = server["connections"], server["max_connections"], server["oldest_transaction_s"]
    findings = without_normal(
        Finding(
            state=connections_state(used, allowed),
            message=f"{used} of {allowed} connections are in use: pg_stat_activity shows by whom",
        ),
        Finding(
            state=transaction_state(age_s),
            message=f"a transaction of {age_s or 0:.0f} s holds back the relay: see pg_stat_activity",
        ),
    )
    findings += room
    estimates = {name: None if server[name] < 0 else server[name] for name in ("jobs", "verdicts")}
    numbers = {**server, **estimates, "free_disk_bytes": free_bytes}
    return DatabasePart(**state_and_detail(findings), **numbers), findings


def _room(disk: DiskSpace | Unavailable) -> list[Finding]:
    if isinstance(disk, Unavailable):
        return unavailable(disk)
    return without_normal(Finding(state=disk_state(disk), message=f"disk: {shortage(disk)}"))


def search_part(
    answer: int | Unavailable | None, database: DatabaseNumbers | Unavailable, *, is_installed: bool
) -> tuple[SearchPart, list[Finding]]:
    """Judge how many verdicts the relay has not passed on to the engine; without one nothing waits for it."""
    if not is_installed:
        findings = [
            Finding(state="standby", message="no search engine is installed: ELASTICSEARCH_URL is empty")
        ]
        return SearchPart(**state_and_detail(findings), documents=None, relay_lag=None), findings
    findings = [
        finding for one in (answer, database) if isinstance(one, Unavailable) for finding in unavailable(one)
    ]
    documents = None if isinstance(answer, Unavailable) else answer
    lag = None if isinstance(database, Unavailable) else database.relay_lag
    if documents is None and not isinstance(answer, Unavailable):
        findings.append(
            Finding(state="standby", message="the index is not built yet: verdict_relay builds it")
        )
    if lag is not None:
        message = f"{lag} verdicts are not relayed yet: see the log of verdict-relay if the number grows"
        findings += without_normal(Finding(state=lag_state(lag), message=message))
    return SearchPart(**state_and_detail(findings), documents=documents, relay_lag=lag), findings
