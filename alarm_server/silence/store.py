"""Contacts and alarms of silence in PostgreSQL, within one transaction of the caller's."""

from collections.abc import Collection, Mapping, Sequence

from alarm_server.rows import insert, moment, save_events
from alarm_server.silence import QUERIES
from alarm_server.silence.heard import Heard, groups_of
from alarm_server.silence.telling import Silence, StandingSilence
from alarm_server.sources import Source
from alarm_server.store import raise_alarms
from alarms.occurrence_changes import Event, alarm_id_of
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.mission import SATELLITE, Window
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select, to_json


def load_contacts(
    connection: Connection,
    sources: Collection[Source],
    *,
    limit: int,
    names: Sequence[str] | None = None,
) -> dict[str, Heard]:
    """Read when some satellites, or all, were last heard: the `limit` newest, the longest unheard first."""
    return {
        row["satellite_id"]: Heard(
            generated_us=microseconds_of(row["generated_at"]),
            received_us=microseconds_of(row["received_at"]),
            is_replayed=row["is_replayed"],
            groups=groups_of(row["tracks"] or (), sources),
        )
        for row in select(connection, QUERIES["contacts"], {"names": names, "limit": limit})
    }


def save_contacts(
    connection: Connection,
    heard: Mapping[str, Heard],
    tracked: Collection[str],
    gaps: Window,
    *,
    limit: int,
) -> None:
    """Keep when some satellites were last heard, and of those that are `tracked` when their parts were.

    What another service knows of later stays. Of more than `limit` those that were heard longest ago are
    forgotten.
    """
    rows = [
        (
            name,
            moment(last.generated_us),
            moment(last.received_us),
            last.is_replayed,
            to_json(last.documents() if name in tracked else None),
            to_json(last.patience_s(gaps) if name in tracked else None),
        )
        for name, last in sorted(heard.items())
    ]
    insert(connection, QUERIES["save_contacts"], rows)
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["forget_contacts"], {"limit": limit})


def load_silences(connection: Connection) -> dict[str, StandingSilence]:
    """Return the standing alarms of silence by their ids."""
    return {
        row["alarm_id"]: StandingSilence(
            satellite_id=row["satellite_id"],
            source=("" if row["subsystem"] == SATELLITE else row["subsystem"], row["channel"] or ""),
            since_us=microseconds_of(row["started_at"]),
        )
        for row in select(connection, QUERIES["standing_silences"], {})
    }


def raise_silences(
    connection: Connection, silent: Sequence[Silence], now_us: int
) -> dict[str, StandingSilence]:
    """Raise the alarms of what fell silent."""
    named = {alarm_id_of(one.subsystem, one.reason, one.since_us, one.satellite_id): one for one in silent}
    rows = [
        (
            alarm_id,
            *(one.satellite_id, one.subsystem, one.reason, "stale", one.channel, one.severity),
            *(moment(one.since_us), moment(now_us), moment(one.since_us)),
        )
        for alarm_id, one in sorted(named.items())
    ]
    raise_alarms(connection, rows)
    save_events(
        connection,
        [
            (alarm_id, Event.RAISED.value, moment(one.since_us), to_json(one.details))
            for alarm_id, one in named.items()
        ],
    )
    return {
        alarm_id: StandingSilence(satellite_id=one.satellite_id, source=one.source, since_us=one.since_us)
        for alarm_id, one in named.items()
    }
