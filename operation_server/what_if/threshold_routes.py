"""Another threshold of the score is tried on stored verdicts."""

import threading

from fastapi import APIRouter, Request

from alarms.what_if.trial import Span
from operation_server.http.dependencies import ProvidedMission, ProvidedPool
from operation_server.http.parameters import API_PREFIX, require_known
from operation_server.http.problems import responses
from operation_server.what_if.answer import answer
from operation_server.what_if.budget import Budget
from operation_server.what_if.schemas import ThresholdTrial, TrialAnswer
from operation_server.what_if.thresholds import ANOMALY, StoredVerdicts, tried_threshold
from operation_server.what_if.trial_routes import ProvidedTrials, in_turn, last_days
from telemetry_core.postgres.database import transaction

router = APIRouter(prefix=f"{API_PREFIX}/what-if", tags=["limits"])


@router.post("/threshold", responses=responses(422, 429, 503))
async def try_threshold(
    request: Request,
    given: ThresholdTrial,
    pool: ProvidedPool,
    mission: ProvidedMission,
    trials: ProvidedTrials,
) -> TrialAnswer:
    """Tell which anomalies another threshold would have raised of stored verdicts, beside that of now, 0.7.

    Changes nothing. A trial takes 10 s at most: beyond that it is refused, and the refusal says what fits.
    """
    require_known("subsystem", given.subsystem, mission.subsystems)
    start_ms, end_ms = last_days(given.days)

    def tried(gone: threading.Event) -> TrialAnswer:
        verdicts = StoredVerdicts(pool=pool, subsystem=given.subsystem)
        satellites = given.satellites or verdicts.satellites(start_ms=start_ms)
        span = Span(satellites=list(dict.fromkeys(satellites)), start_ms=start_ms, end_ms=end_ms)
        budget = Budget(span, trials.allowance, gone, counted="verdicts")
        comparisons = tried_threshold(verdicts, span, given.threshold, budget.spend)
        with transaction(pool) as connection:
            return answer(connection, (given.subsystem, ANOMALY), span, comparisons)

    return await in_turn(request, trials, tried)
