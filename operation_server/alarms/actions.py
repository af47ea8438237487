"""What operators do with alarms: a transition of the life cycle, an event in the history, and one winner."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from alarms.life_cycle import Action, Refused, after, facts_of
from operation_server.alarms import QUERIES
from operation_server.alarms.schemas import AlarmFeedback, Assignment, Outcome
from operation_server.alarms.store import NoSuchAlarm, rows_of
from operation_server.http.dependencies import key_name
from operation_server.http.parameters import OperatorAction
from operation_server.http.responses import utc_text
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

SuppressionKind = Literal["shelved", "out_of_service"]

_EVENTS: Final[Mapping[Action, str]] = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.RESET: "reset",
    Action.SHELVE: "shelved",
    Action.UNSHELVE: "unshelved",
    Action.REMOVE_FROM_SERVICE: "removed_from_service",
    Action.RETURN_TO_SERVICE: "returned_to_service",
}
_SUPPRESSIONS: Final[Mapping[Action, SuppressionKind]] = {
    Action.SHELVE: "shelved",
    Action.UNSHELVE: "shelved",
    Action.REMOVE_FROM_SERVICE: "out_of_service",
    Action.RETURN_TO_SERVICE: "out_of_service",
}


class ActionRefused(Exception):  # noqa: N818 - named for what happened
    """The alarm's state does not allow it; the sentence says why, and who was there first."""


def acknowledge(pool: Pool, alarm_ids: Sequence[str], given: OperatorAction) -> list[Outcome]:
    """Acknowledge all of these alarms that can be; say of each what became of it."""
    with transaction(pool) as connection:
        refusals = _refusals(connection, _locked(connection, alarm_ids), Action.ACKNOWLEDGE)
        free = [alarm_id for alarm_id, refusal in refusals.items() if refusal is None]
        _write(connection, "acknowledge", {**_words(given), "alarm_ids": free})
    return [_outcome(alarm_id, refusals) for alarm_id in dict.fromkeys(alarm_ids)]


def newest_acknowledgements(connection: Connection, alarms: Sequence[Row]) -> dict[str, Row]:
    """Return who acknowledged each of some alarms, of those that somebody did: operator, comment, at."""
    return _newest(connection, alarms, _EVENTS[Action.ACKNOWLEDGE])


def reset(pool: Pool, alarm_id: str, given: OperatorAction) -> None:
    """Let a latching alarm go that has returned; raise `NoSuchAlarm` or `ActionRefused`."""
    with transaction(pool) as connection:
        row = _locked_one(connection, alarm_id)
        for refusal in filter(None, _refusals(connection, [row], Action.RESET).values()):
            raise ActionRefused(refusal)
        _write(connection, "reset", {**_words(given), "alarm_id": alarm_id})


def comment(pool: Pool, alarm_id: str, given: OperatorAction) -> None:
    """Add to an alarm's history; raise `NoSuchAlarm`."""
    with transaction(pool) as connection:
        _locked_one(connection, alarm_id)
        _write(connection, "comment", {**_words(given), "alarm_id": alarm_id})


def give_feedback(pool: Pool, alarm_id: str, given: AlarmFeedback) -> None:
    """Say what an alarm was, in place of what was said before; raise `NoSuchAlarm`."""
    with transaction(pool) as connection:
        _locked_one(connection, alarm_id)
        _write(
            connection, "give_feedback", {"alarm_id": alarm_id, "key_name": key_name(), **given.model_dump()}
        )


def assign(pool: Pool, alarm_id: str, assignment: Assignment) -> None:
    """Say who takes care of an alarm; raise `NoSuchAlarm`, or `ActionRefused` where another one does."""
    with transaction(pool) as connection:
        row = _locked_one(connection, alarm_id)
        if row["assigned_to"] != assignment.replaces:
            reason = f"it is assigned to {row['assigned_to'] or 'nobody'}"
            raise ActionRefused(
                _told(reason, "assigned", _newest(connection, [row], "assigned").get(alarm_id))
            )
        given = {"assigned_to": assignment.assigned_to, "replaces": assignment.replaces}
        _write(connection, "assign", {**_words(assignment), **given, "alarm_id": alarm_id})


