"""Dead letters as clients see them, and what is to be done with them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from operation_server.dead_letters.letters import Source
from operation_server.dead_letters.office import Action, State
from operation_server.http.parameters import RowId, Satellite

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
    ids: list[RowId] | None = Field(default=None, min_length=1, max_length=1000)
    source: Source | None = None
    reason: Reason | None = None
    satellite_id: Satellite | None = None
    everything: bool = Field(default=False, description="All open letters, where no filter is given")
    operator: Operator = Field(description="Who requests this; stored with the letters")
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
        description="Letters that stay open because their broker did not accept them"
    )
