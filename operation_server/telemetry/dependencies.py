"""The client of VictoriaMetrics as a parameter of routes."""

from typing import Annotated, Final

from fastapi import Depends

from operation_server.http.dependencies import Slot
from operation_server.telemetry.victoria import VictoriaMetrics

VICTORIA_METRICS: Final = Slot[VictoriaMetrics]("victoria_metrics")

ProvidedVictoria = Annotated[VictoriaMetrics, Depends(VICTORIA_METRICS)]
