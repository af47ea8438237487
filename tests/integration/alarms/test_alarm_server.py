"""The alarm service on a real PostgreSQL, with its own login."""

from collections.abc import Collection

import pytest

from alarm_server.rows import save_events
from alarm_server.silence.heard import Group, Heard
from alarm_server.silence.pauses import Pauses
from alarm_server.silence.store import load_contacts, save_contacts
from alarm_server.sources import WHOLE
from alarm_server.store import load_tracks
from alarm_server.tracking import limit_track
from alarms.occurrence_changes import Event
from telemetry_core.contract.messages import time_of
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.alarms.running import Clock, events, hear, rows, started
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US, record, soc

pytestmark = pytest.mark.integration

SHELVE = """
INSERT INTO ops.alarm_suppressions (satellite_id, subsystem, reason, kind, operator, comment, until)
VALUES ('SAT-1', 'eps', %(reason)s, 'shelved', 'kim', 'known', now() AT TIME ZONE 'UTC' + %(left)s::interval)
"""


BREACH = [record(at_s, **soc(12 if at_s == 20 else 80)) for at_s in range(0, 100, 10)]
ALARM_ID = "eps.low_battery.1780000020000.SAT-1"


def test_a_track_is_read_as_it_was_saved(theirs: Pool) -> None:
    server = started(theirs)
    hear(server, *BREACH[:5], record(30.000_123, **soc(7.25)))
    with transaction(theirs) as connection:
        saved = load_tracks(connection)
        (only,) = load_tracks(connection, [("SAT-1", "eps", "low_battery"), ("SAT-1", "eps", "other")])

    known = server._tracks._known
    assert saved == {key: one for key, one in known.items() if one.track.has_violations}
    assert only == ("SAT-1", "eps", "low_battery")
    assert limit_track(saved[only].track).runs[0].last_us == NOW_US + 30 * SECOND_US + 123


def test_a_breach_is_a_row_with_its_history(theirs: Pool) -> None:
    hear(started(theirs), *BREACH)

    (row,) = rows(theirs, "alarms")
    assert row["alarm_id"] == ALARM_ID
    assert (row["kind"], row["channel"], row["severity"]) == ("limit", "battery_soc_percent", "critical")
    assert (row["violations"], row["value"], row["worst_value"], row["limit_value"]) == (1, 12, 12, 30)
    assert (row["returned_at"] - row["started_at"]).total_seconds() == 60
    assert row["is_unresolved"]
    assert events(theirs) == [(ALARM_ID, "raised"), (ALARM_ID, "returned")]


def test_a_second_delivery_of_a_batch_changes_no_row(theirs: Pool) -> None:
    hear(started(theirs), *BREACH)
    alarms, history = rows(theirs, "alarms"), rows(theirs, "alarm_events")
    hear(started(theirs), *BREACH)
    hear(started(theirs), *BREACH[2:])

    assert (rows(theirs, "alarms"), rows(theirs, "alarm_events")) == (alarms, history)


@pytest.mark.parametrize("value", [-3.4e38, -1e20, -0.0, 5e-324])
def test_the_smallest_and_largest_values_come_back_from_postgresql(theirs: Pool, value: float) -> None:
    """Which writes 1e20 in a document as an integer of 21 digits."""
    for at_s in range(3):
        hear(started(theirs), record(at_s, **soc(value)))

    (row,) = rows(theirs, "alarms")
    assert (row["violations"], row["value"], row["worst_value"]) == (3, value, value)


def test_what_operators_did_stays_when_an_alarm_goes_on(theirs: Pool, pool: Pool) -> None:
    server = started(theirs)
    hear(server, *BREACH[:3])
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops.alarms SET acknowledged_at = now(), acknowledged_by = 'kim', assigned_to = 'lee'"
        )
    hear(server, record(30, **soc(11)))

    (row,) = rows(theirs, "alarms")
    assert (row["acknowledged_by"], row["assigned_to"], row["violations"]) == ("kim", "lee", 2)
    hear(server, *(record(at_s, **soc(80)) for at_s in range(40, 120, 10)))
    assert not rows(theirs, "alarms")[0]["is_unresolved"]


def test_two_services_with_the_same_messages_write_what_one_would(theirs: Pool) -> None:
    first, second = started(theirs), started(theirs)
    for place, one in enumerate(BREACH):
        for server in (first, second) if place % 2 else (second, first):
            hear(server, one)

    assert events(theirs) == [(ALARM_ID, "raised"), (ALARM_ID, "returned")]


def test_two_services_by_turns_write_what_one_would(theirs: Pool) -> None:
    first, second = started(theirs), started(theirs)
    for place, one in enumerate(BREACH):
        server = (first, second)[place % 2]
        server.forget()
        server.begin(BREACH[:place])
        hear(server, one)

    assert events(theirs) == [(ALARM_ID, "raised"), (ALARM_ID, "returned")]
    assert rows(theirs, "alarm_tracks")[0]["revision"] >= len(BREACH) - 2


def test_messages_of_hours_ago_that_come_again_in_part_raise_nothing_anew(theirs: Pool) -> None:
    telemetry = [*(record(at_s, **soc(12)) for at_s in (0, 10, 20)), record(90, **soc(80))]
    later = record(4_000, **soc(80))
    hear(started(theirs), *telemetry, later)
    hear(started(theirs), *telemetry[1:], later)

    assert [row["violations"] for row in rows(theirs, "alarms")] == [3]
    hear(started(theirs), record(4_010, **soc(12)))
    assert [row["violations"] for row in rows(theirs, "alarms")] == [3, 1]


