"""The hand-over report as clients see it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from operation_server.alarms.schemas import Alarm, Attention, SuppressedReason
from operation_server.http.responses import Answer
from operation_server.passes.schemas import Pass
from operation_server.shift.schemas import Indicator, RaisedAlarms, ShiftEntry


class AlarmList(Answer):
    """Alarms, newest start first."""

    alarms: list[Alarm]
    is_truncated: bool = Field(description="Whether there are more than are listed")


class PassList(Answer):
    """Passes of contact plans, earliest first."""

    passes: list[Pass]
    is_truncated: bool = Field(description="Whether there are more than are listed")


class SilentSatellite(Answer):
    """A satellite without telemetry."""

    satellite_id: str
    last_contact: datetime | None = Field(description="Newest sample; null when unknown")


class NotJudged(Answer):
    """A subsystem that gets no verdict."""

    satellite_id: str
    subsystem: str
    reason: str = Field(
        description="`rarely_sampled`, `learning`, or what learning lacks, as the fleet tells it",
        examples=["too_few_samples"],
    )


class Contact(Answer):
    """A time in which a satellite was heard, between two silences; by reception."""

    satellite_id: str
    started_at: datetime | None = Field(description="null: no silence of the span came before it")
    ended_at: datetime | None = Field(description="null: it went on when the span ended")


class Change(Answer):
    """What was changed of how telemetry is judged, by whom and why; the platform's own: by nobody."""

    at: datetime
    kind: Literal["limit", "calibration", "upgrade"] = Field(
        description="`limit`: an operator changed one; `calibration`: constants were learned; `upgrade`: the"
        " database was taken to another release"
    )
    satellite_id: str | None
    subsystem: str | None
    name: str = Field(
        description="Of a limit its reason, of a calibration its state, of an upgrade its newest migration",
        examples=["low_battery"],
    )
    version: int | None
    operator: str | None
    comment: str | None
    details: dict[str, bool | float | str | None] = Field(
        description="Of a limit what differs from the mission file; empty: nothing does any more",
        examples=[{"below": 25}],
    )


class HandOver(Answer):
    """What one shift hands over to the next: what happened in the span, and how everything is now."""

    start_time: datetime
    end_time: datetime
    generated_at: datetime = Field(description="`attention` and all below it are as of this time")
    entries: list[ShiftEntry] = Field(description="Of the shift log in the span, oldest first")
    has_more_entries: bool
    contacts: list[Contact] = Field(
        description="Of satellites that were silent at some time of the span, oldest first"
    )
    has_more_contacts: bool
    passes: PassList = Field(description="Planned in the span, and what came of them")
    changes: list[Change] = Field(description="In the span, oldest first")
    has_more_changes: bool
    raised_by_severity: list[RaisedAlarms] = Field(description="All that were raised, the most first")
    indicators: list[Indicator] = Field(description="Of the span, for one operator")
    raised: AlarmList = Field(description="In the span, of satellites")
    platform: AlarmList = Field(description="Of the platform, those that stood at some time of the span")
    attention: Attention
    next_passes: PassList = Field(description="Running, or beginning within the next 8 hours")
    standing: AlarmList = Field(description="They stand now, acknowledged or not")
    returned: AlarmList = Field(description="They are over and wait to be acknowledged or reset")
    shelved: list[SuppressedReason]
    out_of_service: list[SuppressedReason]
    has_more_suppressions: bool
    silent: list[SilentSatellite]
    not_judged: list[NotJudged]
