"""Anomaly alerts, limit alerts and satellite alerts; their reasons and acknowledgements."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from operation_server.alerts import conditions
from operation_server.alerts.anomalies import anomalies_behind_s
from operation_server.alerts.breaches import Breaches
from operation_server.alerts.episodes import (
    ALERT_ID_PATTERN,
    MAX_EPISODES,
    AlertState,
    Episode,
    Sign,
    parse_alert_id,
    signs_of,
    state_of,
)
from operation_server.alerts.evidence import read_stored, stored_evidence, unjudged_evidence
from operation_server.alerts.schemas import (
    Acknowledgement,
    Alert,
    AlertDetail,
    AlertKind,
    Alerts,
)
from operation_server.alerts.store import (
    Acknowledged,
    AlreadyAcknowledged,
    NoSuchAlert,
    Wanted,
    acknowledge,
    acknowledgements,
    breach_at,
    find_alert,
    moment,
    overlapping_episodes,
    satellites,
    unjudged_episodes,
)
from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX, OperatorAction, RecentDay, Satellite, TimeRange
from operation_server.http.problems import responses
from operation_server.telemetry.series import milliseconds_of
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Name
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=f"{API_PREFIX}/alerts", tags=["alerts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What alerts are read from."""

    pool: Pool
    mission: Mission
    breaches: Breaches
    #: Returns the open alerts of satellites as a whole.
    conditions: Callable[[], Sequence[Episode]]


SOURCES: Final = Slot[Sources]("alert_sources")

ProvidedSources = Annotated[Sources, Depends(SOURCES)]

DEFAULT_ALERTS: Final = 500
MAX_ALERTS: Final = 1_000

AlertId = Annotated[
    str,
    Path(pattern=ALERT_ID_PATTERN, description="`alert_id` of an alert; it stays valid when its start moves"),
]


@router.get("", responses=responses(422, 503))
def list_alerts(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    sources: ProvidedSources,
    within: RecentDay,
    satellite_id: Satellite | None = None,
    subsystem: Name | None = None,
    kind: AlertKind | None = None,
    state: Annotated[list[AlertState] | None, Query(description="Any of these; by default all")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ALERTS)] = DEFAULT_ALERTS,
) -> Alerts:
    """Return the alerts that overlap a time range, newest start first."""
    signs = [
        sign
        for sign in _signs(sources)
        if subsystem in {None, sign.subsystem} and kind in {None, _kind(sign)}
    ]
    found, behind_s = _alerts_within(sources, within, signs, satellite_id)
    wanted = [alert for alert in found if not state or alert.state in state]
    shown = sorted(wanted, key=lambda alert: (alert.started_at, alert.alert_id), reverse=True)[:limit]
    return Alerts(
        alerts=shown,
        count=len(shown),
        is_truncated=len(wanted) > limit or len(found) >= MAX_EPISODES,
        anomalies_behind_s=behind_s,
    )


@router.get("/{alert_id}", responses=responses(404, 422, 503))
def get_alert(sources: ProvidedSources, alert_id: AlertId) -> AlertDetail:
    """Return one alert, why it stands and who acknowledged it."""
    wanted = _wanted(sources, alert_id)
    breach = _present_at(sources, wanted)
    with _answered(), transaction(sources.pool) as connection:
        episode = find_alert(connection, wanted, breach)
        stored = read_stored(connection, episode) if episode.verdict_count else None
        history = _history(episode, acknowledgements(connection, [episode]))
        behind_s = anomalies_behind_s(connection)
    why = None
    if stored is not None:
        why = stored_evidence(sources.mission, episode, stored)
    elif episode.sign not in conditions.SIGNS:
        why = unjudged_evidence(sources.mission, sources.breaches, episode)
    return AlertDetail(
        **_alert(episode, history).model_dump(),
        why=why,
        verdicts=[] if stored is None else list(stored.verdicts),
        history=history,
        anomalies_behind_s=behind_s,
    )


