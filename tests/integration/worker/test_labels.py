"""What operators called alarms, as learning reads it: over a real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analysis_server.learning.calibrations import Calibrations
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import to_json
from tests.integration.worker.test_calibrations import DONE, NOW, due, judge, learned, only

pytestmark = pytest.mark.integration


def called(pool: Pool, second: float, word: str, *, kind: str = "anomaly", subsystem: str = "eps") -> None:
    """An alarm of half a minute that an operator said a word of."""
    started_at = NOW + timedelta(seconds=second)
    alarm_id = f"{subsystem}.{kind}.{second}.A"
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alarms (alarm_id, satellite_id, subsystem, reason, kind, severity, started_at,"
            " raised_at, last_at) VALUES (%s, 'A', %s, %s, %s, 'warning', %s, %s, %s) ON CONFLICT DO NOTHING",
            (alarm_id, subsystem, kind, kind, started_at, started_at, started_at + timedelta(seconds=30)),
        )
        cursor.execute(
            "INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)"
            " VALUES (%s, 'feedback', 'Ada', 'seen', %s)",
            (alarm_id, to_json({"new": {"feedback": word}})),
        )


def test_what_operators_called_an_alarm_last_marks_its_telemetry(pool: Pool, worker: Calibrations) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)

    def at(second: float) -> int:
        return microseconds_of(NOW + timedelta(seconds=second))

    for second, *words in ((100, "true_alarm", "false_alarm"), (200, "rare_nominal"), (300, "true_alarm")):
        for word in words:
            called(pool, second, word)
    called(pool, 400, "true_alarm", kind="limit")
    called(pool, 500, "known")
    called(pool, 600, "true_alarm", kind="forecast")
    called(pool, 700, "true_alarm", subsystem="comm")
    marks = worker.marks(part, at(0), at(1000))
    assert marks.nominal_us == [(at(200), at(230)), (at(100), at(130))]
    assert marks.anomalous_us == [(at(400), at(430)), (at(300), at(330))]
    assert marks.events_us == [(at(300), at(330))]
    assert worker.marks(part, at(331), at(429)).anomalous_us == [(at(400), at(430))]


def test_one_with_constants_is_due_when_operators_said_what_an_alarm_was(
    pool: Pool, worker: Calibrations
) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    worker.save(part, learned(), replace(DONE, reason="learned"))
    judge(pool, "A", 20, "n")
    called(pool, 0, "false_alarm", subsystem="comm")
    assert due(worker) == []
    called(pool, 20, "false_alarm")
    renewed = only(worker)
    assert (renewed.subsystem, renewed.is_renewal, renewed.interval_s) == ("eps", True, 20.0)
    assert not worker.claim(renewed, is_forced=False), "what was looked at just now waits until it settled"
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.learning_progress SET looked_at = looked_at - interval '2 minutes'")
    assert worker.claim(only(worker), is_forced=False)
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.learning_progress SET looked_at = looked_at + interval '61 seconds'")
    assert due(worker) == [], "it was looked at since"
