"""The fleet: the state of every satellite and subsystem, worst first."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from operation_server.fleet.reading import FleetStatus
from operation_server.fleet.retirement import RetirementRefused, change_retirement, read_retirement
from operation_server.fleet.schemas import Fleet, Retirement, SatelliteState
from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.parameters import API_PREFIX, OperatorAction, Satellite
from operation_server.http.problems import responses
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row

router = APIRouter(prefix=f"{API_PREFIX}/fleet", tags=["fleet"])

FLEET: Final = Slot[FleetStatus]("fleet")

ProvidedFleet = Annotated[FleetStatus, Depends(FLEET)]


@router.get("", response_model=Fleet, responses=responses(422, 503))
def get_fleet(
    fleet: ProvidedFleet,
    *,
    retired: Annotated[bool, Query(description="Those that are retired instead of all others")] = False,
) -> Response:
    """Return the state of every satellite; at most two seconds old."""
    return Response(fleet.newest().documents[retired], media_type="application/json")


@router.get("/{satellite_id}", responses=responses(404, 422, 503))
def get_satellite(fleet: ProvidedFleet, satellite_id: Satellite) -> SatelliteState:
    """Return the state of one satellite; at most two seconds old."""
    return SatelliteState.model_validate(_known(fleet, satellite_id))


@router.get("/{satellite_id}/retirement", responses=responses(404, 422, 503))
def get_retirement(fleet: ProvidedFleet, pool: ProvidedPool, satellite_id: Satellite) -> Retirement:
    """Return whether a satellite is retired, and who retired it and took it back, the newest first."""
    _known(fleet, satellite_id)
    with transaction(pool) as connection:
        return read_retirement(connection, satellite_id)


@router.post("/{satellite_id}/retirement", responses=responses(404, 409, 422, 503))
def retire_satellite(
    fleet: ProvidedFleet, pool: ProvidedPool, satellite_id: Satellite, given: OperatorAction
) -> Retirement:
    """Retire a satellite: its alarms end and call nobody, and Fleet no longer lists it.

    Its telemetry is stored and judged as before. The same request again changes nothing; of two operators at
    once one wins, the other is told who did.
    """
    return _changed(fleet, pool, satellite_id, given, is_retired=True)


@router.delete("/{satellite_id}/retirement", responses=responses(404, 409, 422, 503))
def take_satellite_back(
    fleet: ProvidedFleet, pool: ProvidedPool, satellite_id: Satellite, given: OperatorAction
) -> Retirement:
    """Take a retired satellite back: what is received from now on raises alarms again."""
    return _changed(fleet, pool, satellite_id, given, is_retired=False)


def _changed(
    fleet: FleetStatus, pool: Pool, satellite_id: str, given: OperatorAction, *, is_retired: bool
) -> Retirement:
    _known(fleet, satellite_id)
    try:
        with transaction(pool) as connection:
            changed = change_retirement(connection, satellite_id, given, is_retired=is_retired)
    except RetirementRefused as error:
        raise HTTPException(409, str(error)) from error
    fleet.forget()
    return changed


def _known(fleet: FleetStatus, satellite_id: str) -> Row:
    for satellite in fleet.newest().satellites:
        if satellite["satellite_id"] == satellite_id:
            return satellite
    raise HTTPException(404, f"nothing is known of satellite {satellite_id}")
