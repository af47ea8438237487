"""Hand-over reports for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from operation_server.alarms.schemas import Alarm
from operation_server.shift.handover.schemas import HandOver
from operation_server.shift.schemas import ShiftEntry

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOTHING: dict[str, Any] = {"alarms": [], "is_truncated": False}
NO_PASS: dict[str, Any] = {"passes": [], "is_truncated": False}


def report(**changes: Any) -> HandOver:
    return HandOver.model_validate(
        {
            "start_time": NOW - timedelta(hours=8), "end_time": NOW, "generated_at": NOW, "entries": [],
            "has_more_entries": False, "contacts": [], "has_more_contacts": False, "passes": NO_PASS,
            "next_passes": NO_PASS, "changes": [], "has_more_changes": False, "raised_by_severity": [],
            "indicators": [], "raised": NOTHING,
            "platform": NOTHING, "attention": {"count": 0, "is_truncated": False, "counts": []},
            "standing": NOTHING, "returned": NOTHING, "shelved": [], "out_of_service": [],
            "has_more_suppressions": False, "silent": [], "not_judged": [], **changes,
        }
    )  # fmt: skip


def entry(text: str, **changes: Any) -> ShiftEntry:
    return ShiftEntry.model_validate(
        {"id": 1, "at": NOW, "operator": "Ada", "text": text, "satellite_id": None, "alarm_id": None,
         "corrects": None, "corrected_by": None, **changes}
    )  # fmt: skip


def alarm(number: int = 1, **changes: Any) -> Alarm:
    return Alarm.model_validate(
        {
            "alarm_id": f"eps.low_battery.{number}.SAT-001", "severity": "critical",
            "state": "unacknowledged", "started_at": NOW, "returned_at": None, "worst_value": 12.5,
            "acknowledged_at": None, "acknowledged_by": None,
            "satellite_id": f"SAT-{number:04}", "subsystem": "eps", "kind": "limit",
            "reason": "low_battery", "channel": "battery_soc_percent", "needs_attention": True,
            "is_latching": False, "is_withdrawn": False, "raised_at": NOW, "last_at": NOW, "noticed_at": NOW,
            "changed_at": NOW, "violations": 3, "limit": "below 20", "value": 12.5, "peak_score": None,
            "peak_job_id": None, "newest_job_id": None, "reset_at": None, "assigned_to": None,
            "feedback": None, "group_id": None, "group_size": 0, "activations": 1,
            "chattering_since": None, **changes,
        }
    )  # fmt: skip
