"""Values of a satellite that were passed over and treated as missing samples, by channel."""

from fastapi import APIRouter

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import API_PREFIX, Satellite
from operation_server.http.problems import responses
from operation_server.telemetry import QUERIES
from operation_server.telemetry.schemas import MAX_VALUES, PassedOverValues, RefusedValue
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/passed-over", tags=["passed-over"])


@router.get("/{satellite_id}", responses=responses(422, 503))
def list_passed_over(pool: ProvidedPool, satellite_id: Satellite) -> PassedOverValues:
    """Return which values of a satellite were taken as missing samples, and why; some seconds old."""
    with transaction(pool) as connection:
        found = select(
            connection, QUERIES["refused_values"], {"satellite_id": satellite_id, "limit": MAX_VALUES}
        )
    values = [RefusedValue.model_validate(row) for row in found]
    return PassedOverValues(satellite_id=satellite_id, values=values)
