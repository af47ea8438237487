"""Messages that were refused: listed, looked at, redriven and discarded."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from operation_server.dead_letters.letters import Source, body_in_words
from operation_server.dead_letters.office import Choice, DeadLetterOffice, Filters
from operation_server.dead_letters.schemas import (
    DeadLetter,
    DeadLetterAction,
    DeadLetterDetail,
    DeadLetterOutcome,
    DeadLetters,
    FailedCount,
    HandledCount,
    Reason,
    ReasonCount,
)
from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX, RowId, Satellite, Time
from operation_server.http.problems import responses
from operation_server.http.responses import next_cursor
from telemetry_core.postgres.store import Row

router = APIRouter(prefix=f"{API_PREFIX}/dead-letters", tags=["dead-letters"])

OFFICE: Final = Slot[DeadLetterOffice]("dead_letter_office")

ProvidedOffice = Annotated[DeadLetterOffice, Depends(OFFICE)]

MAX_BODY_BYTES: Final = 65_536


def letter_filters(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    state: Annotated[Literal["open", "redriven", "discarded", "any"], Query()] = "open",
    source: Source | None = None,
    reason: Reason | None = None,
    satellite_id: Satellite | None = None,
    start_time: Annotated[Time | None, Query(description="Of refusal; ISO 8601")] = None,
    end_time: Annotated[Time | None, Query(description="Of refusal; ISO 8601")] = None,
) -> Filters:
    """Collect the filters."""
    return Filters(
        state=None if state == "any" else state,
        source=source,
        reason=reason,
        satellite_id=satellite_id,
        start=start_time,
        end=end_time,
    )


@router.get("", responses=responses(422, 503))
def list_dead_letters(
    office: ProvidedOffice,
    filters: Annotated[Filters, Depends(letter_filters)],
    cursor: Annotated[
        str | None, Query(pattern=r"^[1-9][0-9]{0,17}$", description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeadLetters:
    """Return a page of letters, newest first. The first page looks for new letters in both brokers."""
    problems = office.collect().missing if cursor is None else []
    found = office.page(filters, before=None if cursor is None else int(cursor), limit=limit + 1)
    more = next_cursor(found, limit)
    return DeadLetters(
        letters=[DeadLetter.model_validate(row) for row in found[:limit]],
        next_cursor=None if more is None else str(more),
        counts=[ReasonCount.model_validate(row) for row in office.counts()],
        problems=problems,
    )


@router.get("/{letter_id}", responses=responses(404, 422, 503))
def get_dead_letter(letter_id: Annotated[RowId, Path()], office: ProvidedOffice) -> DeadLetterDetail:
    """Return one letter with its headers and the beginning of its body."""
    row = office.letter(letter_id)
    if row is None:
        raise HTTPException(404, "Dead letter not found")
    return detail_of(row)


def detail_of(row: Row) -> DeadLetterDetail:
    """Write a letter's body as text, or as hexadecimal digits where it is none."""
    body = bytes(row["body"] or b"")
    words, form = body_in_words(body, MAX_BODY_BYTES)
    key = None if row["message_key"] is None else bytes(row["message_key"]).decode(errors="backslashreplace")
    return DeadLetterDetail.model_validate(
        {
            **row,
            "key": key,
            "body": words,
            "body_format": form,
            "is_body_shortened": row["is_cut"] or len(body) > MAX_BODY_BYTES,
        }
    )


@router.post("/actions", responses=responses(413, 415, 422, 503))
def handle_dead_letters(request: DeadLetterAction, office: ProvidedOffice) -> DeadLetterOutcome:
    """Redrive or discard letters. Without `dry_run: false` nothing changes and the answer says what would.

    Each letter is handled once; one that is refused again is a new letter, which counts the attempts.
    """
    outcome = office.handle(
        request.action,
        Choice(
            ids=request.ids,
            source=request.source,
            reason=request.reason,
            satellite_id=request.satellite_id,
        ),
        operator=request.operator,
        is_dry_run=request.dry_run,
    )
    return DeadLetterOutcome(
        action=outcome.action,
        dry_run=outcome.is_dry_run,
        handled=outcome.handled.total(),
        by_reason=[
            HandledCount.model_validate({"source": source, "reason": reason, "count": count})
            for (source, reason), count in sorted(outcome.handled.items())
        ],
        left_out=outcome.left_out,
        remaining=outcome.remaining,
        failed=[FailedCount(reason=reason, count=count) for reason, count in sorted(outcome.failed.items())],
    )
