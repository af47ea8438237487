from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operation_server.fleet.overview import (
    WHOLE,
    OpenAlert,
    PartFacts,
    listed,
    overview,
    state_of_part,
    state_of_satellite,
)
from operation_server.http.responses import State
from telemetry_core.service.settings import load_mission

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MISSION = load_mission(Path(__file__).parents[4] / "missions" / "default.yaml")


def alert(**changes: Any) -> OpenAlert:
    values: dict[str, Any] = {
        "kind": "limit", "severity": "critical", "value": 1.0,
        "needs_attention": True, "is_suppressed": False,
    }  # fmt: skip
    return OpenAlert(**{**values, **changes})


ANOMALY = alert(kind="anomaly", severity="serious")


def facts(**changes: Any) -> PartFacts:
    values: dict[str, Any] = {
        "last_contact": None, "is_stale": False, "is_out_of_contact": False,
        "verdict": "nominal", "status": "completed", "alerts": [],
    }  # fmt: skip
    return PartFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"alerts": [ANOMALY, alert()], "is_stale": True}, "critical"),
        ({"alerts": [ANOMALY, alert(needs_attention=False)], "is_stale": True}, "serious"),
        ({"alerts": [alert(needs_attention=False)], "is_stale": True}, "caution"),
        ({"is_stale": True}, "off"),
        ({"status": "failed", "verdict": None}, "caution"),
        ({"status": None, "verdict": None}, "standby"),
        ({"verdict": "warming_up"}, "standby"),
        ({"verdict": "learning"}, "standby"),
        ({"verdict": "anomalous"}, "standby"),
        ({"is_out_of_contact": True}, "standby"),
        ({}, "normal"),
    ],
)
def test_only_fresh_telemetry_judged_nominal_is_normal(changes: dict[str, Any], state: State) -> None:
    assert state_of_part(facts(**changes)) == state


def test_satellite_is_as_bad_as_its_worst_part() -> None:
    assert state_of_satellite(["normal", "serious", "off"], is_stale=False) == "serious"


def test_silent_part_of_a_satellite_in_contact_is_waiting() -> None:
    assert state_of_satellite(["normal", "off"], is_stale=False) == "standby"
    assert state_of_satellite(["off", "off"], is_stale=True) == "off"


@pytest.mark.parametrize(
    ("interval_s", "ago_s", "is_stale"),
    [
        (1.0, 60, False),
        (1.0, 61, True),
        (None, 61, True),
        (120.0, 119, False),
        (120.0, 360, False),
        (120.0, 361, True),
    ],
)
def test_a_subsystem_is_silent_after_the_longest_gap_or_three_of_its_intervals(
    interval_s: float | None, ago_s: float, *, is_stale: bool
) -> None:
    contacts = {("SAT-001", "eps"): NOW - timedelta(seconds=ago_s)}
    found = overview(
        MISSION, contacts, [verdict(interval_s)], {}, {}, plans={}, patience={}, retired={}, now=NOW
    )
    (eps,) = (part for part in found["satellites"][0]["subsystems"] if part["subsystem"] == "eps")
    assert (eps["is_stale"], eps["state"]) == (is_stale, "off" if is_stale else "normal")


@pytest.mark.parametrize(
    ("begin_s", "end_s", "ago_s", "is_stale", "state"),
    [
        (None, None, 5_000, False, "standby"),
        (-300, 300, 5_000, False, "standby"),
        (-300, 300, 30, False, "normal"),
        (-300, 300, 100, True, "off"),
    ],
)
def test_with_a_contact_plan_a_subsystem_is_silent_in_a_pass_in_which_it_was_heard(
    begin_s: float | None, end_s: float | None, ago_s: float, state: State, *, is_stale: bool
) -> None:
    running = None
    if begin_s is not None and end_s is not None:
        running = {"start_time": NOW + timedelta(seconds=begin_s), "end_time": NOW + timedelta(seconds=end_s)}
    plan = {"is_covered": True, "running": running}
    contacts = {("SAT-001", "eps"): NOW - timedelta(seconds=ago_s)}
    for is_covered in (True, False):
        plans = {"SAT-001": plan | {"is_covered": is_covered}}
        fleet = overview(
            MISSION, contacts, [verdict()], {}, {}, plans=plans, patience={}, retired={}, now=NOW
        )
        (found,) = fleet["satellites"]
        (eps,) = (part for part in found["subsystems"] if part["subsystem"] == "eps")
        expected = (is_stale, state) if is_covered else (ago_s > 60, "off" if ago_s > 60 else "normal")
        assert (eps["is_stale"], eps["state"]) == expected
        assert found["contact_plan"] == plans["SAT-001"]


@pytest.mark.parametrize(
    ("patience_s", "ago_s", "is_stale"),
    [
        ({"": 180, "eps": 900}, 900, False),
        ({"": 180, "eps": 900}, 901, True),
        # One without a usual pause is known to be silent by its satellite alone.
        ({"": 180}, 180, False),
        ({"": 180}, 181, True),
        ({"eps": 5}, 60, False),
    ],
)
def test_a_subsystem_may_pause_as_long_as_the_alarm_server_learned(
    patience_s: dict[str, float], ago_s: float, *, is_stale: bool
) -> None:
    contacts = {("SAT-001", "eps"): NOW - timedelta(seconds=ago_s)}
    patience = {"SAT-001": patience_s}
    (found,) = overview(
        MISSION, contacts, [verdict()], {}, {}, plans={}, patience=patience, retired={}, now=NOW
    )["satellites"]
    assert found["subsystems"][0]["is_stale"] == is_stale


