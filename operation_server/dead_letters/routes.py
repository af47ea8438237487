"""Messages that were refused: listed, looked at, redriven and discarded."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from operation_server.dead_letters.letters import Source, body_in_words
from operation_server.dead_letters.office import Action, Choice, Filters, State
from operation_server.http.dependencies import Provided
from operation_server.http.parameters import API_PREFIX, Satellite, Time
from operation_server.http.problems import responses
from telemetry_core.store import Row

router = APIRouter(prefix=f"{API_PREFIX}/dead-letters", tags=["dead-letters"])

MAX_BODY_BYTES: Final = 65_536
_MAX_ID: Final = 2**63 - 1

LetterId = Annotated[int, Field(ge=1, le=_MAX_ID)]
Reason = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,100}$")]
Operator = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]


class DeadLetter(BaseModel):
    """A message that was refused."""

    id: int
    source: Source
    place: str = Field(description="Topic or queue that a redriven letter goes back to")
    partition: int | None
    position: int | None = Field(description="Offset in the dead-letter topic")
    reason: str = Field(examples=["invalid_timestamp"])
    detail: str
    satellite_id: str | None = Field(description="Where the body names one")
    attempt: int = Field(description="How often this message was refused, redriven ones counted")
    refused_at: datetime
    size_bytes: int
    is_cut: bool = Field(description="Kept in part only: it can't be redriven")
    state: State
    handled_at: datetime | None
    handled_by: str | None


class ReasonCount(BaseModel):
    """Open letters of one reason."""

    source: Source
    reason: str
    count: int
    newest_at: datetime


class DeadLetters(BaseModel):
    """A page of letters, newest first, and how many open ones there are of each reason."""

    letters: list[DeadLetter]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last")
    counts: list[ReasonCount]
    problems: list[str] = Field(
        description="Why new letters are missing: a broker can't be asked, or holds more than a look takes"
    )


class DeadLetterDetail(DeadLetter):
    """A letter with its headers and body."""

    key: str | None
    headers: dict[str, Any]
    body: str
    body_format: Literal["text", "hex"]
    is_body_shortened: bool = Field(description="The letter holds more than is shown")


class DeadLetterAction(BaseModel):
    """What is to be done with which open letters: those of some ids, or all that fit the filters."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "redrive", "reason": "time_ahead", "operator": "kim"},
                {"action": "discard", "ids": [17, 18], "operator": "kim", "dry_run": False},
            ]
        },
    )

    action: Action
    ids: list[LetterId] | None = Field(default=None, min_length=1, max_length=1000)
    source: Source | None = None
    reason: Reason | None = None
    satellite_id: Satellite | None = None
    everything: bool = Field(default=False, description="All open letters, where no filter is given")
    operator: Operator = Field(description="Who asks; it is kept with the letters")
    dry_run: bool = Field(default=True, description="Only say what would happen")

    @model_validator(mode="after")
    def _names_letters(self) -> Self:
        filters = (self.ids, self.source, self.reason, self.satellite_id)
        if self.everything == any(part is not None for part in filters):
            raise ValueError("name ids, source, reason or satellite_id; or everything, and none of them")
        return self


class HandledCount(BaseModel):
    """Letters of one reason that an action was about."""

    source: Source
    reason: str
    count: int


class FailedCount(BaseModel):
    """Letters that their broker does not take, for one reason."""

    reason: str
    count: int


class DeadLetterOutcome(BaseModel):
    """What was done, or would be done."""

    action: Action
    dry_run: bool
    handled: int
    by_reason: list[HandledCount]
    left_out: int = Field(description="Letters kept in part only, which can't be redriven")
    remaining: int = Field(description="Chosen letters that one action did not reach: send it again")
    failed: list[FailedCount] = Field(
        description="Letters that stay open, for their broker did not take them"
    )


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
    services: Provided,
    filters: Annotated[Filters, Depends(letter_filters)],
    cursor: Annotated[
        str | None, Query(pattern=r"^[1-9][0-9]{0,17}$", description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeadLetters:
    """Return a page of letters, newest first. The first page looks for new letters in both brokers."""
    problems = services.dead_letters.collect().missing if cursor is None else []
    found = services.dead_letters.page(
        filters, before=None if cursor is None else int(cursor), limit=limit + 1
    )
    return DeadLetters(
        letters=[DeadLetter.model_validate(row) for row in found[:limit]],
        next_cursor=str(found[limit - 1]["id"]) if len(found) > limit else None,
        counts=[ReasonCount.model_validate(row) for row in services.dead_letters.counts()],
        problems=problems,
    )


@router.get("/{letter_id}", responses=responses(404, 422, 503))
def get_dead_letter(
    letter_id: Annotated[int, Path(ge=1, le=_MAX_ID)], services: Provided
) -> DeadLetterDetail:
    """Return one letter with its headers and the beginning of its body."""
    row = services.dead_letters.letter(letter_id)
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
def handle_dead_letters(request: DeadLetterAction, services: Provided) -> DeadLetterOutcome:
    """Redrive or discard letters. Without `dry_run: false` nothing changes and the answer says what would.

    Each letter is handled once; one that is refused again is a new letter, which counts the attempts.
    """
    outcome = services.dead_letters.handle(
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
