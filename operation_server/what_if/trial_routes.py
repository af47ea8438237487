"""How a route runs a trial: in its turn, in a thread, with its refusals as answers."""

import threading
import time
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from alarms.what_if.trial import DAY_MS
from operation_server.http.dependencies import Slot
from operation_server.what_if.budget import TooMuch
from operation_server.what_if.schemas import TrialAnswer
from operation_server.what_if.turns import TooManyTrials, Trials
from telemetry_core.contract.errors import QuestionRefused

TRIALS: Final = Slot[Trials]("trials")
ProvidedTrials = Annotated[Trials, Depends(TRIALS)]
RETRY_AFTER_S: Final = 10
"""A trial takes as long."""


async def in_turn(
    request: Request, trials: Trials, tried: Callable[[threading.Event], TrialAnswer]
) -> TrialAnswer:
    """Wait for a turn and try; what `tried` gets is set once nobody waits for the answer."""
    try:
        async with trials.turn(request) as gone:
            return await run_in_threadpool(tried, gone)
    except TooManyTrials as error:
        raise HTTPException(429, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from error
    except (TooMuch, QuestionRefused) as error:
        raise HTTPException(422, str(error)) from error


def last_days(days: float) -> tuple[int, int]:
    """Return from when until when the last days are, milliseconds since 1970 UTC."""
    end_ms = round(time.time() * 1000)
    return end_ms - round(days * DAY_MS), end_ms
