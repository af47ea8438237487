"""A changed limit is tried on stored telemetry before it is saved."""

import threading
import time
from typing import Annotated, Final

import requests
from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from alarms.what_if.limits import Limit, limits_of
from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.keys import OPERATOR
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import responses
from operation_server.limits.routes import ProvidedLimits
from operation_server.limits.what_if.answer import answer
from operation_server.limits.what_if.schemas import LimitTrial, TriedLimit
from operation_server.limits.what_if.trial import DAY_MS, Budget, Span, TooMuch, tried
from operation_server.limits.what_if.turns import TooManyTrials, Trials
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitRefused, RuleName, rule_of, with_fields
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=f"{API_PREFIX}/limits", tags=["limits"])

TRIALS: Final = Slot[Trials]("limit_trials")
RETRY_AFTER_S: Final = 10
"""A trial takes as long."""


@router.post("/what-if", dependencies=[OPERATOR], responses=responses(404, 422, 429, 503))
async def try_limit(
    request: Request,
    given: LimitTrial,
    pool: ProvidedPool,
    followed: ProvidedLimits,
    trials: Annotated[Trials, Depends(TRIALS)],
) -> TriedLimit:
    """Tell which alarms a limit would have raised over stored telemetry, beside the one in force.

    Changes nothing. A trial takes 10 s and 5,000,000 samples at most: beyond that it is refused, and the
    refusal says what fits. Trials of one satellite each are fastest to answer.
    """
    limits = _limits(followed.limits.mission, given)
    try:
        async with trials.turn(request) as gone:
            return await run_in_threadpool(_tried, pool, trials, given, limits, gone)
    except TooManyTrials as error:
        raise HTTPException(429, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from error


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
) -> TriedLimit:
    end_ms = round(time.time() * 1000)
    start_ms = end_ms - round(given.days * DAY_MS)
    telemetry = trials.telemetry
    try:
        satellites = given.satellites or telemetry.satellites(start_ms=start_ms, end_ms=end_ms)
        span = Span(satellites=list(dict.fromkeys(satellites)), start_ms=start_ms, end_ms=end_ms)
        comparisons = tried(telemetry, Budget(span, trials.allowance, gone), *limits)
    except TooMuch as error:
        raise HTTPException(422, str(error)) from error
    except requests.HTTPError as error:
        told = error.response.text[:200].strip()
        raise HTTPException(422, f"VictoriaMetrics refused: {told}") from error
    with transaction(pool) as connection:
        return answer(connection, (given.subsystem, given.reason), span, comparisons)