def test_live_faults_come_first_and_satellites_that_nobody_heard_for_a_day_last() -> None:
    heard = {"A-LOST": 90_000, "B-SILENT": 600, "C-LIVE": 5, "D-NOMINAL": 5}
    contacts = {(name, "eps"): NOW - timedelta(seconds=ago_s) for name, ago_s in heard.items()}
    alerts = {(name, "eps"): [alert()] for name in ("A-LOST", "B-SILENT", "C-LIVE", "A-NEVER")}
    found = overview(MISSION, contacts, [], alerts, {}, plans={}, patience={}, retired={}, now=NOW)[
        "satellites"
    ]

    assert [one["satellite_id"] for one in found] == ["C-LIVE", "B-SILENT", "D-NOMINAL", "A-LOST", "A-NEVER"]
    assert [one["state"] for one in found] == ["critical", "critical", "standby", "critical", "critical"]


def verdict(interval_s: float | None = 1.0, subsystem: str = "eps") -> dict[str, Any]:
    return {
        "satellite_id": "SAT-001", "subsystem": subsystem, "generated_at": NOW,
        "verdict": "nominal", "status": "completed", "anomaly_score": 0.1, "interval_s": interval_s,
    }  # fmt: skip


def satellite(*alerts: OpenAlert, part: str = WHOLE, returned: int = 0) -> dict[str, Any]:
    """One that is well and in contact, with these alerts."""
    names = list(MISSION.subsystems)
    verdicts = [verdict(subsystem=name) for name in names]
    contacts = {("SAT-001", name): NOW for name in names}
    open_alerts = {("SAT-001", part): alerts} if alerts else {}
    counts = {"SAT-001": returned} if returned else {}
    fleet = overview(
        MISSION, contacts, verdicts, open_alerts, counts, plans={}, patience={}, retired={}, now=NOW
    )
    (found,) = fleet["satellites"]
    assert isinstance(found, dict)
    return found


def test_silence_that_the_list_shows_is_silence_in_the_fleet() -> None:
    found = satellite(alert(kind="stale", severity="serious"))
    assert (found["state"], found["is_stale"], found["open_alerts"]) == ("off", True, 1)


def test_a_silent_subsystem_is_stale_beside_the_state_that_its_alarm_gives_it() -> None:
    found = satellite(alert(kind="stale", severity="serious"), part="eps")
    eps = found["subsystems"][0]
    assert (eps["state"], eps["is_stale"], found["state"], found["is_stale"]) == (
        "serious", True, "serious", False,
    )  # fmt: skip
    found = satellite(alert(kind="stale", severity="serious", channel="battery_current"), part="eps")
    assert (found["subsystems"][0]["is_stale"], found["state"]) == (False, "serious")


def test_wrong_clock_is_told_with_how_far_it_lies_behind() -> None:
    found = satellite(alert(kind="clock", severity="serious", value=-400.0))
    assert (found["state"], found["clock_behind_s"], found["is_stale"]) == ("serious", -400.0, False)
    assert satellite(alert(kind="clock", severity="serious", needs_attention=False))["state"] == "caution"


def test_what_is_shelved_or_out_of_service_does_not_count() -> None:
    found = satellite(alert(is_suppressed=True, needs_attention=False), part="eps")
    assert (found["state"], found["open_alerts"], found["unacknowledged_alerts"]) == ("normal", 0, 0)


def test_alert_that_ended_unacknowledged_stays_until_somebody_looked() -> None:
    found = satellite(returned=2)
    assert (found["state"], found["returned_alerts"], found["open_alerts"]) == ("caution", 2, 0)
    assert satellite(alert(), part="eps", returned=2)["state"] == "critical"
    (unknown,) = overview(MISSION, {}, [], {}, {"GONE": 1}, plans={}, patience={}, retired={}, now=NOW)[
        "satellites"
    ]
    assert (unknown["satellite_id"], unknown["state"]) == ("GONE", "caution")


def test_retired_satellites_are_listed_apart_and_counted() -> None:
    contacts = {("SAT-001", "eps"): NOW, ("SAT-002", "eps"): NOW}
    gone = {"at": NOW, "operator": "Ada", "comment": "burnt up"}
    retired = {"SAT-002": gone, "SAT-003": gone}
    fleet = overview(MISSION, contacts, [], {}, {}, plans={}, patience={}, retired=retired, now=NOW)

    def names(*, retired: bool) -> tuple[list[str], int, int]:
        found = listed(fleet, retired=retired)
        return (
            [one["satellite_id"] for one in found["satellites"]],
            sum(found["counts"].values()),
            found["retired_count"],
        )

    assert names(retired=False) == (["SAT-001"], 1, 2)
    assert names(retired=True) == (["SAT-002", "SAT-003"], 2, 2)
    assert [one["retired"] for one in fleet["satellites"]] == [None, gone, gone]
