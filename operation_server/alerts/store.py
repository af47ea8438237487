"""Alarms as alerts, with what verdicts and operators said of each."""

import re
from collections.abc import Sequence
from typing import Any, Final

from alarms.life_cycle import facts_of
from operation_server.alarms.actions import newest_acknowledgements
from operation_server.alarms.store import NoSuchAlarm, rows_of
from operation_server.alerts import QUERIES
from operation_server.alerts.expectations import leading_channels
from operation_server.alerts.schemas import MAX_MEMBERS, Acknowledgement, Alert
from operation_server.alerts.states import (
    LISTED_KINDS,
    OPEN,
    alert_kind,
    alert_state,
    severity_of,
    suppression_of,
)
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

ALERT_ID_PATTERN: Final = (
    r"^([a-z][a-z0-9_]{0,49})\.([a-z][a-z0-9_]{0,99})\.([0-9]{1,13})\.(" + SATELLITE_ID_PATTERN[1:-1] + ")$"
)


def find_alarm(connection: Connection, alert_id: str) -> Row:
    """Return the alarm of this id, else that of its sign which its moment lies in, or raise `NoSuchAlarm`."""
    for row in rows_of(connection, [alert_id]):
        if not row["is_withdrawn"] and row["kind"] in LISTED_KINDS:
            return row
    for row in _alarms_at(connection, alert_id):
        if row["kind"] in LISTED_KINDS:
            return row
    raise NoSuchAlarm


def alerts_of(connection: Connection, alarms: Sequence[Row]) -> list[Alert]:
    """Add to alarms what verdicts and operators said of them."""
    judged = _judged(connection, [row for row in alarms if row["kind"] == "limit"])
    given = newest_acknowledgements(connection, alarms)
    named = _channels(connection, alarms)
    return [
        _alert(
            row,
            judged.get(row["alarm_id"], {}),
            given.get(row["alarm_id"]),
            named.get(row["alarm_id"]) or None,
        )
        for row in alarms
    ]


def history_of(connection: Connection, alarm: Row) -> list[Acknowledgement]:
    """Return who acknowledged an alarm, newest first."""
    return [_acknowledgement(row) for row in select(connection, QUERIES["acknowledgements"], alarm)]


def _alarms_at(connection: Connection, alert_id: str) -> list[Row]:
    match = re.fullmatch(ALERT_ID_PATTERN, alert_id)
    if match is None:
        return []
    subsystem, reason, milliseconds, satellite_id = match.groups()
    moment = time_of(int(milliseconds) * 1000)
    sign = {"satellite_id": satellite_id, "subsystem": subsystem, "reason": reason, "moment": moment}
    found = select(connection, QUERIES["alarm_at"], sign)
    return [row for row in found if row["returned_at"] is None or row["returned_at"] >= moment]


def _judged(connection: Connection, alarms: Sequence[Row]) -> dict[str, Row]:
    """Return what verdicts say of alarms of limits, of those that were judged."""
    parameters = {"alarm_ids": [row["alarm_id"] for row in alarms], "members_each": MAX_MEMBERS}
    found = select(connection, QUERIES["judged_limits"], parameters) if alarms else []
    return {row["alarm_id"]: row for row in found}


def _channels(connection: Connection, alarms: Sequence[Row]) -> dict[str, list[str]]:
    """Return what alarms are about: the channel of a limit, or those that made an anomaly's peak."""
    of_limits = {row["alarm_id"]: [row["channel"]] for row in alarms if row["channel"] is not None}
    anomalies = [row for row in alarms if row["peak_job_id"] is not None]
    job_ids = [row["peak_job_id"] for row in anomalies]
    found = select(connection, QUERIES["contributions"], {"job_ids": job_ids}) if anomalies else []
    peaks = {(row["job_id"], row["subsystem"]): row["contributions"] for row in found}
    of_anomalies = {
        row["alarm_id"]: leading_channels(peaks.get((row["peak_job_id"], row["subsystem"]), {}))
        for row in anomalies
    }
    return of_limits | of_anomalies


def _alert(alarm: Row, judged: Row, given: Row | None, channels: list[str] | None) -> Alert:
    facts, kind = facts_of(alarm["facts"]), alert_kind(alarm["kind"])
    state = alert_state(facts)
    return Alert(
        alert_id=alarm["alarm_id"],
        satellite_id=alarm["satellite_id"],
        subsystem=alarm["subsystem"],
        kind=kind,
        reason=None if kind == "anomaly" else alarm["reason"],
        severity=severity_of(alarm["severity"]),
        state=state,
        suppression=suppression_of(facts),
        is_open=state in OPEN,
        started_at=alarm["started_at"],
        last_at=alarm["last_at"],
        channels=channels,
        clock_behind_s=alarm["value"] if alarm["kind"] == "clock" else None,
        acknowledgement=_acknowledgement({**given, "acknowledged_at": given["at"]}) if given else None,
        **(_of_anomaly(alarm) if kind == "anomaly" else _of_verdicts(judged)),
    )


def _of_anomaly(alarm: Row) -> dict[str, Any]:
    names = ("peak_score", "peak_job_id", "newest_job_id")
    return {"verdict_count": alarm["violations"], **{name: alarm[name] for name in names}}


def _of_verdicts(judged: Row) -> dict[str, Any]:
    names = ("peak_score", "peak_job_id", "newest_job_id")
    return {"verdict_count": judged.get("verdict_count", 0), **{name: judged.get(name) for name in names}}


def _acknowledgement(row: Row) -> Acknowledgement:
    return Acknowledgement.model_validate(row)
