"""Passes as clients see and plan them."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from operation_server.http.parameters import Author, KeyName, Operator, Satellite, Time
from operation_server.http.responses import Answer

MAX_PASSES: Final = 5_000
"""Of one plan."""


def _to_the_millisecond(at: datetime) -> datetime:
    """Leave out what the database would round."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


PlannedTime = Annotated[Time, AfterValidator(_to_the_millisecond)]
GroundStation = Operator
"""A name that people read, like that of an operator."""
Outcome = Literal["planned", "running", "heard", "missed", "unknown"]


class PlannedPass(BaseModel):
    """When a ground station is to hear a satellite."""

    model_config = ConfigDict(extra="forbid")

    satellite_id: Annotated[Satellite, Field(examples=["SAT-001"])]
    start_time: Annotated[
        PlannedTime,
        Field(description="Acquisition of signal; ISO 8601, UTC", examples=["2026-12-01T09:47:00Z"]),
    ]
    end_time: Annotated[PlannedTime, Field(description="Loss of signal", examples=["2026-12-01T09:57:30Z"])]
    ground_station: Annotated[GroundStation, Field(examples=["Svalbard"])]


class NewPlan(BaseModel):
    """All passes of some satellites that begin within a range."""

    model_config = ConfigDict(extra="forbid")

    operator: Author
    start_time: Annotated[PlannedTime, Field(examples=["2026-12-01T00:00:00Z"])]
    end_time: Annotated[PlannedTime, Field(examples=["2026-12-02T00:00:00Z"])]
    satellites: list[Satellite] = Field(
        default=[],
        max_length=MAX_PASSES,
        description="Whose passes these are, beside those that `passes` names: one without any is not"
        " expected to be heard in the range",
    )
    passes: list[PlannedPass] = Field(max_length=MAX_PASSES)


class PlanReplaced(Answer):
    """What a plan changed."""

    satellites: int = Field(description="Whose passes of the range were replaced")
    passes: int = Field(description="That they have in the range since")


class Pass(Answer):
    """A pass and what came of it."""

    satellite_id: str
    ground_station: str
    start_time: datetime = Field(description="Acquisition of signal, as planned")
    end_time: datetime = Field(description="Loss of signal, as planned")
    outcome: Outcome = Field(
        description="`heard`, `missed` once it is over: whether live telemetry was received within it, from"
        " whichever ground station; `unknown`: it began before any plan had it"
    )
    first_heard: datetime | None = Field(description="Reception of the first live sample set within it")
    last_heard: datetime | None = Field(description="Reception of the newest one within it")


class Passes(Answer):
    """A page of passes, earliest first."""

    passes: list[Pass]
    next_cursor: str | None = Field(description="Where the next page begins; null: this is the last one")


class PlanChange(Answer):
    """Who changed the plan of a satellite."""

    id: int
    at: datetime
    operator: str
    key_name: KeyName
    satellite_id: str
    start_time: datetime
    end_time: datetime
    passes: int | None = Field(description="That the range has since; null: its plan was deleted")


class PlanChanges(Answer):
    """A page of changes of plans, newest first."""

    changes: list[PlanChange]
    next_cursor: int | None = Field(description="Where the next page begins; null: this is the last one")
