"""Alarms of rates and changes on a real PostgreSQL, through restarts."""

import math
from typing import Any

import pytest

from alarm_server.store import load_tracks
from alarms.delta_tracks import DeltaTrack
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.alarms.running import events, hear, rows, started
from tests.unit.alarm_server.messages import MISSION, record, soc

pytestmark = pytest.mark.integration

ALARM_ID = "eps.moved.1780000020000.SAT-1"


def mission_with(*, reporting: str = "periodic", **rule: Any) -> Mission:
    """The default mission with one rule on the state of charge."""
    body = {**MISSION.model_dump(mode="json"), "limit_sets": {}}
    eps = body["subsystems"]["eps"]
    eps["channels"]["battery_soc_percent"]["reporting"] = reporting
    eps["rules"] = [{"channel": "battery_soc_percent", "reason": "moved", "log": "", **rule}]
    return Mission.model_validate(body)


CHANGE = mission_with(change=True)
RATE = mission_with(rate={"rises": 0.5, "falls": 0.5})


def test_a_change_is_a_row_that_says_old_and_new(theirs: Pool) -> None:
    for at_s in range(0, 120, 10):
        hear(started(theirs, mission=CHANGE), record(at_s, **soc(5 if at_s < 20 else 1e20)))

    (row,) = rows(theirs, "alarms")
    assert (row["alarm_id"], row["kind"], row["violations"]) == (ALARM_ID, "change", 1)
    assert (row["limit_value"], row["value"], row["worst_value"]) == (5, 1e20, 1e20)
    assert (row["returned_at"] - row["started_at"]).total_seconds() == 60
    assert events(theirs) == [(ALARM_ID, "raised"), (ALARM_ID, "returned")]
    raised = next(event for event in rows(theirs, "alarm_events") if event["event"] == "raised")
    assert raised["details"] == {"old": {"value": 5.0}, "new": {"value": 1e20}}


def test_a_rate_is_a_row_with_the_rate_and_its_limit(theirs: Pool) -> None:
    hear(
        started(theirs, mission=RATE),
        *(record(at_s, **soc(80 if at_s < 20 else 65)) for at_s in range(0, 60, 10)),
    )

    (row,) = rows(theirs, "alarms")
    assert (row["alarm_id"], row["kind"], row["channel"]) == (ALARM_ID, "rate", "battery_soc_percent")
    assert (row["value"], row["worst_value"], row["limit_value"]) == (-1.5, -1.5, -0.5)


def test_what_a_late_sample_refutes_is_withdrawn(theirs: Pool) -> None:
    """Each of two samples at once was steep: the one between shows that a part of them was not."""
    mission = mission_with(rate={"falls": 0.5}, min_violations=2)
    values = {0: 80, 10: 74, 20: 68}
    hear(started(theirs, mission=mission), *(record(at_s, **soc(value)) for at_s, value in values.items()))
    hear(started(theirs, mission=mission), record(19, received_s=30, **soc(74)))

    (row,) = rows(theirs, "alarms")
    assert row["is_withdrawn"]
    assert [event for _, event in events(theirs)] == ["raised", "withdrawn"]


def test_a_track_is_read_as_it_was_saved(theirs: Pool) -> None:
    mission = mission_with(reporting="on_change", change=True)
    server = started(theirs, mission=mission)
    voltage: dict[str, Any] = {"eps": {"battery_voltage": 3.7}}
    hear(server, record(0, **voltage), record(10, **soc(5)), record(20, **voltage), record(30, **soc(6)))
    with transaction(theirs) as connection:
        (saved,) = load_tracks(connection).values()

    (known,) = (one for one in server._tracks._known.values() if isinstance(one.track, DeltaTrack))
    assert isinstance(saved.track, DeltaTrack)
    assert isinstance(known.track, DeltaTrack)
    assert math.isnan(saved.track.points[0].value)
    assert saved.track.points[1:] == known.track.points[1:]
    assert (saved.track.whole, saved.track.base) == (known.track.whole, known.track.base)
    assert saved.revision == known.revision == 1


def test_a_rule_that_is_about_something_else_now_ends_its_alarm(theirs: Pool) -> None:
    for mission, other in ((CHANGE, RATE), (RATE, mission_with(below=30)), (mission_with(below=90), CHANGE)):
        hear(started(theirs, mission=mission), *(record(at_s, **soc(80 - at_s)) for at_s in (0, 10, 20)))
        assert any(row["returned_at"] is None for row in rows(theirs, "alarms"))
        hear(started(theirs, mission=other), record(25, **soc(70)))
        started(theirs, mission=MISSION)
        assert all(row["returned_at"] is not None for row in rows(theirs, "alarms"))
        assert rows(theirs, "alarm_tracks") == []
