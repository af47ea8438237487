"""Stored forecasts of one subsystem of a satellite, each with its own times."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from operation_server.http.dependencies import ProvidedMission, ProvidedPool
from operation_server.http.parameters import (
    API_PREFIX,
    ModelName,
    RecentRange,
    Satellite,
    require_known,
)
from operation_server.http.problems import responses
from operation_server.http.responses import json_response
from operation_server.telemetry import QUERIES
from operation_server.telemetry.schemas import Forecasts
from telemetry_core.contract.rules import Name
from telemetry_core.contract.step_times import channel_step_times, job_step_times
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import Row, select

router = APIRouter(prefix=f"{API_PREFIX}/forecasts", tags=["forecasts"])


@router.get("/{satellite_id}", response_model=Forecasts, responses=responses(422, 503))
def get_forecasts(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    mission: ProvidedMission,
    satellite_id: Satellite,
    subsystem: Name,
    within: RecentRange,
    model_name: Annotated[ModelName | None, Query(description="By default the mission's")] = None,
    size: Annotated[int, Query(ge=1, le=2000, description="Most forecasts in the answer")] = 200,
) -> Response:
    """Return the forecasts made for a satellite's subsystem between two times, in time order."""
    require_known("subsystem", subsystem, mission.subsystems)
    wanted = {
        "satellite_id": satellite_id,
        "subsystem": subsystem,
        "model_name": model_name or mission.model.name,
    }
    parameters = {**wanted, "start": within.start, "end": within.end, "ceiling": size}
    with transaction(pool) as connection:
        found = select(connection, QUERIES["subsystem_forecasts"], parameters)
    forecasts = [forecast for row in found if (forecast := forecast_of(row))]
    is_thinned = bool(found) and found[0]["total"] > len(found)
    return json_response({**wanted, "forecasts": forecasts, "is_thinned": is_thinned})


def forecast_of(row: Row) -> dict[str, Any] | None:
    """Turn a row's steps into a column for each channel; a step without any number is null.

    A channel whose steps lie at other times than the job's has times of its own. None where the row tells no
    interval.
    """
    times, steps = job_step_times(row), len(row["predictions"])
    if times is None:
        return None
    return {
        "job_id": row["job_id"],
        "made_at": row["generated_at"],
        "times": times.all_s(steps),
        "channels": {
            channel: {
                **{name: [step[place] for step in part] for name, part in _parts(row).items()},
                "times": own.all_s(steps) if own and own != times else None,
            }
            for place, channel in enumerate(row["input_features"])
            for own in [channel_step_times(row, channel)]
        },
    }


def _parts(row: Row) -> dict[str, Any]:
    bands = row["bands"]
    return {
        "predictions": row["predictions"],
        "lower_50": bands["50"]["lower"],
        "upper_50": bands["50"]["upper"],
        "lower_90": bands["90"]["lower"],
        "upper_90": bands["90"]["upper"],
    }
