"""Why an alert stands: what each channel contributed to its peak, and what was expected of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from operation_server.alerts import QUERIES
from operation_server.alerts.breaches import Breaches
from operation_server.alerts.episodes import (
    Episode,
    Expectation,
    expectations,
    rules_of,
    shares,
)
from operation_server.alerts.schemas import ChannelEvidence, Evidence
from operation_server.alerts.store import moment
from operation_server.jobs.schemas import VerdictItem
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

MAX_VERDICTS: Final = 500
"""The newest of an alert's members that are listed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What PostgreSQL keeps of an alert: its members, its peak and the forecast from before it."""

    verdicts: Sequence[VerdictItem]
    #: None where retention deleted it: an alert goes with its newest verdict only.
    peak: Row | None
    forecast: Row | None


def read_stored(connection: Connection, episode: Episode) -> Stored:
    """Read it all."""
    key = {
        "satellite_id": episode.satellite_id,
        "subsystem": episode.sign.subsystem,
        "reason": episode.sign.reason,
    }
    members = {"first_job_id": episode.first_job_id, "newest_job_id": episode.newest_job_id}
    verdicts = select(connection, QUERIES["alert_verdicts"], {**key, **members, "limit": MAX_VERDICTS})
    peaks = select(connection, QUERIES["alert_evidence"], {**key, "job_id": episode.peak_job_id})
    forecasts = select(connection, QUERIES["forecast_before"], {**key, "before": moment(episode.started_ms)})
    return Stored(
        verdicts=[VerdictItem(**row) for row in verdicts],
        peak=peaks[0] if peaks else None,
        forecast=forecasts[0] if forecasts else None,
    )


def stored_evidence(mission: Mission, episode: Episode, stored: Stored) -> Evidence | None:
    """Explain an alert by the verdict with the highest score, while there is one."""
    peak, forecast = stored.peak, stored.forecast
    if peak is None:
        return None
    expected = expectations(forecast, episode.started_ms, mission.window) if forecast else {}
    made_at = forecast["generated_at"] if forecast and expected else None
    contributions = peak["contributions"] or {}
    newest = peak["newest"] or {}
    return Evidence(
        job_id=peak["job_id"],
        generated_at=peak["generated_at"],
        model_name=peak["model_name"],
        model_version=peak["model_version"],
        calibration_hash=peak["calibration_hash"],
        channels=[
            _channel(
                mission,
                episode,
                name,
                share=share,
                families=contributions.get(name, {}),
                actual=newest.get(name),
                expected=expected.get(name),
                expected_from=made_at,
            )
            for name, share in shares(contributions, _channels(mission, episode)).items()
        ],
    )


def unjudged_evidence(mission: Mission, breaches: Breaches, episode: Episode) -> Evidence:
    """Explain a breach that nothing has judged: by its rule's channel alone."""
    (channel,) = {
        rule.channel
        for name, rule in rules_of(mission)
        if (name, rule.reason) == (episode.sign.subsystem, episode.sign.reason)
    }
    actual = breaches.newest_value(episode) if episode.value is None else episode.value
    evidence = _channel(mission, episode, channel, share=1.0, actual=actual)
    return Evidence(
        job_id=None,
        generated_at=moment(episode.last_ms),
        model_name=None,
        model_version=None,
        calibration_hash=None,
        channels=[evidence],
    )


def _channels(mission: Mission, episode: Episode) -> list[str]:
    """List the channels that the model sees and, of a limit, the one that broke it."""
    subsystem = mission.subsystems[episode.sign.subsystem]
    ruled = [rule.channel for rule in subsystem.rules if rule.reason == episode.sign.reason]
    return [name for name in subsystem.channels if name in subsystem.features or name in ruled]


def _channel(  # noqa: PLR0913 - the columns of one row
    mission: Mission,
    episode: Episode,
    name: str,
    *,
    share: float,
    actual: float | None,
    families: Mapping[str, float] | None = None,
    expected: Expectation | None = None,
    expected_from: datetime | None = None,
) -> ChannelEvidence:
    described = mission.subsystems[episode.sign.subsystem].channels[name]
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
