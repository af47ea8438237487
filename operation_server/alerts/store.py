"""Reading alerts: of the anomaly score, of judged limits and present breaches; their acknowledgements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from operation_server.alerts import QUERIES
from operation_server.alerts.anomalies import open_anomalies, overlapping_anomalies
from operation_server.alerts.breaches import Breaches
from operation_server.alerts.episodes import ANOMALY, HOLD, MAX_EPISODES, Episode, Sign
from telemetry_core.contract.messages import generated_ms_of, time_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

MAX_MEMBERS: Final = 1_000
"""No more members of an episode of a limit are counted, the newest ones."""
MAX_STEPS: Final = 1_000
_LAST_MS: Final = 9_999_999_999_999


class NoSuchAlert(LookupError):  # noqa: N818 - named for what is wrong
    """No alert lies at the moment that an id names."""


class AlreadyAcknowledged(Exception):  # noqa: N818 - named for what happened
    """Somebody else acknowledged the alert first; the sentence says who, when and with which words."""


Wanted = tuple[str, Sign, int]
"""Satellite, sign and a moment of an alert, as its id names them."""

Acknowledged = Mapping[tuple[str, Sign, int], Sequence[Row]]
"""Acknowledgements, newest first, by satellite, sign and start of the alert."""


def satellites(connection: Connection) -> list[str]:
    """Return all satellites that any job names."""
    return [row["satellite_id"] for row in select(connection, QUERIES["satellites"])]


def open_episodes(
    connection: Connection, names: Sequence[str], signs: Sequence[Sign], *, members_each: int = MAX_MEMBERS
) -> list[Episode]:
    """Return the episodes that no verdict has ended."""
    limits = [sign for sign in signs if sign.reason is not None]
    parameters = {"satellites": list(names), **HOLD, **_columns(limits)}
    found = [
        (row["satellite_id"], Sign(subsystem=row["subsystem"], reason=row["reason"]))
        for row in select(connection, QUERIES["open_limits"], parameters)
    ]
    broken = _limit_episodes(
        connection, found, within_ms=(0, _LAST_MS), episodes_each=1, members_each=members_each
    )
    return open_anomalies(connection, names, signs) + broken


def overlapping_episodes(
    connection: Connection, names: Sequence[str], signs: Sequence[Sign], *, start_ms: int, end_ms: int
) -> list[Episode]:
    """Return the episodes that overlap a time range; an open one lasts until now."""
    within_ms = start_ms, end_ms
    broken = {
        (row["satellite_id"], row["reason"])
        for row in select(
            connection, QUERIES["broken_limits"], {"satellites": list(names), **_range(within_ms)}
        )
    }
    keys = [(name, sign) for name in names for sign in signs if (name, sign.reason) in broken]
    found = overlapping_anomalies(connection, names, signs, start_ms=start_ms, end_ms=end_ms)
    found += _limit_episodes(connection, keys, within_ms=within_ms, episodes_each=MAX_STEPS)
    still_open = [item for item in open_episodes(connection, names, signs) if item.started_ms <= end_ms]
    return list({(item.key, item.started_ms): item for item in found + still_open}.values())


def episode_at(connection: Connection, satellite_id: str, sign: Sign, moment_ms: int) -> Episode | None:
    """Return the episode that a moment lies in."""
    if sign.reason is None:
        found = overlapping_anomalies(
            connection, [satellite_id], [sign], start_ms=moment_ms, end_ms=moment_ms
        )
    else:
        key = (satellite_id, sign)
        found = _limit_episodes(connection, [key], within_ms=(0, moment_ms), episodes_each=1)
    return next((item for item in found if item.contains(moment_ms)), None)


def unjudged_episodes(
    connection: Connection, breaches: Breaches, keys: Iterable[tuple[str, Sign]]
) -> list[Episode]:
    """Return the breaches that no stored episode covers: nothing is judged, or not yet."""
    wanted = set(keys)
    names, signs = {name for name, _ in wanted}, {sign for _, sign in wanted}
    if not wanted:
        return []
    judged = {item.key for item in open_episodes(connection, sorted(names), list(signs), members_each=1)}
    found = breaches.episodes(wanted - judged)
    return [item for item in found if episode_at(connection, *item.key, item.last_ms) is None]


def acknowledgements(connection: Connection, episodes: Sequence[Episode]) -> Acknowledged:
    """Return the acknowledgements that name a moment within each episode.

    One of an open episode may name a sample whose verdict is still to come.
    """
    parameters = {
        "satellites": [item.satellite_id for item in episodes],
        "subsystems": [item.sign.subsystem for item in episodes],
        "reasons": [item.sign.reason or ANOMALY for item in episodes],
        "first": [moment(item.started_ms) for item in episodes],
        "last": [moment(_LAST_MS if item.is_open else item.last_ms) for item in episodes],
    }
    found: dict[tuple[str, Sign, int], list[Row]] = {}
    for row in select(connection, QUERIES["acknowledgements_within"], parameters):
        episode = episodes[row.pop("place") - 1]
        found.setdefault((*episode.key, episode.started_ms), []).append(row)
    return found


def breach_at(breaches: Breaches, wanted: Wanted) -> Episode | None:
    """Return the present breach that a moment lies in, judged or not."""
    satellite_id, sign, moment_ms = wanted
    present = breaches.present() & {(satellite_id, sign)} if sign.reason else set()
    return next((item for item in breaches.episodes(present) if item.contains(moment_ms)), None)


def find_alert(connection: Connection, wanted: Wanted, breach: Episode | None) -> Episode:
    """Return the alert that an id names, else raise `NoSuchAlert`.

    A breach has become the open stored one as soon as one of its verdicts arrived, not always the first.
    """
    satellite_id, sign, moment_ms = wanted
    stored = episode_at(connection, satellite_id, sign, moment_ms)
    if stored is not None:
        return stored
    if breach is None:
        raise NoSuchAlert("No such alert: its verdicts may have been revised; list the alerts again")
    return next(iter(open_episodes(connection, [satellite_id], [sign])), breach)


def acknowledge(pool: Pool, present: Episode | None, wanted: Wanted, *, operator: str, comment: str) -> None:
    """Add an acknowledgement, or raise `NoSuchAlert`, or `AlreadyAcknowledged` where there is one."""
    satellite_id, sign, _ = wanted
    name = {"satellite_id": satellite_id, "subsystem": sign.subsystem, "reason": sign.reason or ANOMALY}
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_alert"], name)
        episode = find_alert(connection, wanted, present)
        for earlier in acknowledgements(connection, [episode]).values():
            raise AlreadyAcknowledged(_already(earlier[0]))
        given = {"generated_at": moment(episode.last_ms), "operator": operator, "comment": comment}
        select(connection, QUERIES["insert_acknowledgement"], {**name, **given})


def moment(milliseconds: int) -> datetime:
    """Convert milliseconds since 1970 UTC."""
    return time_of(milliseconds * 1000)


def _already(row: Row) -> str:
    when = row["acknowledged_at"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"Already acknowledged by {row['operator']} at {when}: {row['comment']}"


def _limit_episodes(
    connection: Connection,
    keys: Sequence[tuple[str, Sign]],
    *,
    within_ms: tuple[int, int],
    episodes_each: int,
    members_each: int = MAX_MEMBERS,
) -> list[Episode]:
    if not keys:
        return []
    parameters = {
        "satellites": [name for name, _ in keys],
        **_columns([sign for _, sign in keys]),
        **_range(within_ms),
        "episodes_each": episodes_each,
        "ceiling": MAX_EPISODES,
        "members_each": members_each,
        **HOLD,
    }
    return [_episode(row) for row in select(connection, QUERIES["limit_episodes"], parameters)]


def _range(within_ms: tuple[int, int]) -> dict[str, str]:
    start, end = (f"{moment_ms:013d}" for moment_ms in within_ms)
    return {"start": start, "end": end}


def _columns(signs: Sequence[Sign]) -> dict[str, list[str | None]]:
    return {
        "subsystems": [sign.subsystem for sign in signs],
        "reasons": [sign.reason for sign in signs],
    }


def _episode(row: dict[str, Any]) -> Episode:
    return Episode(
        satellite_id=row["satellite_id"],
        sign=Sign(subsystem=row["subsystem"], reason=row["reason"]),
        is_open=row["is_open"],
        started_ms=generated_ms_of(row["first_job_id"]),
        last_ms=generated_ms_of(row["newest_job_id"]),
        verdict_count=row["verdict_count"],
        peak_score=row["peak_score"],
        peak_job_id=row["peak_job_id"],
        first_job_id=row["first_job_id"],
        newest_job_id=row["newest_job_id"],
    )