def suppress(
    pool: Pool, alarm_id: str, given: OperatorAction, action: Action, *, until: datetime | None = None
) -> None:
    """Shelve an alarm, with all of its sign, or take it out of service, or undo either.

    Raises `NoSuchAlarm` or `ActionRefused`.
    """
    event = _EVENTS[action]
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_sign"], _locked_one(connection, alarm_id))
        (row,) = rows_of(connection, [alarm_id])
        reason = _reason_against(row, action)
        if reason is not None:
            newest = select(connection, QUERIES["newest_event_of_sign"], {**row, "event": event})
            raise ActionRefused(_told(reason, event, next(iter(newest), None)))
        written = _write(
            connection,
            "suppress" if action in {Action.SHELVE, Action.REMOVE_FROM_SERVICE} else "unsuppress",
            {**row, **_words(given), "kind": _SUPPRESSIONS[action], "event": event, "until": until},
        )
        if not written:
            raise ActionRefused("its satellite is retired, and its alarms out of service with it")


def _locked(connection: Connection, alarm_ids: Sequence[str]) -> list[Row]:
    """Return the alarms that are there; nobody else changes them until the transaction ends."""
    select(connection, QUERIES["lock_alarms"], {"alarm_ids": list(alarm_ids)})
    return rows_of(connection, alarm_ids)


def _locked_one(connection: Connection, alarm_id: str) -> Row:
    rows = _locked(connection, [alarm_id])
    if not rows:
        raise NoSuchAlarm
    return rows[0]


def _refusals(connection: Connection, rows: Sequence[Row], action: Action) -> dict[str, str | None]:
    """Say of each alarm why it does not allow an action, and who did it last; None: it does."""
    reasons = {row["alarm_id"]: _reason_against(row, action) for row in rows}
    event = _EVENTS[action]
    newest = _newest(connection, [row for row in rows if reasons[row["alarm_id"]]], event)
    return {
        alarm_id: reason and _told(reason, event, newest.get(alarm_id))
        for alarm_id, reason in reasons.items()
    }


def _reason_against(row: Row, action: Action) -> str | None:
    if row["is_withdrawn"]:
        return "it is withdrawn: late telemetry showed that it is no alarm of its own"
    try:
        after(facts_of(row["facts"]), action)
    except Refused as refused:
        return str(refused)
    return None


def _newest(connection: Connection, rows: Sequence[Row], event: str) -> dict[str, Row]:
    """Return the newest event of a kind of each alarm that has one."""
    parameters = {"alarm_ids": [row["alarm_id"] for row in rows], "event": event}
    return {row["alarm_id"]: row for row in select(connection, QUERIES["newest_events"], parameters)}


def _told(reason: str, event: str, newest: Row | None) -> str:
    """Add to a reason who did it before, when and with which words, if somebody did."""
    if newest is None:
        return reason
    did = event.replace("_", " ")
    return f"{reason}; last {did} by {newest['operator']} at {utc_text(newest['at'])}: {newest['comment']}"


def _outcome(alarm_id: str, refusals: Mapping[str, str | None]) -> Outcome:
    if alarm_id not in refusals:
        return Outcome(alarm_id=alarm_id, result="unknown", detail=str(NoSuchAlarm()))
    detail = refusals[alarm_id]
    return Outcome(alarm_id=alarm_id, result="refused" if detail else "acknowledged", detail=detail)


def _words(given: OperatorAction) -> dict[str, Any]:
    return {"operator": given.operator, "key_name": key_name(), "comment": given.comment}


def _write(connection: Connection, name: str, parameters: Mapping[str, Any]) -> int:
    """Return how many events were written."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], parameters)
        return cursor.rowcount
