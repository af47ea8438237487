"""Alarms of the platform's parts in a real PostgreSQL, with the service's own login."""

from collections.abc import Mapping

import pytest

from alarm_server.platform.route import DEPENDENCY, PartState
from alarm_server.platform.watch import PlatformWatch
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool
from tests.integration.alarms.running import events, rows

pytestmark = pytest.mark.integration

WELL = PartState(state="normal", detail="")
AWAY = PartState(state="off", detail="does not answer")
LATE = PartState(state="serious", detail="late by 1200 messages")


class Answers:
    """Stands for the route: what it says now; None = no answer."""

    def __init__(self) -> None:
        self.now: Mapping[str, PartState] | None = {"kafka": WELL, "triton": WELL}

    def __call__(self) -> Mapping[str, PartState]:
        if self.now is None:
            raise DependencyUnavailable(DEPENDENCY, "refused")
        return self.now


def look(watch: PlatformWatch, times: int = 3) -> None:
    for _ in range(times):
        watch.round()


def found(pool: Pool) -> list[tuple[str, str, bool]]:
    return [
        (row["subsystem"], row["reason"], row["returned_at"] is None)
        for row in rows(pool, "alarms")
        if (row["kind"], row["satellite_id"]) == ("platform", "platform")
    ]


def test_a_part_that_is_away_for_three_rounds_is_an_alarm_until_it_is_back_for_three(theirs: Pool) -> None:
    answers = Answers()
    watch = PlatformWatch(theirs, answers)
    answers.now = {"kafka": AWAY, "triton": WELL}
    look(watch, 2)
    assert found(theirs) == []
    look(watch, 4)
    assert found(theirs) == [("kafka", "unavailable", True)]
    answers.now = {"kafka": WELL, "triton": WELL}
    look(watch, 2)
    assert found(theirs) == [("kafka", "unavailable", True)]
    look(watch, 4)

    assert found(theirs) == [("kafka", "unavailable", False)]
    assert [event for _, event in events(theirs)] == ["raised", "returned"]
    (raised, _) = sorted(rows(theirs, "alarm_events"), key=lambda row: row["id"])
    assert raised["details"] == {"cause": "does not answer"}


def test_a_restart_goes_on_with_what_stands(theirs: Pool) -> None:
    answers = Answers()
    answers.now = {"kafka": LATE}
    look(PlatformWatch(theirs, answers))
    answers.now = {"kafka": WELL}
    look(PlatformWatch(theirs, answers))

    assert found(theirs) == [("kafka", "impaired", False)]


def test_without_an_answer_the_operation_server_is_away_and_what_stands_of_others_stays(theirs: Pool) -> None:
    answers = Answers()
    watch = PlatformWatch(theirs, answers)
    answers.now = {"kafka": LATE}
    look(watch)
    answers.now = None
    look(watch, 6)

    assert found(theirs) == [("kafka", "impaired", True), ("operation_server", "unavailable", True)]


def test_a_late_part_that_goes_away_has_both_alarms_and_loses_both(theirs: Pool) -> None:
    answers = Answers()
    watch = PlatformWatch(theirs, answers)
    for now in (LATE, AWAY, WELL):
        answers.now = {"kafka": now}
        look(watch)

    assert found(theirs) == [("kafka", "impaired", False), ("kafka", "unavailable", False)]