@router.post("/{alert_id}/acknowledgements", status_code=201, responses=responses(404, 409, 422, 503))
def acknowledge_alert(
    sources: ProvidedSources, alert_id: AlertId, acknowledgement: OperatorAction
) -> AlertDetail:
    """Acknowledge an alert once; of two at once one wins, the other is told who did."""
    wanted = _wanted(sources, alert_id)
    present = _present_at(sources, wanted)
    with _answered():
        acknowledge(
            sources.pool,
            present,
            wanted,
            operator=acknowledgement.operator,
            comment=acknowledgement.comment,
        )
    return get_alert(sources, alert_id)


@contextmanager
def _answered() -> Iterator[None]:
    """Answer 404 where an alert is not there, 409 where somebody else acknowledged it first."""
    try:
        yield
    except NoSuchAlert as error:
        raise HTTPException(404, str(error)) from error
    except AlreadyAcknowledged as error:
        raise HTTPException(409, str(error)) from error


def _signs(sources: Sources) -> list[Sign]:
    """Return what an alert may be of: a subsystem's score or rule, or a satellite as a whole."""
    return [*signs_of(sources.mission), *conditions.SIGNS]


def _wanted(sources: Sources, alert_id: str) -> Wanted:
    """Read an id; one of another mission names no alert here."""
    wanted = parse_alert_id(alert_id)
    if wanted[1] not in _signs(sources):
        raise HTTPException(404, "No such alert: the mission has no such subsystem or rule")
    return wanted


def _present_at(sources: Sources, wanted: Wanted) -> Episode | None:
    """Return the present alert that no verdict tells of and that a moment lies in."""
    satellite_id, sign, moment_ms = wanted
    found = [item for item in sources.conditions() if item.key == (satellite_id, sign)]
    present = next((item for item in found if item.contains(moment_ms)), None)
    return present or breach_at(sources.breaches, wanted)


def _kind(sign: Sign) -> AlertKind:
    if sign in conditions.SIGNS:
        return "satellite"
    return "anomaly" if sign.reason is None else "limit"


def _alerts_within(
    sources: Sources, within: TimeRange, signs: Sequence[Sign], satellite_id: str | None
) -> tuple[list[Alert], float]:
    """Return the alerts of a time range, and how far those of the anomaly score are behind, in seconds."""
    start_ms, end_ms = milliseconds_of(within.start), milliseconds_of(within.end)
    present = {
        (name, sign)
        for name, sign in sources.breaches.present()
        if sign in signs and satellite_id in {None, name}
    }
    standing = [
        item
        for item in sources.conditions()
        if item.sign in signs and satellite_id in {None, item.satellite_id}
    ]
    with transaction(sources.pool) as connection:
        names = [satellite_id] if satellite_id else satellites(connection)
        stored = overlapping_episodes(connection, names, signs, start_ms=start_ms, end_ms=end_ms)
        unjudged = unjudged_episodes(connection, sources.breaches, present)
        known = {item.key for item in stored if item.is_open} | {item.key for item in unjudged}
        unjudged += [item for item in standing if item.key not in known]
        episodes = stored + [item for item in unjudged if item.started_ms <= end_ms]
        acknowledged = acknowledgements(connection, episodes)
        behind_s = anomalies_behind_s(connection)
    return [_alert(item, _history(item, acknowledged)) for item in episodes], behind_s


def _history(episode: Episode, acknowledged: Acknowledged) -> list[Acknowledgement]:
    given = acknowledged.get((*episode.key, episode.started_ms), [])
    return [Acknowledgement.model_validate(row) for row in given]


def _alert(episode: Episode, history: Sequence[Acknowledgement]) -> Alert:
    kind = _kind(episode.sign)
    return Alert(
        alert_id=episode.alert_id,
        satellite_id=episode.satellite_id,
        subsystem=episode.sign.subsystem,
        kind=kind,
        reason=episode.sign.reason,
        severity="critical" if kind == "limit" else "serious",
        state=state_of(is_open=episode.is_open, is_acknowledged=bool(history)),
        is_open=episode.is_open,
        started_at=moment(episode.started_ms),
        last_at=moment(episode.last_ms),
        clock_behind_s=episode.value if episode.sign in conditions.CLOCK_SIGNS else None,
        verdict_count=episode.verdict_count,
        peak_score=episode.peak_score,
        peak_job_id=episode.peak_job_id,
        newest_job_id=episode.newest_job_id,
        acknowledgement=history[0] if history else None,
    )
