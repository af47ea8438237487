"""What operators said of alarms, as a file of labels."""

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import API_PREFIX, OptionalBound, Satellite
from operation_server.http.problems import responses
from operation_server.labels.export import export_labels

router = APIRouter(prefix=f"{API_PREFIX}", tags=["alarms"])


class CsvResponse(Response):
    """A table of comma-separated values."""

    media_type = "text/csv"


@router.get(
    "/labels.csv",
    response_class=CsvResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **responses(422, 503)},
)
def export_labels_as_csv(
    pool: ProvidedPool,
    satellite_id: Satellite | None = None,
    start_time: OptionalBound = None,
    end_time: OptionalBound = None,
) -> CsvResponse:
    """Return what operators said of alarms about values, as labels of the telemetry between two times."""
    if start_time is not None and end_time is not None and start_time > end_time:
        raise HTTPException(422, "start_time must not lie after end_time")
    lines = export_labels(pool, satellite_id=satellite_id, start=start_time, end=end_time)
    return CsvResponse("".join(lines))
