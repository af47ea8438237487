"""The shift log, and how much alarms ask of a shift, as clients see them; what operators write."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alarms.performance import INTERVAL, IndicatorName
from operation_server.alarms.schemas import AlarmId, AlarmKind
from operation_server.http.parameters import Comment, Operator, RowId, Satellite
from operation_server.http.responses import Answer, Number
from telemetry_core.contract.rules import Severity


class NewShiftEntry(BaseModel):
    """What an operator writes into the shift log."""

    model_config = ConfigDict(extra="forbid")

    operator: Annotated[Operator, Field(examples=["Ada"])]
    text: Annotated[
        Comment, Field(examples=["Pass 14:10 lost: antenna 2 is stuck. Grace calls the station."])
    ]
    satellite_id: Annotated[Satellite | None, Field(description="null: it is about none of them alone")] = (
        None
    )
    alarm_id: Annotated[AlarmId | None, Field(description="The alarm that it is about")] = None
    corrects: Annotated[RowId | None, Field(description="The entry that this one takes the place of")] = None


class ShiftEntry(Answer):
    """An entry of the shift log, as it was written."""

    id: int
    at: datetime
    operator: str
    text: str
    satellite_id: str | None
    alarm_id: str | None
    corrects: int | None
    corrected_by: int | None = Field(description="The entry that takes its place; null: it holds")


class ShiftEntries(Answer):
    """A page of the shift log, the newest entry first."""

    entries: list[ShiftEntry]
    next_cursor: int | None = Field(description="Where the next page begins; null: this is the last one")


class Indicator(Answer):
    """An indicator of EEMUA 191 or ISA-18.2; rates are for one operator, intervals are of ten minutes."""

    name: IndicatorName
    value: Number = Field(description="null: too little was raised to tell")
    target: Number = Field(description="The most that is acceptable; null: the standards set none")
    is_met: bool | None


class RaisedAlarms(Answer):
    """Alarms of one severity and kind that were raised in a span."""

    severity: Severity
    kind: AlarmKind
    count: int
    acknowledged: int
    acknowledged_median_s: Number = Field(description="From raising on, of those that were acknowledged")
    acknowledged_p90_s: Number


class FrequentAlarm(Answer):
    """A reason of a satellite's subsystem that raised many alarms."""

    satellite_id: str
    subsystem: str
    reason: str
    kind: AlarmKind
    count: int
    chattering: int = Field(description="So many of them chattered")


class FeedbackCounts(Answer):
    """What operators said of alarms, of each the newest."""

    true_alarm: int
    false_alarm: int
    rare_nominal: int
    known: int


class RuleFeedback(FeedbackCounts):
    """Of the alarms of a rule."""

    subsystem: str
    reason: str


class DayFeedback(FeedbackCounts):
    """Of the alarms that were raised on a day, in UTC."""

    day: date


class ChannelFeedback(FeedbackCounts):
    """Of the alarms of a channel; of an anomaly's channels the one that contributed the most to its peak."""

    subsystem: str
    channel: str


class ModelFeedback(FeedbackCounts):
    """Of the anomalies by a model with its calibration."""

    model_name: str
    model_version: str | None
    calibration_hash: str | None


class Feedback(Answer):
    """What operators said of the alarms of a span, counted; but for days the most false alarms first."""

    by_rule: list[RuleFeedback]
    by_day: list[DayFeedback]
    by_channel: list[ChannelFeedback]
    by_model: list[ModelFeedback]


class Performance(Answer):
    """How much the alarms of a span asked of operators. Withdrawn alarms do not count, suppressed ones do."""

    start_time: datetime
    end_time: datetime
    operators: int
    count: int = Field(description="Alarms that the platform raised in the span")
    indicators: list[Indicator]
    interval_s: int = Field(examples=[int(INTERVAL.total_seconds())])
    per_interval: list[int] = Field(description="Alarms raised in each, the last one may be cut short")
    by_severity: list[RaisedAlarms] = Field(description="The most first")
    most_frequent: list[FrequentAlarm] = Field(description="Ten at most, the most first")
    feedback: Feedback
