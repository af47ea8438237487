"""Why an alert was raised: what each channel contributed at its onset, and what was expected of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from operation_server.alerts import QUERIES
from operation_server.alerts.expectations import Expectation, expectations, shares
from operation_server.alerts.schemas import Alert, ChannelEvidence, Evidence
from operation_server.jobs.schemas import VerdictItem
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

MAX_VERDICTS: Final = 500
"""The newest of an alert's members that are listed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What PostgreSQL keeps of an alert: members, the one at its onset and the forecast from before."""

    verdicts: Sequence[VerdictItem]
    #: None where retention deleted all that have a score.
    onset: Row | None
    forecast: Row | None


def read_stored(connection: Connection, alarm: Row, alert: Alert) -> Stored:
    """Read it all; nothing of an alert without verdicts."""
    if not alert.verdict_count:
        return Stored(verdicts=(), onset=None, forecast=None)
    key = {"satellite_id": alert.satellite_id, "subsystem": alert.subsystem, "reason": alert.reason}
    between = {"started_at": alarm["started_at"], "last_at": alarm["last_at"]}
    verdicts = select(connection, QUERIES["alert_verdicts"], {**key, **between, "limit": MAX_VERDICTS})
    until_raised = {**key, **between, "last_at": alarm["raised_at"], "limit": 1}
    raising = select(connection, QUERIES["alert_verdicts"], until_raised)
    scored = (row["job_id"] for row in [*raising, *reversed(verdicts)] if row["anomaly_score"] is not None)
    onset_job_id = next(scored, alert.peak_job_id)
    onsets = select(connection, QUERIES["alert_evidence"], {**key, "job_id": onset_job_id})
    forecasts = select(connection, QUERIES["forecast_before"], {**key, "before": alarm["started_at"]})
    return Stored(
        verdicts=[VerdictItem(**row) for row in verdicts],
        onset=onsets[0] if onsets else None,
        forecast=forecasts[0] if forecasts else None,
    )


def evidence_of(mission: Mission, alarm: Row, alert: Alert, stored: Stored) -> Evidence | None:
    """Explain an alert by the verdict that raised it, or the first one; an unjudged limit by its value.

    The verdict with the highest score is often the recovery.
    """
    if alert.subsystem not in mission.subsystems:
        return None
    if stored.onset is not None:
        return _judged_evidence(mission, alert, stored.onset, stored.forecast)
    if alert.kind == "limit" and not alert.verdict_count:
        return _unjudged_evidence(mission, alarm, alert)
    return None


def _judged_evidence(mission: Mission, alert: Alert, onset: Row, forecast: Row | None) -> Evidence:
    judged_ms = microseconds_of(onset["generated_at"]) // 1000
    expected = expectations(forecast, judged_ms, mission.window) if forecast else {}
    made_at = forecast["generated_at"] if forecast and expected else None
    contributions = onset["contributions"] or {}
    newest = onset["newest"] or {}
    return Evidence(
        job_id=onset["job_id"],
        generated_at=onset["generated_at"],
        model_name=onset["model_name"],
        model_version=onset["model_version"],
        calibration_hash=onset["calibration_hash"],
        channels=[
            _channel(
                mission,
                alert,
                name,
                share=share,
                families=contributions.get(name, {}),
                actual=newest.get(name),
                expected=expected.get(name),
                expected_from=made_at,
            )
            for name, share in shares(contributions, _channels(mission, alert)).items()
        ],
    )


def _unjudged_evidence(mission: Mission, alarm: Row, alert: Alert) -> Evidence:
    """Name the rule's channel alone, with the newest value that breaks it; a rate is none."""
    value = None if alarm["kind"] == "rate" else alarm["value"]
    known = alarm["channel"] in mission.subsystems[alert.subsystem].channels
    return Evidence(
        job_id=None,
        generated_at=alert.last_at,
        model_name=None,
        model_version=None,
        calibration_hash=None,
        channels=[_channel(mission, alert, alarm["channel"], share=1.0, actual=value)] if known else [],
    )


def _channels(mission: Mission, alert: Alert) -> list[str]:
    """List the channels that the model sees and, of a limit, the one that broke it."""
    subsystem = mission.subsystems[alert.subsystem]
    ruled = [rule.channel for rule in subsystem.rules if rule.reason == alert.reason]
    return [name for name in subsystem.channels if name in subsystem.features or name in ruled]


def _channel(  # noqa: PLR0913 - the columns of one row
    mission: Mission,
    alert: Alert,
    name: str,
    *,
    share: float,
    actual: float | None,
    families: Mapping[str, float] | None = None,
    expected: Expectation | None = None,
    expected_from: datetime | None = None,
) -> ChannelEvidence:
    described = mission.subsystems[alert.subsystem].channels[name]
    return ChannelEvidence(
        channel=name,
        unit=described.unit,
        share=min(1.0, share),
        families=dict(families or {}),
        actual=actual,
        expected=expected.expected if expected else None,
        lower_90=expected.lower_90 if expected else None,
        upper_90=expected.upper_90 if expected else None,
        expected_from=expected_from if expected else None,
        nominal=described.nominal,
    )
