"""What an alert that no job judged shows of its channel."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from operation_server.alerts.evidence import Stored, evidence_of
from operation_server.alerts.schemas import Alert
from telemetry_core.service.settings import load_mission

MISSION = load_mission(Path("missions/default.yaml"))
AT = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "shown"), [("limit", 12.5), ("change", 12.5), ("rate", None)])
def test_the_value_that_broke_a_rule_is_shown_but_a_rate_is_no_value(kind: str, shown: float | None) -> None:
    alert = Alert(
        alert_id="eps.moved.1.SAT-1",
        satellite_id="SAT-1",
        subsystem="eps",
        kind="limit",
        reason="moved",
        severity="critical",
        state="unacknowledged",
        suppression=None,
        is_open=True,
        started_at=AT,
        last_at=AT,
        clock_behind_s=None,
        verdict_count=0,
        peak_score=None,
        peak_job_id=None,
        newest_job_id=None,
        channels=None,
        acknowledgement=None,
    )
    alarm = {"kind": kind, "channel": "battery_soc_percent", "value": 12.5, "started_at": AT}

    found = evidence_of(MISSION, alarm, alert, Stored(verdicts=(), onset=None, forecast=None))
    assert found is not None
    assert [(one.channel, one.actual) for one in found.channels] == [("battery_soc_percent", shown)]
