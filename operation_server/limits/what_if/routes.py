"""A changed limit is tried on stored telemetry before it is saved."""

import threading
import time
from collections.abc import Callable
from typing import Annotated, Final

import requests
from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from alarms.what_if.limits import limits_of
from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import responses
from operation_server.limits.routes import ProvidedLimits
from operation_server.limits.what_if.answer import answer
from operation_server.limits.what_if.schemas import LimitTrial, TriedLimit
from operation_server.limits.what_if.trial import DAY_MS, Budget, Pair, Span, TooMuch, tried
from operation_server.limits.what_if.turns import TooManyTrials, Trials
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.limits.changes import LimitRefused, Limits, RuleName, rule_of, with_change
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=f"{API_PREFIX}/limits", tags=["limits"])

TRIALS: Final = Slot[Trials]("limit_trials")
RETRY_AFTER_S: Final = 10
"""A trial takes as long."""


@router.post("/what-if", responses=responses(404, 422, 429, 503))
async def try_limit(
    request: Request,
    given: LimitTrial,
    pool: ProvidedPool,
    followed: ProvidedLimits,
    trials: Annotated[Trials, Depends(TRIALS)],
) -> TriedLimit:
    """Tell which alarms a limit would have raised over stored telemetry, beside the one in force.

    Each satellite is tried by the limit set that it uses now: what the set replaces stays.

    Changes nothing. A trial takes 10 s and 5,000,000 samples at most: beyond that it is refused, and the
    refusal says what fits. Trials of one satellite each are fastest to answer.
    """
    limits = followed.limits
    pairs = _pairs(limits, given)
    try:
        async with trials.turn(request) as gone:
            return await run_in_threadpool(
                _tried, pool, trials, given, lambda satellite_id: pairs[limits.set_of(satellite_id)], gone
            )
    except TooManyTrials as error:
        raise HTTPException(429, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from error


def _pairs(limits: Limits, given: LimitTrial) -> dict[str, Pair]:
    """Return, by limit set, the limit in force and what the tried values make of it."""
    name: RuleName = (given.subsystem, given.reason)
    rule = rule_of(limits.file, name)
    if rule is None:
        raise HTTPException(404, f"The mission has no rule {given.reason} of {given.subsystem}")
    key, values = (given.subsystem, rule.channel, given.reason), given.values.model_dump(mode="json")
    try:
        pairs = {
            limit_set: (
                limits_of(mission)[key],
                limits_of(with_change(mission, limit_set, name, values))[key],
            )
            for limit_set, mission in limits.missions.items()
        }
    except LimitRefused as error:
        raise HTTPException(422, str(error)) from error
    before, _ = pairs[DEFAULT_SET]
    if before.problem is not None:
        raise HTTPException(422, f"Stored telemetry can't tell: {before.problem}")
    return pairs


def _tried(
    pool: Pool,
    trials: Trials,
    given: LimitTrial,
    pair_of: Callable[[str], Pair],
    gone: threading.Event,
) -> TriedLimit:
    end_ms = round(time.time() * 1000)
    start_ms = end_ms - round(given.days * DAY_MS)
    telemetry = trials.telemetry
    try:
        satellites = given.satellites or telemetry.satellites(start_ms=start_ms, end_ms=end_ms)
        span = Span(satellites=list(dict.fromkeys(satellites)), start_ms=start_ms, end_ms=end_ms)
        comparisons = tried(telemetry, Budget(span, trials.allowance, gone), pair_of)
    except TooMuch as error:
        raise HTTPException(422, str(error)) from error
    except requests.HTTPError as error:
        told = error.response.text[:200].strip()
        raise HTTPException(422, f"VictoriaMetrics refused: {told}") from error
    with transaction(pool) as connection:
        return answer(connection, (given.subsystem, given.reason), span, comparisons)
