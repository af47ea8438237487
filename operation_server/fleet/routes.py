"""The fleet: the state of every satellite and subsystem, worst first."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException

from operation_server.fleet.schemas import Fleet, SatelliteState
from operation_server.fleet.status import FleetStatus
from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX, Satellite
from operation_server.http.problems import responses

router = APIRouter(prefix=f"{API_PREFIX}/fleet", tags=["fleet"])

FLEET: Final = Slot[FleetStatus]("fleet")

ProvidedFleet = Annotated[FleetStatus, Depends(FLEET)]


@router.get("", responses=responses(503))
def get_fleet(fleet: ProvidedFleet) -> Fleet:
    """Return the state of every satellite; at most a second old."""
    return Fleet.model_validate(fleet.overview())


@router.get("/{satellite_id}", responses=responses(404, 422, 503))
def get_satellite(fleet: ProvidedFleet, satellite_id: Satellite) -> SatelliteState:
    """Return the state of one satellite; at most a second old."""
    for satellite in fleet.overview()["satellites"]:
        if satellite["satellite_id"] == satellite_id:
            return SatelliteState.model_validate(satellite)
    raise HTTPException(404, f"nothing is known of satellite {satellite_id}")
