"""Alarms, their history and the memory of limits in PostgreSQL, within one transaction of the caller's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from alarm_server import QUERIES
from alarm_server.groups.store import save_alarms
from alarm_server.readings import Contradiction, Reader
from alarm_server.rows import insert, moment, save_events
from alarm_server.signs import RULE_KINDS, Sign
from alarm_server.track_documents import document_of, track_of
from alarm_server.tracking import Key, Known, Update
from alarms.limit_tracks import Occurrence
from alarms.occurrence_changes import Change, Event, alarm_id_of
from alarms.violation_runs import has_moved
from telemetry_core.contract.messages import CLOCK_PATIENCE, microseconds_of
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select, to_json

LIMIT_CHANGED: Final = "limit_changed"
"""Why an alarm returned whose value would be none under the limit of now."""


class ChangedElsewhere(Exception):  # noqa: N818 - named for what happened
    """Another service has changed some tracks since they were read: the batch is to be planned anew."""

    def __init__(self, keys: Iterable[Key]) -> None:
        super().__init__()
        self.keys = list(keys)


def end_alarms_without_rule(connection: Connection, reader: Reader) -> None:
    """End the alarms of what a satellite's limits no longer have: no sample would."""
    known = [(name, sign) for name, signs in reader.signs.items() for sign in signs]
    named = {
        "used": to_json({name: reader.limits.set_of(name) for name in reader.limits.switches}),
        "default": DEFAULT_SET,
        "sets": [name for name, _ in known],
        "subsystems": [sign.subsystem for _, sign in known],
        "reasons": [sign.rule.reason for _, sign in known],
        "are_delta": [sign.measure is not None for _, sign in known],
    }
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["end_alarms_without_rule"], named)


def load_tracks(connection: Connection, keys: Sequence[Key] | None = None) -> dict[Key, Known]:
    """Read the tracks that a restart must know of: all, or those of some keys."""
    found = (
        select(connection, QUERIES["tracks"], {})
        if keys is None
        else select(connection, QUERIES["tracks_of"], _columns(keys))
    )
    return {
        (row["satellite_id"], row["subsystem"], row["reason"]): Known(
            track=track_of(row["track"]), revision=row["revision"]
        )
        for row in found
    }


def save(connection: Connection, updates: Sequence[Update]) -> None:
    """Write what a batch changed, or raise `ChangedElsewhere` and leave the transaction to be rolled back."""
    _save_tracks(connection, [update for update in updates if update.is_worth_saving])
    changed = [(update, change) for update in updates for change in update.changes]
    newest = {_alarm_id(update, change.occurrence): (update, change) for update, change in changed}
    # In the order of their ids, as operators' actions lock several.
    save_alarms(
        connection, QUERIES["save_alarms"], [_alarm_values(*newest[alarm_id]) for alarm_id in sorted(newest)]
    )
    events = [
        (
            _alarm_id(update, change.occurrence),
            change.event.value,
            moment(change.at_us),
            to_json(_details(update, change)),
        )
        for update, change in changed
        if change.event is not None
    ]
    save_events(connection, events)


def _save_tracks(connection: Connection, updates: Sequence[Update]) -> None:
    rows = [(*update.key, update.revision, to_json(document_of(update.remembered))) for update in updates]
    # In the order of their keys: two services that save the same rows wait for each other, and never both.
    saved = insert(connection, QUERIES["save_tracks"], sorted(rows), fetch=True)
    done = {(row["satellite_id"], row["subsystem"], row["reason"]) for row in saved}
    if missed := {update.key for update in updates} - done:
        raise ChangedElsewhere(missed)


def load_contradictions(connection: Connection) -> list[Contradiction]:
    """Read what the trigger noted lately of sample sets that contradict earlier ones."""
    return [
        Contradiction(
            satellite_id=row["satellite_id"],
            behind_s=row["value"],
            first_us=microseconds_of(row["first_at"]),
            last_us=microseconds_of(row["last_at"]),
        )
        for row in select(connection, QUERIES["contradictions"], {"patience": CLOCK_PATIENCE})
    ]


def expire_shelves(connection: Connection) -> None:
    """Let shelved alarms come back whose time is over."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["expire_shelves"])


def _alarm_id(update: Update, occurrence: Occurrence) -> str:
    satellite_id, subsystem, reason = update.key
    return alarm_id_of(subsystem, reason, occurrence.named_us, satellite_id)


def _alarm_values(update: Update, change: Change) -> tuple[Any, ...]:
    found, rule = change.occurrence, update.sign.rule
    return (
        _alarm_id(update, found),
        *update.key,
        update.sign.kind,
        rule.channel,
        rule.severity,
        rule.latching,
        moment(found.started_us),
        moment(found.raised_us),
        moment(found.last_us),
        None if found.returned_us is None else moment(found.returned_us),
        change.event is Event.WITHDRAWN,
        found.violations,
        found.activations,
        None if found.chattering_us is None else moment(found.chattering_us),
        found.value,
        *_worst_and_limit(update.sign, found),
    )


def _worst_and_limit(sign: Sign, found: Occurrence) -> tuple[float | None, float | None]:
    """Of a change what the value is and was; a forecast has neither, its limit is in its history."""
    if sign.rule.change:
        return found.value, found.before
    if sign.kind == "forecast":
        return None, None
    return found.worst_value, sign.rule.broken_limit(found.worst_value)


def _details(update: Update, change: Change) -> dict[str, Any]:
    found = change.occurrence
    if update.sign.rule.change:
        return {"old": {"value": found.before}, "new": {"value": found.value}}
    facts = update.facts.get(change.at_us, {})
    is_moved = update.sign.kind in RULE_KINDS and has_moved(update.sign.rule, found.value)
    if is_moved and change.event is Event.RETURNED:
        facts = {**facts, "cause": LIMIT_CHANGED}
    return {"value": found.value, "worst_value": found.worst_value, **facts}


def raise_alarms(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Raise alarms that no sign of a rule stands behind; one that is there stays as it is.

    Of each: id, satellite, subsystem, reason, kind, channel, severity, start, when raised, newest sample.
    """
    save_alarms(connection, QUERIES["raise_alarms"], rows)


def end_alarms(connection: Connection, ended: Mapping[str, int]) -> None:
    """End such alarms, named by their ids, with the moments at which all was well again, microseconds."""
    returned = [moment(at_us) for at_us in ended.values()]
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["end_alarms"], {"alarm_ids": list(ended), "returned": returned})


def _columns(keys: Sequence[Key]) -> dict[str, list[str]]:
    return {
        "satellites": [key[0] for key in keys],
        "subsystems": [key[1] for key in keys],
        "reasons": [key[2] for key in keys],
    }
