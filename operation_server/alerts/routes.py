"""Alerts of anomalies, limits and whole satellites: the alarms, in the words of their first form."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query

from operation_server.alarms.actions import acknowledge
from operation_server.alarms.anomalies import anomalies_behind_s
from operation_server.alarms.filters import Filters
from operation_server.alarms.store import NoSuchAlarm, find_page
from operation_server.alerts.evidence import evidence_of, read_stored
from operation_server.alerts.schemas import AlertDetail, Alerts
from operation_server.alerts.states import ALARM_KINDS, CLEARED, LISTED_KINDS, AlertKind, AlertState, codes_of
from operation_server.alerts.store import ALERT_ID_PATTERN, alerts_of, find_alarm, history_of
from operation_server.http.dependencies import ProvidedMission, ProvidedPool
from operation_server.http.parameters import API_PREFIX, OperatorAction, RecentDay, Satellite
from operation_server.http.problems import responses
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Name
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=f"{API_PREFIX}/alerts", tags=["alerts"])

DEFAULT_ALERTS: Final = 500
MAX_ALERTS: Final = 1_000

AlertId = Annotated[
    str,
    Path(pattern=ALERT_ID_PATTERN, description="`alert_id` of an alert, or with any moment within it"),
]


@router.get("", responses=responses(422, 503))
def list_alerts(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    within: RecentDay,
    satellite_id: Satellite | None = None,
    subsystem: Name | None = None,
    kind: AlertKind | None = None,
    state: Annotated[list[AlertState] | None, Query(description="Any of these; by default all")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ALERTS)] = DEFAULT_ALERTS,
) -> Alerts:
    """Return the alerts that overlap a time range, newest start first."""
    filters = Filters(
        satellite_id=satellite_id,
        subsystem=subsystem,
        kinds=list(ALARM_KINDS[kind] if kind else LISTED_KINDS),
        codes=codes_of(state) if state else None,
        unresolved_only=bool(state) and CLEARED not in (state or []),
        start=within.start,
        end=within.end,
    )
    with transaction(pool) as connection:
        alarms, following = find_page(connection, filters, None, limit=limit)
        return Alerts(
            alerts=alerts_of(connection, alarms),
            count=len(alarms),
            is_truncated=following is not None,
            anomalies_behind_s=anomalies_behind_s(connection),
        )


@router.get("/{alert_id}", responses=responses(404, 422, 503))
def get_alert(pool: ProvidedPool, mission: ProvidedMission, alert_id: AlertId) -> AlertDetail:
    """Return one alert, why it stands and who acknowledged it."""
    return _detail(pool, mission, alert_id)


@router.post("/{alert_id}/acknowledgements", status_code=201, responses=responses(404, 409, 422, 503))
def acknowledge_alert(
    pool: ProvidedPool, mission: ProvidedMission, alert_id: AlertId, acknowledgement: OperatorAction
) -> AlertDetail:
    """Acknowledge an alert once; of two at once one wins, the other is told who did."""
    with _found(), transaction(pool) as connection:
        found_id = find_alarm(connection, alert_id)["alarm_id"]
    (outcome,) = acknowledge(pool, [found_id], acknowledgement)
    if outcome.result != "acknowledged":
        raise HTTPException(404 if outcome.result == "unknown" else 409, outcome.detail)
    return _detail(pool, mission, found_id)


def _detail(pool: Pool, mission: Mission, alert_id: str) -> AlertDetail:
    with _found(), transaction(pool) as connection:
        alarm = find_alarm(connection, alert_id)
        (alert,) = alerts_of(connection, [alarm])
        stored = read_stored(connection, alarm, alert)
        history = history_of(connection, alarm)
        behind_s = anomalies_behind_s(connection)
    return AlertDetail(
        **alert.model_dump(),
        why=evidence_of(mission, alarm, alert, stored),
        verdicts=list(stored.verdicts),
        history=history,
        anomalies_behind_s=behind_s,
    )


@contextmanager
def _found() -> Iterator[None]:
    """Answer 404 where an alert is not there."""
    try:
        yield
    except NoSuchAlarm as error:
        raise HTTPException(404, "No such alert: list the alerts again") from error