def test_a_late_breach_joins_two_alarms_into_the_first(theirs: Pool) -> None:
    again = record(90, **soc(12))
    server = started(theirs)
    hear(server, *BREACH[:9], again)
    hear(server, record(55, received_s=95, **soc(12)))

    first, second = rows(theirs, "alarms")
    assert (first["is_withdrawn"], second["is_withdrawn"]) == (False, True)
    assert not second["is_unresolved"]
    assert (first["last_at"] - first["started_at"]).total_seconds() == 70
    assert [event for _, event in events(theirs)] == [
        "raised",
        "returned",
        "raised",
        "raised_again",
        "withdrawn",
    ]


def test_a_shelf_whose_time_is_over_goes_and_the_alarm_says_so(theirs: Pool, pool: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, record(0, **soc(12)))
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(SHELVE, {"reason": "low_battery", "left": "-1 s"})
        cursor.execute(SHELVE, {"reason": "another", "left": "1 h"})
    server.round()
    clock.now_s = 10
    server.round()

    assert [row["reason"] for row in rows(theirs, "alarm_suppressions")] == ["another"]
    assert [event for _, event in events(theirs)] == ["raised", "expired"]


def test_a_satellite_that_stops_sending_is_an_alarm_and_a_second_silence_another(theirs: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    for begin_s in (1, 200):
        for at_s in range(begin_s, begin_s + 30):
            clock.now_s = at_s
            hear(server, record(at_s, comm={"rssi_dbm": -80}))
            server.round()
        for _ in range(140):
            clock.now_s += 0.5
            server.round()
    clock.now_s = 300
    hear(server, record(300, comm={"rssi_dbm": -80}))
    clock.now_s = 303
    server.round()

    first, second = rows(theirs, "alarms")
    assert (first["kind"], first["subsystem"], first["severity"]) == ("stale", "satellite", "distress")
    assert (first["returned_at"] - first["started_at"]).total_seconds() == 170
    assert (second["returned_at"] - second["started_at"]).total_seconds() == 71
    assert [event for _, event in events(theirs)] == ["raised", "returned"] * 2


def test_a_second_service_neither_doubles_nor_reopens_a_silence(theirs: Pool) -> None:
    clock = Clock()
    first = started(theirs, clock)
    clock.now_s = 1
    hear(first, record(1, comm={"rssi_dbm": -80}))
    first.round()
    second = started(theirs, clock)
    for _ in range(140):
        clock.now_s += 0.5
        first.round()
        second.round()
    hear(first, record(71, comm={"rssi_dbm": -80}))
    for _ in range(10):
        clock.now_s += 1
        first.round()
        second.round()

    (only,) = rows(theirs, "alarms")
    assert only["returned_at"] is not None
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_the_newest_contact_stays_whoever_saves_it(theirs: Pool) -> None:
    def heard(at_s: int) -> Heard:
        at_us = NOW_US + at_s * SECOND_US
        pauses = Pauses(at_us - 3)
        pauses.hear(at_us)
        group = Group(sources=frozenset({WHOLE}), pauses=pauses)
        return Heard(generated_us=at_us - 7, received_us=at_us, is_replayed=False, groups=[group])

    def save(heard: dict[str, Heard], tracked: Collection[str]) -> None:
        save_contacts(connection, heard, tracked, MISSION.window, limit=9)

    for at_s, tracked in ((10, {"SAT-1"}), (30, {"SAT-1"}), (31, ()), (20, {"SAT-1"})):
        with transaction(theirs) as connection:
            save({"SAT-1": heard(at_s)}, tracked)
    with transaction(theirs) as connection:
        save({}, ())
        found = load_contacts(connection, {WHOLE}, limit=5)["SAT-1"]
        assert (found.generated_us, found.received_us) == (heard(31).generated_us, heard(31).received_us)
        assert found.groups == heard(30).groups
        save({"SAT-2": heard(20), "SAT-3": heard(40)}, ())
        assert list(load_contacts(connection, {WHOLE}, limit=2)) == ["SAT-1", "SAT-3"]
        assert list(load_contacts(connection, {WHOLE}, limit=2, names=["SAT-2", "SAT-9"])) == ["SAT-2"]


def test_names_without_end_leave_no_more_contacts_than_satellites_are_allowed(theirs: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    for at_s in range(0, 40, 4):
        clock.now_s = at_s
        hear(server, *(record(at_s, satellite=f"GARBAGE-{at_s}-{place}", **soc(80)) for place in range(20)))
        server.round()

    assert [row["satellite_id"][:10] for row in rows(theirs, "alarm_contacts")].count("GARBAGE-36") == 20
    assert len(rows(theirs, "alarm_contacts")) == 50


def test_an_alarm_whose_rule_is_gone_ends_with_its_last_violation(theirs: Pool, pool: Pool) -> None:
    hear(started(theirs), record(0, **soc(12)), record(1, **soc(12)))
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.alarm_tracks SET reason = 'former_rule'")
        cursor.execute("UPDATE ops.alarms SET reason = 'former_rule'")
    started(theirs)
    started(theirs)

    assert rows(theirs, "alarm_tracks") == []
    (alarm,) = rows(theirs, "alarms")
    assert alarm["returned_at"] == alarm["last_at"]
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_an_alarm_that_returns_twice_at_one_sample_says_so_twice(theirs: Pool) -> None:
    """Late telemetry raised it again in between; the same told again adds nothing."""
    hear(started(theirs), record(0, **soc(12)))
    (alarm_id,) = (row["alarm_id"] for row in rows(theirs, "alarms"))
    at = time_of(NOW_US).replace(tzinfo=None)
    told = [Event.RETURNED, Event.RAISED_AGAIN, Event.RETURNED]
    for _ in range(2):
        with transaction(theirs) as connection:
            save_events(connection, [(alarm_id, event.value, at, None) for event in [Event.RAISED, *told]])

    assert [event for _, event in events(theirs)][:4] == [Event.RAISED, *told]
