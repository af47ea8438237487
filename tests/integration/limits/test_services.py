"""Services follow changed limits without a restart, each with its own login."""

from contextlib import closing

import psycopg2
import pytest

from analysis_server.learner import learner_of
from kafka_inference_trigger.trigger import SERVICE as TRIGGER
from telemetry_core.limits.changes import rule_of
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import Clock, events, hear, rows, started
from tests.integration.limits.changing import BATTERY, change
from tests.unit.alarm_server.messages import MISSION, record, soc
from tests.unit.analysis_server.test_learner import level_model
from tests.unit.kafka_inference_trigger.records import new_trigger

pytestmark = pytest.mark.integration


def test_the_next_message_after_a_change_raises_the_alarm(theirs: Pool, operators: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, record(0, **soc(35)))
    change(operators, {"below": 40, "severity": "severe"})
    clock.now_s = 1
    server.round()
    hear(server, record(2, **soc(35)))
    (row,) = rows(theirs, "alarms")
    assert (row["severity"], row["limit_value"], row["value"]) == ("severe", 40, 35)


def test_a_standing_alarm_ends_under_the_limit_it_has_now_and_keeps_the_one_it_broke(
    theirs: Pool, operators: Pool
) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, record(0, **soc(29)))
    change(operators, {"below": 25, "severity": "watch"})
    clock.now_s = 1
    server.round()
    hear(server, record(2, **soc(29)), record(61, **soc(29)))
    (row,) = rows(theirs, "alarms")
    assert (row["severity"], row["limit_value"], row["violations"]) == ("critical", 30, 1)
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_a_restart_and_a_second_delivery_change_nothing_after_a_change(theirs: Pool, operators: Pool) -> None:
    change(operators, {"below": 40})
    messages = [record(at_s, **soc(35 if at_s < 20 else 80)) for at_s in range(0, 120, 10)]
    hear(started(theirs), *messages)
    alarms, history = rows(theirs, "alarms"), rows(theirs, "alarm_events")
    assert len(history) == 2
    hear(started(theirs), *messages)
    assert (rows(theirs, "alarms"), rows(theirs, "alarm_events")) == (alarms, history)


def test_the_trigger_follows_under_its_own_login(database: Settings, operators: Pool) -> None:
    with closing(open_pool(as_service(database, TRIGGER), max_connections=1)) as pool:
        limits = LimitsInForce(MISSION, pool)
        assert not limits.look()
        change(operators, {"below": 25})
        assert limits.keep_up()
        assert not limits.keep_up()
        trigger = new_trigger()
        trigger.compare_with(limits.limits)
    rule = rule_of(limits.mission, BATTERY)
    assert rule
    assert rule.below == 25


def test_the_learner_follows_under_its_own_login(database: Settings, operators: Pool) -> None:
    with closing(open_pool(as_service(database, "analysis-server"), max_connections=1)) as pool:
        learner = learner_of(database, pool, level_model)
        learner.turn()
        change(operators, {"below": 25})
        learner.turn()
    rule = rule_of(learner._limits.mission, BATTERY)
    assert rule
    assert rule.below == 25


def test_what_is_known_holds_while_postgresql_is_away(database: Settings, operators: Pool) -> None:
    change(operators, {"below": 25})
    with closing(open_pool(as_service(database, TRIGGER), max_connections=1)) as pool:
        limits = LimitsInForce(MISSION, pool)
        limits.look()
        known = limits.mission
        nowhere = open_pool(database.model_copy(update={"postgres_port": 1}), max_connections=1)
        away = LimitsInForce(MISSION, nowhere)
        limits._pool = nowhere
        assert not limits.keep_up()
        assert limits.mission is known
        assert not away.keep_up()
        assert away.mission is MISSION


def test_the_changes_of_another_mission_are_none_of_this_one(theirs: Pool, operators: Pool) -> None:
    change(operators, {"below": 25})
    other = LimitsInForce(MISSION.model_copy(update={"name": "other"}), theirs)
    assert not other.look()


def test_history_is_kept_as_it_was_written(pool: Pool, operators: Pool) -> None:
    change(operators, {"below": 25})
    for statement in ("UPDATE ops.limit_changes SET version = 2", "DELETE FROM ops.limit_changes"):
        with (
            pytest.raises(psycopg2.Error, match="kept as it was written"),
            transaction(pool) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
