"""Alerts as clients see them, why they stand, and what an acknowledgement must hold."""

from datetime import datetime
from typing import Final

from pydantic import Field

from operation_server.alarms.schemas import AnomaliesBehind
from operation_server.alerts.states import AlertKind, AlertState, Severity, Suppression
from operation_server.http.responses import Answer, Number
from operation_server.jobs.schemas import VerdictItem

MAX_MEMBERS: Final = 1_000
"""No more verdicts on a broken limit are counted, the newest ones."""


class ChannelEvidence(Answer):
    """What one channel contributed at the onset, and what was expected of it."""

    channel: str
    unit: str
    share: float = Field(ge=0, le=1)
    families: dict[str, float] = Field(description="The share's parts by family of detectors")
    actual: Number
    expected: Number
    lower_90: Number
    upper_90: Number
    expected_from: datetime | None = Field(description="When the forecast was made")
    nominal: tuple[float, float] | None


class Evidence(Answer):
    """Why an alert was raised: the verdict that raised it, or the first one."""

    job_id: str | None
    generated_at: datetime | None
    model_name: str | None
    model_version: str | None
    calibration_hash: str | None
    channels: list[ChannelEvidence] = Field(description="Highest share first")


class Acknowledgement(Answer):
    """Who took note of an alert, and what they said."""

    operator: str
    comment: str
    acknowledged_at: datetime


class Alert(Answer):
    """Anomalous verdicts or breaches of one rule of a subsystem, or a satellite's silence or wrong clock."""

    alert_id: str
    satellite_id: str
    subsystem: str
    kind: AlertKind
    reason: str | None = Field(
        description="The broken rule's reason, (CHANNEL_)no_data, silent_in_pass or"
        " clock_jumped_(back|ahead); null of an anomaly"
    )
    severity: Severity
    state: AlertState = Field(
        description="The first two are open; returned was never acknowledged, cleared was"
    )
    suppression: Suppression | None = Field(
        description="Why it calls nobody and does not count in the fleet; null: nothing hides it"
    )
    is_open: bool
    started_at: datetime = Field(
        description="Generation time of the first member; its reception under a wrong clock and of silence"
    )
    last_at: datetime = Field(description="Likewise of the newest member")
    clock_behind_s: Number = Field(description="Of a wrong on-board clock; negative if it is ahead")
    verdict_count: int = Field(
        description="Anomalous ones, of an anomaly. Of a limit: 0 where nothing was judged yet,"
        f" {MAX_MEMBERS} = so many or more"
    )
    peak_score: Number = Field(description="Of the counted ones")
    peak_job_id: str | None
    newest_job_id: str | None
    channels: list[str] | None = Field(
        description="What it is about: the limit's channel, or those with a share of at least 1 % in an"
        " anomaly's peak; null: that is not known, or the satellite as a whole"
    )
    acknowledgement: Acknowledgement | None


class Alerts(Answer):
    """Alerts that overlap a time range, newest start first."""

    alerts: list[Alert]
    count: int
    is_truncated: bool
    anomalies_behind_s: AnomaliesBehind


class AlertDetail(Alert):
    """An alert with its reasons, members and acknowledgements."""

    why: Evidence | None
    verdicts: list[VerdictItem] = Field(description="Newest first")
    history: list[Acknowledgement] = Field(description="Newest first")
    anomalies_behind_s: AnomaliesBehind
