"""Alerts of the anomaly score: as the alarm server keeps them, and how far they are behind."""

from collections.abc import Sequence

from operation_server.alerts import QUERIES
from operation_server.alerts.episodes import MAX_EPISODES, Episode, Sign
from telemetry_core.contract.messages import job_id_of, microseconds_of, time_of
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select


def open_anomalies(connection: Connection, names: Sequence[str], signs: Sequence[Sign]) -> list[Episode]:
    """Return the alerts of some satellites that no verdict has ended."""
    return [_episode(row) for row in select(connection, QUERIES["open_anomalies"], _whose(names, signs))]


def overlapping_anomalies(
    connection: Connection, names: Sequence[str], signs: Sequence[Sign], *, start_ms: int, end_ms: int
) -> list[Episode]:
    """Return the alerts of some satellites that overlap a time range, newest first."""
    within = {"start": time_of(start_ms * 1000), "end": time_of(end_ms * 1000), "ceiling": MAX_EPISODES}
    return [
        _episode(row)
        for row in select(connection, QUERIES["overlapping_anomalies"], {**_whose(names, signs), **within})
    ]


def anomalies_behind_s(connection: Connection) -> float:
    """Return for how many seconds the oldest verdict has waited that the alerts don't count yet; 0 = none."""
    (found,) = select(connection, QUERIES["anomalies_behind"])
    return max(0.0, float(found["behind_s"]))


def _whose(names: Sequence[str], signs: Sequence[Sign]) -> dict[str, list[str]]:
    subsystems = [sign.subsystem for sign in signs if sign.reason is None]
    return {"satellites": list(names), "subsystems": subsystems}


def _episode(row: Row) -> Episode:
    started_us = microseconds_of(row["started_at"])
    return Episode(
        satellite_id=row["satellite_id"],
        sign=Sign(subsystem=row["subsystem"], reason=None),
        is_open=row["ended_at"] is None,
        started_ms=started_us // 1000,
        last_ms=microseconds_of(row["last_at"]) // 1000,
        verdict_count=row["verdict_count"],
        peak_score=row["peak_score"],
        peak_job_id=row["peak_job_id"],
        first_job_id=job_id_of(row["satellite_id"], started_us),
        newest_job_id=row["newest_job_id"],
    )
