"""A limit that is tried, and what it would have raised."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from operation_server.http.parameters import RETENTION, Satellite
from operation_server.http.responses import Answer, Number
from operation_server.limits.schemas import LimitValues
from scoring.alert_rule import ENOUGH_SCORE
from telemetry_core.contract.rules import Name, Reason

MAX_SATELLITES: Final = 100
MAX_TOLD: Final = 20
"""Alarms that a list tells."""


Days = Annotated[float, Field(gt=0, le=RETENTION.days, description="Of what is stored, up to now")]
Satellites = Annotated[
    list[Satellite] | None,
    Field(min_length=1, max_length=MAX_SATELLITES, description="null: all of which something is stored then"),
]


class LimitTrial(Answer):
    """A limit as it might become, and the telemetry to try it on."""

    model_config = ConfigDict(extra="forbid")

    subsystem: Annotated[Name, Field(examples=["eps"])]
    reason: Annotated[Reason, Field(examples=["low_battery"])]
    values: LimitValues
    days: Days = 7
    satellites: Satellites = None


class ThresholdTrial(Answer):
    """A threshold of the score as it might become, and the verdicts to try it on."""

    model_config = ConfigDict(extra="forbid")

    subsystem: Annotated[Name, Field(examples=["eps"])]
    threshold: Annotated[
        float, Field(gt=0, lt=ENOUGH_SCORE, description="Scores above it are anomalous", examples=[0.8])
    ]
    days: Days = 7
    satellites: Satellites = None


class AlarmRate(Answer):
    """How many alarms were raised of the satellites, and how often."""

    count: int
    per_day: float
    per_operator_hour: float


class SatelliteTrial(Answer):
    """What was compared of one satellite, and how many alarms both raised."""

    satellite_id: str
    samples: int = Field(description="Of the limit's channel; of a threshold: verdicts")
    before: int
    after: int


class TriedAlarm(Answer):
    """An alarm as it would have been, or as operators know it."""

    satellite_id: str
    started_at: datetime
    returned_at: datetime | None = Field(description="null: it stands")
    worst_value: Number = Field(description="Of an anomaly: the highest score")
    alarm_id: str | None = Field(description="null: the platform has no such alarm")


class TriedAlarms(Answer):
    """How many alarms there are, and the oldest of them."""

    count: int
    alarms: list[TriedAlarm] = Field(description=f"At most {MAX_TOLD}")


class TriedFeedback(Answer):
    """How many alarms operators called so, and how many of these either raises."""

    feedback: str = Field(examples=["true_alarm"])
    count: int
    before: int
    after: int


class TrialAnswer(Answer):
    """Alarms over what is stored, by what is in force and by what is tried."""

    start_time: datetime
    end_time: datetime
    satellites: list[SatelliteTrial]
    before: AlarmRate
    after: AlarmRate
    acceptable_per_operator_hour: float = Field(
        description="Of EEMUA 191, for alarms of all kinds together", examples=[6.0]
    )
    appearing: TriedAlarms = Field(description="At whose time what is in force raises none")
    vanishing: TriedAlarms = Field(description="At whose time what is tried raises none")
    feedback: list[TriedFeedback] = Field(description="Of alarms that began within the span")
    missed: TriedAlarms = Field(
        description="Called true, raised by what is in force, and not by what is tried"
    )
