"""The hand-over report, for programs, as a text and as pages."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from operation_server.fleet.routes import ProvidedFleet
from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import API_PREFIX, TimeRange, past_range
from operation_server.http.problems import responses
from operation_server.shift.handover.markdown import markdown_of
from operation_server.shift.handover.pdf import pdf_of
from operation_server.shift.handover.reading import read_report
from operation_server.shift.handover.schemas import HandOver
from telemetry_core.postgres.database import transaction

router = APIRouter(prefix=f"{API_PREFIX}/shift", tags=["shift"])

SHIFT: Final = timedelta(hours=8)
MAX_REPORT: Final = timedelta(days=7)


class MarkdownResponse(Response):
    """A text in Markdown."""

    media_type = "text/markdown"


class PdfResponse(Response):
    """Pages in PDF."""

    media_type = "application/pdf"


Span = Annotated[TimeRange, Depends(past_range(length=SHIFT, most=MAX_REPORT))]


@router.get("/report", responses=responses(422, 503))
def get_report(pool: ProvidedPool, fleet: ProvidedFleet, span: Span) -> HandOver:
    """Return what the shift hands over, by default of the last 8 hours: what happened, and how all is now."""
    satellites = [one for one in fleet.newest().satellites if one["retired"] is None]
    with transaction(pool) as connection:
        return read_report(connection, satellites, span)


@router.get(
    "/report.md",
    response_class=MarkdownResponse,
    responses={
        200: {"content": {MarkdownResponse.media_type: {"schema": {"type": "string"}}}},
        **responses(422, 503),
    },
)
def get_report_as_markdown(pool: ProvidedPool, fleet: ProvidedFleet, span: Span) -> MarkdownResponse:
    """Return the same as Markdown, in English, to be kept or sent."""
    return MarkdownResponse(markdown_of(get_report(pool, fleet, span)))


@router.get(
    "/report.pdf",
    response_class=PdfResponse,
    responses={
        200: {"content": {PdfResponse.media_type: {"schema": {"type": "string", "format": "binary"}}}},
        **responses(422, 503),
    },
)
def get_report_as_pdf(pool: ProvidedPool, fleet: ProvidedFleet, span: Span) -> PdfResponse:
    """Return the same as PDF, in English, to be filed or sent."""
    named = {"Content-Disposition": f'inline; filename="hand-over-{span.end:%Y-%m-%dT%H%M}Z.pdf"'}
    return PdfResponse(pdf_of(get_report(pool, fleet, span)), headers=named)
