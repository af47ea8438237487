"""A changed limit is tried on stored telemetry before it is saved."""

import threading
from functools import partial

from fastapi import APIRouter, HTTPException, Request

from alarms.what_if.limits import Limit, limits_of
from alarms.what_if.trial import Span, tried
from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import responses
from operation_server.limits.routes import ProvidedLimits
from operation_server.what_if.answer import answer
from operation_server.what_if.budget import Budget
from operation_server.what_if.schemas import LimitTrial, TrialAnswer
from operation_server.what_if.trial_routes import ProvidedTrials, in_turn, last_days
from operation_server.what_if.turns import Trials
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitRefused, RuleName, rule_of, with_fields
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=f"{API_PREFIX}/limits", tags=["limits"])


@router.post("/what-if", responses=responses(404, 422, 429, 503))
async def try_limit(
    request: Request,
    given: LimitTrial,
    pool: ProvidedPool,
    followed: ProvidedLimits,
    trials: ProvidedTrials,
) -> TrialAnswer:
    """Tell which alarms a limit would have raised over stored telemetry, beside the one in force.

    Changes nothing. A trial takes 10 s and 5,000,000 samples at most: beyond that it is refused, and the
    refusal says what fits. Trials of one satellite each are fastest to answer.
    """
    limits = _limits(followed.limits.mission, given)
    return await in_turn(request, trials, partial(_tried, pool, trials, given, limits))


def _limits(mission: Mission, given: LimitTrial) -> tuple[Limit, Limit]:
    """Return the limit in force and the one that is tried."""
    name: RuleName = (given.subsystem, given.reason)
    rule = rule_of(mission, name)
    if rule is None:
        raise HTTPException(404, f"The mission has no rule {given.reason} of {given.subsystem}")
    try:
        changed = with_fields(mission, name, given.values.model_dump(mode="json"))
    except LimitRefused as error:
        raise HTTPException(422, str(error)) from error
    key = (given.subsystem, rule.channel, given.reason)
    before = limits_of(mission)[key]
    if before.problem is not None:
        raise HTTPException(422, f"Stored telemetry can't tell: {before.problem}")
    return before, limits_of(changed)[key]


def _tried(
    pool: Pool, trials: Trials, given: LimitTrial, limits: tuple[Limit, Limit], gone: threading.Event
) -> TrialAnswer:
    start_ms, end_ms = last_days(given.days)
    telemetry = trials.telemetry
    satellites = given.satellites or telemetry.satellites(start_ms=start_ms, end_ms=end_ms)
    span = Span(satellites=list(dict.fromkeys(satellites)), start_ms=start_ms, end_ms=end_ms)
    comparisons = tried(telemetry, span, *limits, Budget(span, trials.allowance, gone).spend)
    with transaction(pool) as connection:
        return answer(connection, (given.subsystem, given.reason), span, comparisons)
