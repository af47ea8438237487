"""Services follow limit sets without a restart, each with its own login; trigger and alarm server agree."""

from contextlib import closing
from typing import Any

import psycopg2
import pytest

from analysis_server.learner import learner_of
from kafka_inference_trigger.trigger import SERVICE as TRIGGER
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.messages import time_of
from telemetry_core.limits.changes import rule_of
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import Clock, events, hear, rows, started
from tests.integration.limits.changing import BATTERY, change
from tests.integration.limits.switching import FILE, known, switch
from tests.unit.alarm_server.messages import NOW_US, record, soc
from tests.unit.analysis_server.test_learner import level_model

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _heard(pool: Pool) -> None:
    known(pool)


def returned(pool: Pool) -> list[Row]:
    with transaction(pool) as connection:
        return select(
            connection, "SELECT member_at, details FROM ops.alarm_events WHERE event = 'returned'", {}
        )


def test_a_switch_ends_what_it_allows_with_the_next_sample_and_says_why(
    theirs: Pool, operators: Pool
) -> None:
    clock = Clock()
    server = started(theirs, clock, mission=FILE)
    hear(server, record(0, **soc(25)), record(0, satellite="SAT-2", **soc(25)))
    switch(operators, "safe")
    clock.now_s = 1
    server.round()
    hear(server, record(2, **soc(25)), record(2, satellite="SAT-2", **soc(25)))
    over, standing = rows(theirs, "alarms")
    assert (over["satellite_id"], over["violations"], over["limit_value"]) == ("SAT-1", 1, 30)
    assert (standing["satellite_id"], standing["returned_at"], standing["violations"]) == ("SAT-2", None, 2)
    (told,) = returned(theirs)
    assert told["details"]["cause"] == "limit_changed"
    assert told["member_at"] == time_of(NOW_US + 2_000_000)


def test_what_returns_by_itself_says_no_such_thing(theirs: Pool) -> None:
    server = started(theirs, mission=FILE)
    hear(server, record(0, **soc(25)), record(61, **soc(50)))
    (told,) = returned(theirs)
    assert "cause" not in told["details"]


def test_the_next_message_after_a_switch_raises_the_alarm_and_a_rule_that_is_off_none(
    theirs: Pool, operators: Pool
) -> None:
    clock = Clock()
    server = started(theirs, clock, mission=FILE)
    hear(server, record(0, **soc(50)))
    switch(operators, "strict")
    clock.now_s = 1
    server.round()
    hear(server, record(2, **soc(50)))
    (row,) = rows(theirs, "alarms")
    assert (row["limit_value"], row["value"]) == (60, 50)
    switch(operators, "off", version=1)
    clock.now_s = 2
    server.round()
    hear(server, record(4, **soc(1)), record(100, **soc(1)))
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_a_restart_and_a_second_delivery_change_nothing_after_a_switch(theirs: Pool, operators: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock, mission=FILE)
    before = [record(0, **soc(25)), record(1, **soc(25))]
    hear(server, *before)
    switch(operators, "safe")
    clock.now_s = 1
    server.round()
    after = [record(2, **soc(25)), record(3, **soc(25))]
    hear(server, *after)
    alarms, history = rows(theirs, "alarms"), rows(theirs, "alarm_events")
    assert [row["event"] for row in history] == ["raised", "returned"]
    again = started(theirs, clock, look_back=[*before, *after], mission=FILE)
    hear(again, *after)
    assert (rows(theirs, "alarms"), rows(theirs, "alarm_events")) == (alarms, history)


def test_a_forecast_of_what_a_set_does_not_foretell_ends_with_the_switch(
    theirs: Pool, operators: Pool
) -> None:
    clock = Clock()
    server = started(theirs, clock, mission=FILE)
    drain = [record(at_s, **soc(60 - at_s)) for at_s in range(26)]
    hear(server, *drain)
    assert [row["kind"] for row in rows(theirs, "alarms")] == ["forecast"]
    switch(operators, "off")
    clock.now_s = 26
    server.round()
    (forecast,) = rows(theirs, "alarms")
    assert forecast["returned_at"] is not None
    hear(server, *(record(at_s, **soc(60 - at_s)) for at_s in range(26, 50)))
    assert len(rows(theirs, "alarms")) == 1


