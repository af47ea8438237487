"""The fleet: the state of every satellite and subsystem, worst first."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Response

from operation_server.fleet.reading import FleetStatus
from operation_server.fleet.schemas import Fleet, SatelliteState
from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX, Satellite
from operation_server.http.problems import responses

router = APIRouter(prefix=f"{API_PREFIX}/fleet", tags=["fleet"])

FLEET: Final = Slot[FleetStatus]("fleet")

ProvidedFleet = Annotated[FleetStatus, Depends(FLEET)]


@router.get("", response_model=Fleet, responses=responses(503))
def get_fleet(fleet: ProvidedFleet) -> Response:
    """Return the state of every satellite; at most two seconds old."""
    return Response(fleet.newest().document, media_type="application/json")


@router.get("/{satellite_id}", responses=responses(404, 422, 503))
def get_satellite(fleet: ProvidedFleet, satellite_id: Satellite) -> SatelliteState:
    """Return the state of one satellite; at most two seconds old."""
    for satellite in fleet.newest().satellites:
        if satellite["satellite_id"] == satellite_id:
            return SatelliteState.model_validate(satellite)
    raise HTTPException(404, f"nothing is known of satellite {satellite_id}")
