"""Alarms as clients see them, and what operators send."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alarms.life_cycle import State
from operation_server.http.parameters import Comment, Operator, OperatorAction, Time
from operation_server.http.responses import Answer, Number
from telemetry_core.contract.rules import Severity

MAX_BULK: Final = 1_000
"""So many alarms are acknowledged at once."""
MAX_SHELF: Final = timedelta(days=7)
"""A shelved alarm comes back after so long at the latest."""

AlarmKind = Literal["limit", "rate", "change", "stale", "clock", "anomaly", "forecast", "platform", "flood"]
ALARM_ID_EXAMPLE: Final = "eps.low_battery.1761827696789.SAT-001"
AlarmId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$", examples=[ALARM_ID_EXAMPLE])]


Feedback = Literal["true_alarm", "false_alarm", "known", "rare_nominal"]

AnomaliesBehind = Annotated[
    float,
    Field(
        description="For how long the oldest verdict has waited that alerts of the anomaly score don't count"
        " yet; 0 = none waits"
    ),
]


class AlarmBrief(Answer):
    """When an alarm stood, and how it is."""

    alarm_id: str = Field(examples=[ALARM_ID_EXAMPLE])
    severity: Severity
    state: State
    started_at: datetime = Field(description="Of the first sample or verdict; of silence the reception")
    returned_at: datetime | None = Field(description="Of what ended it; null: it stands")
    worst_value: Number
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class Alarm(AlarmBrief):
    """A broken limit, a rate or a change, anomalous verdicts, a satellite's silence or its wrong clock."""

    satellite_id: str
    subsystem: str
    kind: AlarmKind
    reason: str
    channel: str | None
    needs_attention: bool = Field(
        description="Whether it is unacknowledged, standing or returned, and not suppressed"
    )
    is_latching: bool = Field(description="Whether it stays until an operator resets it")
    is_withdrawn: bool = Field(description="Late telemetry showed that it is none of its own; not listed")
    raised_at: datetime = Field(description="Of the sample or verdict that made an alarm of it")
    last_at: datetime = Field(description="Of the newest one")
    noticed_at: datetime = Field(description="When the platform raised it")
    changed_at: datetime
    violations: int
    activations: int = Field(
        description="How often a sample broke the limit after one within it, the first time counted"
    )
    chattering_since: datetime | None = Field(
        description="Of the sample with which it had come three times within a minute, or within five usual"
        " intervals where these take longer; null: it does not chatter"
    )
    limit: str | None = Field(
        description="The broken limit; of a change what the value was (`was 5`)", examples=["above 50"]
    )
    value: Number = Field(
        description="The newest one that breaks the limit; of a rate the rate, of a forecast the seconds from"
        " last_at until it breaks"
    )
    peak_score: Number
    peak_job_id: str | None
    newest_job_id: str | None
    reset_at: datetime | None
    assigned_to: str | None
    feedback: Feedback | None = Field(description="What an operator said last that it was; null: nobody did")
    group_id: str | None = Field(
        description="Alarms of the satellite that began within a minute of each other; null: it is withdrawn",
        examples=[ALARM_ID_EXAMPLE],
    )
    group_size: int = Field(description="How many alarms the group has")


class AttentionCount(Answer):
    """How many alarms of one state and severity there are."""

    state: State
    severity: Severity
    count: int


class Attention(Answer):
    """What needs attention of all alarms, whatever the filters."""

    count: int
    is_truncated: bool = Field(description="Whether there may be more than were counted")
    counts: list[AttentionCount]


class Alarms(Answer):
    """A page of alarms."""

    alarms: list[Alarm]
    next_cursor: str | None = Field(description="Where the next page begins; null: this is the last one")
    attention: Attention
    anomalies_behind_s: AnomaliesBehind


class AlarmEvent(Answer):
    """What happened to an alarm: what telemetry and verdicts did, and what operators."""

    change: str = Field(examples=["acknowledged"])
    at: datetime = Field(description="When the platform or an operator did it")
    member_at: datetime | None = Field(description="Of the sample or verdict that did it")
    operator: str | None = Field(description="null: the platform")
    comment: str | None
    details: dict[str, Any] | None = Field(
        description="What changed", examples=[{"old": {"assigned_to": None}, "new": {"assigned_to": "Grace"}}]
    )


class Suppression(Answer):
    """Why all alarms of a reason of a satellite's subsystem call nobody."""

    kind: Literal["shelved", "out_of_service"]
    operator: str
    comment: str
    since: datetime
    until: datetime | None = Field(description="null: until an operator returns it to service")


class SuppressedReason(Suppression):
    """A reason of a satellite's subsystem whose alarms call nobody."""

    satellite_id: str
    subsystem: str
    reason: str


class Suppressions(Answer):
    """What is shelved or out of service now, the newest first."""

    suppressions: list[SuppressedReason]
    is_truncated: bool = Field(description="Whether there are more than are listed")


class EarlierAlarm(AlarmBrief):
    """An earlier alarm of the same satellite, subsystem and reason."""

    comment: str | None = Field(description="Of who acknowledged it")


class AlarmDetail(Alarm):
    """An alarm with its history and what belongs to it."""

    events: list[AlarmEvent] = Field(description="Newest first")
    suppressions: list[Suppression] = Field(description="In force now")
    earlier: list[EarlierAlarm] = Field(description="Newest first")
    group: list[Alarm] = Field(description="Others of its group, the earliest first, at most 100")


class BulkAcknowledgement(OperatorAction):
    """The alarms that an operator saw and acknowledges together."""

    alarm_ids: Annotated[list[AlarmId], Field(min_length=1, max_length=MAX_BULK)]


class AlarmFeedback(BaseModel):
    """What an alarm was, by who looked into it: a label of its telemetry (`/labels.csv`)."""

    model_config = ConfigDict(extra="forbid")

    operator: Annotated[Operator, Field(examples=["Ada"])]
    comment: Annotated[Comment | None, Field(examples=["Manoeuvre at 12:00"])] = None
    feedback: Annotated[
        Feedback,
        Field(
            description="`true_alarm`: something was wrong; `false_alarm`: nothing was, nor was the telemetry"
            " unusual; `rare_nominal`: it was unusual, and as it should be; `known`: it has a known cause"
        ),
    ]


class Assignment(OperatorAction):
    """Who takes care of an alarm."""

    assigned_to: Annotated[Operator | None, Field(description="null: nobody", examples=["Grace"])]
    replaces: Annotated[
        Operator | None, Field(description="Who did so far, as the operator saw it; refused if it changed")
    ] = None


class Shelf(OperatorAction):
    """For how long an alarm calls nobody: either of the two."""

    until: Time | None = None
    minutes: Annotated[int | None, Field(ge=1, le=int(MAX_SHELF / timedelta(minutes=1)), examples=[30])] = (
        None
    )

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if (self.until is None) == (self.minutes is None):
            raise ValueError("give either until or minutes")
        return self


class Outcome(Answer):
    """What became of one alarm."""

    alarm_id: str = Field(examples=[ALARM_ID_EXAMPLE])
    result: Literal["acknowledged", "refused", "unknown"]
    detail: str | None = Field(description="Why not, and who did it when")


class Outcomes(Answer):
    """What became of each alarm, in the order of the request."""

    outcomes: list[Outcome]
