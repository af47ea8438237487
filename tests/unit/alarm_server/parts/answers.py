"""What the operation server's own schemas make of its probes' answers, as the alarm server reads it."""

from typing import Any

from alarm_server.platform.route import Fleet, Pipeline
from operation_server.fleet import schemas
from tests.unit.operation_server.pipeline import probed


def pipeline(**answers: Any) -> Pipeline:
    """Say what the tools answered; all that are not named are well."""
    return Pipeline.model_validate_json(probed.pipeline(**answers).model_dump_json())


def fleet(*, contact_plan: dict[str, Any] | None = None, **lacking: dict[str, Any]) -> Fleet:
    """One satellite: its contact plan and, by subsystem, what it lacks."""
    nothing: dict[str, Any] = dict.fromkeys(schemas.SubsystemState.model_fields)
    parts = [
        {
            **nothing,
            "subsystem": name,
            "state": "standby",
            "is_stale": False,
            "open_alerts": 0,
            "unacknowledged_alerts": 0,
            **what,
        }
        for name, what in lacking.items()
    ]
    satellite = {
        **dict.fromkeys(schemas.SatelliteState.model_fields),
        "satellite_id": "SAT-001",
        "state": "standby",
        "is_stale": False,
        "contact_plan": contact_plan,
        "open_alerts": 0,
        "unacknowledged_alerts": 0,
        "returned_alerts": 0,
        "subsystems": parts,
    }
    found = schemas.Fleet.model_validate(
        {
            "generated_at": probed.NOW,
            "anomalies_behind_s": 0,
            "counts": dict.fromkeys(schemas.StateCounts.model_fields, 0),
            "retired_count": 0,
            "satellites": [satellite],
        }
    )
    return Fleet.model_validate_json(found.model_dump_json())