def broken(trigger: InferenceTrigger, *values: float) -> list[float]:
    """Values of which the trigger demands an inference for its limit."""
    jobs = trigger.plan([record(100 * n, **soc(value)) for n, value in enumerate(values)]).jobs
    seconds = [(job.job.metadata["generated_at"]) for job in jobs if "low_battery" in job.job.trigger_reasons]
    times = [time_of(NOW_US + 100_000_000 * n).isoformat() for n in range(len(values))]
    return [value for value, at in zip(values, times, strict=True) if at in seconds]


@pytest.mark.parametrize(
    ("limit_set", "fields", "expected"),
    [
        ("default", {}, [29.0, 24.0, 10.0]),
        ("default", {"below": 25}, [24.0, 10.0]),
        ("safe", {}, [10.0]),
        ("safe", {"below": 25}, [10.0]),
        ("strict", {"below": 25}, [50.0, 29.0, 24.0, 10.0]),
        ("off", {"below": 25}, []),
    ],
)
def test_trigger_and_alarm_server_agree_on_each_layer(
    database: Settings,
    theirs: Pool,
    operators: Pool,
    limit_set: str,
    fields: dict[str, Any],
    expected: list[float],
) -> None:
    if limit_set != "default":
        switch(operators, limit_set)
    if fields:
        change(operators, fields)
    values = (50.0, 29.0, 70.0, 24.0, 70.0, 10.0, 70.0)
    with closing(open_pool(as_service(database, TRIGGER), max_connections=1)) as pool:
        limits = LimitsInForce(FILE, pool)
        assert limits.keep_up() == bool(fields or limit_set != "default")
        assert not limits.keep_up()
    trigger = InferenceTrigger(FILE, topic="t", clock=lambda: time_of(NOW_US))
    trigger.compare_with(limits.limits)
    assert broken(trigger, *values) == expected
    server = started(theirs, mission=FILE)
    for n, value in enumerate(values):
        hear(server, record(100 * n, **soc(value)))
    raised = [row for row in rows(theirs, "alarms") if row["kind"] == "limit"]
    assert sum(row["violations"] for row in raised) == len(expected)


def test_the_learner_goes_by_the_set_of_the_satellite(database: Settings, operators: Pool) -> None:
    with closing(open_pool(as_service(database, "analysis-server"), max_connections=1)) as pool:
        learner = learner_of(database, pool, level_model)
        switch(operators, "safe_mode", file=learner._limits_of_now().file)
        learner.turn()
    rule = rule_of(learner._limits.mission_of("SAT-1"), BATTERY)
    assert rule
    assert rule.below == 20


def test_what_is_known_holds_while_postgresql_is_away(database: Settings, operators: Pool) -> None:
    switch(operators, "safe")
    with closing(open_pool(as_service(database, TRIGGER), max_connections=1)) as pool:
        limits = LimitsInForce(FILE, pool)
        limits.look()
        kept = limits.limits
        limits._pool = open_pool(database.model_copy(update={"postgres_port": 1}), max_connections=1)
        assert not limits.keep_up()
        assert limits.limits is kept
        assert kept.set_of("SAT-1") == "safe"
        limits._pool = pool
        switch(operators, "off", version=1)
        assert limits.keep_up()
        assert limits.limits.set_of("SAT-1") == "off"


def test_the_switches_of_another_mission_are_none_of_this_one(theirs: Pool, operators: Pool) -> None:
    switch(operators, "safe")
    other = LimitsInForce(FILE.model_copy(update={"name": "other"}), theirs)
    assert not other.look()


def test_history_is_kept_as_it_was_written(pool: Pool, operators: Pool) -> None:
    switch(operators, "safe")
    for statement in ("UPDATE ops.limit_set_changes SET version = 2", "DELETE FROM ops.limit_set_changes"):
        with (
            pytest.raises(psycopg2.Error, match="kept as it was written"),
            transaction(pool) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
