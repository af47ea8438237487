"""What operators do with alarms: acknowledge, comment, judge, assign, reset, shelve, take out of service."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, HTTPException

from alarms.life_cycle import Action
from operation_server.alarms.actions import (
    ActionRefused,
    acknowledge,
    assign,
    comment,
    give_feedback,
    reset,
    suppress,
)
from operation_server.alarms.routes import AlarmPath, get_alarm
from operation_server.alarms.schemas import (
    MAX_SHELF,
    AlarmDetail,
    AlarmFeedback,
    Assignment,
    BulkAcknowledgement,
    Outcomes,
    Shelf,
)
from operation_server.alarms.store import NoSuchAlarm
from operation_server.http.dependencies import ProvidedPool
from operation_server.http.keys import ENGINEER, OPERATOR
from operation_server.http.parameters import API_PREFIX, OperatorAction
from operation_server.http.problems import responses

router = APIRouter(prefix=f"{API_PREFIX}/alarms", tags=["alarms"])

_REFUSALS = responses(404, 409, 422, 503)


@router.post("/acknowledgements", dependencies=[OPERATOR], responses=responses(422, 503))
def acknowledge_alarms(pool: ProvidedPool, given: BulkAcknowledgement) -> Outcomes:
    """Acknowledge the alarms that an operator saw; the answer says of each what became of it."""
    return Outcomes(outcomes=acknowledge(pool, given.alarm_ids, given))


@router.post("/{alarm_id}/acknowledgements", dependencies=[OPERATOR], status_code=201, responses=_REFUSALS)
def acknowledge_alarm(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Acknowledge an alarm once; of two at once one wins, the other is told who did."""
    (outcome,) = acknowledge(pool, [alarm_id], given)
    if outcome.result != "acknowledged":
        raise HTTPException(404 if outcome.result == "unknown" else 409, outcome.detail)
    return get_alarm(pool, alarm_id)


@router.post(
    "/{alarm_id}/comments", dependencies=[OPERATOR], status_code=201, responses=responses(404, 422, 503)
)
def comment_on_alarm(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Add a comment to an alarm's history."""
    with _answered():
        comment(pool, alarm_id, given)
    return get_alarm(pool, alarm_id)


@router.post(
    "/{alarm_id}/feedback", dependencies=[OPERATOR], status_code=201, responses=responses(404, 422, 503)
)
def give_feedback_on_alarm(pool: ProvidedPool, alarm_id: AlarmPath, given: AlarmFeedback) -> AlarmDetail:
    """Say what an alarm was; what was said last counts."""
    with _answered():
        give_feedback(pool, alarm_id, given)
    return get_alarm(pool, alarm_id)


@router.put("/{alarm_id}/assignment", dependencies=[OPERATOR], responses=_REFUSALS)
def assign_alarm(pool: ProvidedPool, alarm_id: AlarmPath, assignment: Assignment) -> AlarmDetail:
    """Say who takes care of an alarm, in place of whom the operator saw there."""
    with _answered():
        assign(pool, alarm_id, assignment)
    return get_alarm(pool, alarm_id)


@router.post("/{alarm_id}/resets", dependencies=[OPERATOR], status_code=201, responses=_REFUSALS)
def reset_alarm(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Let a latching alarm go that has returned and is acknowledged."""
    with _answered():
        reset(pool, alarm_id, given)
    return get_alarm(pool, alarm_id)


@router.post("/{alarm_id}/shelves", dependencies=[OPERATOR], status_code=201, responses=_REFUSALS)
def shelve_alarm(pool: ProvidedPool, alarm_id: AlarmPath, shelf: Shelf) -> AlarmDetail:
    """Let an alarm, with all of its satellite, subsystem and reason, call nobody for a while."""
    now = datetime.now(UTC)
    until = shelf.until or now + timedelta(minutes=shelf.minutes or 0)
    if not now < until <= now + MAX_SHELF:
        raise HTTPException(422, f"until must lie within the next {MAX_SHELF.days} days")
    with _answered():
        suppress(pool, alarm_id, shelf, Action.SHELVE, until=until)
    return get_alarm(pool, alarm_id)


@router.delete("/{alarm_id}/shelves", dependencies=[OPERATOR], responses=_REFUSALS)
def unshelve_alarm(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Let it call again before its time is over."""
    with _answered():
        suppress(pool, alarm_id, given, Action.UNSHELVE)
    return get_alarm(pool, alarm_id)


@router.post("/{alarm_id}/out_of_service", dependencies=[ENGINEER], status_code=201, responses=_REFUSALS)
def remove_alarm_from_service(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Let an alarm, with all of its satellite, subsystem and reason, call nobody until it is returned."""
    with _answered():
        suppress(pool, alarm_id, given, Action.REMOVE_FROM_SERVICE)
    return get_alarm(pool, alarm_id)


@router.delete("/{alarm_id}/out_of_service", dependencies=[ENGINEER], responses=_REFUSALS)
def return_alarm_to_service(pool: ProvidedPool, alarm_id: AlarmPath, given: OperatorAction) -> AlarmDetail:
    """Let it call again."""
    with _answered():
        suppress(pool, alarm_id, given, Action.RETURN_TO_SERVICE)
    return get_alarm(pool, alarm_id)


@contextmanager
def _answered() -> Iterator[None]:
    """Answer 404 where an alarm is not there, 409 where its state refuses."""
    try:
        yield
    except NoSuchAlarm as error:
        raise HTTPException(404, str(error)) from error
    except ActionRefused as error:
        raise HTTPException(409, str(error)) from error
