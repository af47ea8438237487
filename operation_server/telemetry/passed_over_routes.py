"""What of a satellite's telemetry was passed over: values that were taken as missing samples, by channel."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from operation_server.http.dependencies import Provided
from operation_server.http.parameters import API_PREFIX, Satellite
from operation_server.http.problems import responses
from telemetry_core.database import transaction
from telemetry_core.store import rows
from telemetry_core.values import Refusal

router = APIRouter(prefix=f"{API_PREFIX}/passed-over", tags=["passed-over"])

MAX_VALUES: Final = 500


class RefusedValue(BaseModel):
    """Values of one channel that were refused for one reason."""

    channel: str = Field(
        description="subsystem.channel, the subsystem that was no object, or timestamp, the message's time",
        examples=["eps.battery_voltage"],
    )
    reason: str = Field(description=f"One of: {', '.join(Refusal)}", examples=[Refusal.FILL_VALUE])
    count: int = Field(description="Since it was first met; a channel without one for 30 days begins anew")
    last_value: str = Field(description="At most 100 characters of the last one", examples=["-9999"])
    last_at: datetime = Field(description="When the last one was received")


class PassedOverValues(BaseModel):
    """Channels with refused values, the newest first."""

    satellite_id: str
    values: list[RefusedValue] = Field(description=f"At most {MAX_VALUES}")


@router.get("/{satellite_id}", responses=responses(422, 503))
def list_passed_over(services: Provided, satellite_id: Satellite) -> PassedOverValues:
    """Return which values of a satellite were taken as missing samples, and why; some seconds old."""
    with transaction(services.pool) as connection:
        found = rows(connection, "refused_values", {"satellite_id": satellite_id, "limit": MAX_VALUES})
    values = [RefusedValue.model_validate(row) for row in found]
    return PassedOverValues(satellite_id=satellite_id, values=values)
