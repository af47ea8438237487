"""The service over a store in memory: what it saves when, and what it does when it can't."""

from dataclasses import replace

import pytest

from alarm_server.readings import Contradiction
from alarm_server.service import look_back_s
from alarms.occurrence_changes import Event
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.records import Record
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US, record, soc
from tests.unit.alarm_server.platform import Platform


def test_a_breach_is_saved_once_however_often_it_is_delivered(platform: Platform) -> None:
    batch = [record(0, **soc(80)), record(1, **soc(12)), record(2, **soc(13))]
    platform.hear(*batch)
    alarms, events = dict(platform.store.alarms), set(platform.store.events)
    platform.hear(*batch)
    platform.server = platform.started()
    platform.hear(*batch)

    assert (platform.store.alarms, platform.store.events) == (alarms, events)
    assert [event for _, event, _ in events] == [Event.RAISED]


def test_nominal_telemetry_writes_nothing(platform: Platform) -> None:
    platform.hear(*(record(at_s, **soc(80)) for at_s in range(500)))

    assert platform.store.saves == 0


def test_a_message_that_cannot_be_read_does_not_stop_the_others(platform: Platform) -> None:
    platform.hear(replace(record(0), value=b"{"), record(1, comm={}), record(2, **soc(12)))

    assert len(platform.store.alarms) == 1


def test_an_unexpected_error_leaves_its_message_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = platform.server._reader.read

    def read(one: Record) -> object:
        if one.offset == 7:
            raise ZeroDivisionError
        return real(one)

    monkeypatch.setattr(platform.server._reader, "read", read)
    platform.hear(replace(record(0, **soc(5)), offset=7), record(1, **soc(12)))

    (alarm,) = platform.store.alarms.values()
    assert alarm.violations == 1


def test_what_could_not_be_saved_is_not_remembered(platform: Platform) -> None:
    planned = platform.server.plan([record(0, **soc(12))])
    platform.store.failures = 3
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            platform.server.act(planned)
    platform.server.act(planned)

    assert [event for _, event, _ in platform.store.events] == [Event.RAISED]


def test_two_services_that_get_the_same_messages_write_what_one_would(platform: Platform) -> None:
    """A partition moved, and its old owner still acts on what it was given."""
    other = platform.started()
    for at_s, value in enumerate([80, 12, 12, *[80] * 90, 12]):
        batch = [record(at_s, **soc(value))]
        for server in (platform.server, other) if at_s % 2 else (other, platform.server):
            server.act(server.plan(batch))

    assert [event for _, event, _ in sorted(platform.store.events)] == [
        Event.RAISED,
        Event.RETURNED,
        Event.RAISED,
    ]
    assert len(platform.store.alarms) == 2


def test_a_service_that_takes_over_goes_on_where_the_other_was(platform: Platform) -> None:
    platform.hear(record(0, **soc(12)))
    platform.server.forget()
    other = platform.started()
    other.act(other.plan([record(60, **soc(80))]))
    other.forget()
    platform.server.begin([])
    platform.hear(record(61, **soc(80)), record(70, **soc(12)))

    events = [event for _, event, _ in sorted(platform.store.events)]
    assert events == [Event.RAISED, Event.RETURNED, Event.RAISED]


def test_a_late_breach_after_a_restart_ends_with_a_sample_from_before_it(platform: Platform) -> None:
    nominal = [record(at_s, **soc(80)) for at_s in range(0, 600, 10)]
    platform.hear(*nominal)
    platform.server.forget()
    platform.server.begin(nominal)
    platform.hear(record(101, received_s=600, **soc(12)), record(610, **soc(80)))

    (alarm,) = platform.store.alarms.values()
    assert alarm.returned_us == NOW_US + 170 * SECOND_US
    assert look_back_s(MISSION) == 900


def test_a_contradiction_is_one_clock_alarm_also_after_a_restart(platform: Platform) -> None:
    first_us = NOW_US + 10 * SECOND_US
    told = Contradiction(satellite_id="SAT-1", behind_s=45, first_us=first_us, last_us=first_us)
    platform.store.contradictions = [told]
    platform.wait(3)
    platform.server = platform.started()
    platform.wait(3)
    platform.store.contradictions = [replace(told, last_us=first_us + 2 * SECOND_US)]
    platform.wait(3)

    (alarm,) = platform.store.alarms.values()
    assert (alarm.started_us, alarm.last_us, alarm.violations) == (first_us, first_us + 2 * SECOND_US, 2)
    assert [(key[2], event) for key, event, _ in platform.store.events] == [
        ("clock_jumped_back", Event.RAISED)
    ]
