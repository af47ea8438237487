"""What is foretold follows changed limits without a restart."""

from typing import Any

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool
from telemetry_core.postgres.store import Row
from tests.integration.alarms.running import Clock, events, hear, rows, started
from tests.integration.limits.changing import change
from tests.unit.alarm_server.test_forecasts import draining

pytestmark = pytest.mark.integration


class Running:
    """An alarm server, and operators who change the limit of the battery meanwhile."""

    def __init__(self, theirs: Pool, operators: Pool) -> None:
        self.clock = Clock()
        self._theirs, self._operators = theirs, operators
        self._version = 0
        self.server = started(theirs, self.clock)

    def change(self, **fields: Any) -> None:
        change(self._operators, fields, version=self._version)
        self._version += 1
        self.clock.now_s += 1
        self.server.round()

    @property
    def forecasts(self) -> list[Row]:
        return [row for row in rows(self._theirs, "alarms") if row["kind"] == "forecast"]


@pytest.fixture
def running(theirs: Pool, operators: Pool) -> Running:
    return Running(theirs, operators)


def test_the_time_to_a_limit_is_that_to_the_one_in_force(running: Running) -> None:
    hear(running.server, *draining(15))
    (before,) = running.forecasts
    running.change(below=35)
    hear(running.server, *draining(16, since_s=16))
    (after,) = running.forecasts
    # From 90 % towards 18 %, 30 % is reached after 21.5 s, 35 % after 17.3 s.
    assert before["value"] == pytest.approx(6.5, abs=0.3)
    assert after["value"] == pytest.approx(1.3, abs=0.3)


def test_a_forecast_of_a_limit_that_moved_away_ends(running: Running, theirs: Pool) -> None:
    hear(running.server, *draining(15))
    running.change(below=5)
    hear(running.server, *draining(30, since_s=16))
    (row,) = running.forecasts
    assert row["returned_at"] is not None
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_a_limit_that_becomes_too_mild_is_foretold_no_more(running: Running, theirs: Pool) -> None:
    hear(running.server, *draining(15))
    running.change(severity="watch")
    (row,) = running.forecasts
    assert row["returned_at"] == row["last_at"]
    hear(running.server, *draining(20, since_s=16))
    assert [event for _, event in events(theirs)] == ["raised", "returned"]


def test_a_limit_is_foretold_by_the_severity_it_has_now(running: Running) -> None:
    running.change(severity="watch")
    hear(running.server, *draining(0))
    running.change(severity="severe")
    hear(running.server, *draining(20, since_s=1))
    (row,) = running.forecasts
    assert (row["severity"], row["returned_at"]) == ("critical", None)


def test_a_forecast_that_was_ended_by_a_change_is_raised_anew(running: Running, theirs: Pool) -> None:
    hear(running.server, *draining(12))
    running.change(severity="watch")
    running.change(severity="critical")
    hear(running.server, *draining(20, since_s=13))
    ended, standing = running.forecasts
    assert (ended["returned_at"] is None, standing["returned_at"]) == (False, None)
    assert [event for _, event in events(theirs)] == ["raised", "returned", "raised"]


def test_what_could_not_be_ended_is_ended_when_postgresql_is_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(running.server, *draining(15))
    with monkeypatch.context() as away:
        away.setattr("alarm_server.service.end_alarms_without_rule", _is_away)
        running.change(severity="watch")
    (row,) = running.forecasts
    assert row["returned_at"] is None
    running.clock.now_s += 1
    running.server.round()
    (row,) = running.forecasts
    assert row["returned_at"] is not None


def _is_away(*_: object) -> None:
    raise DependencyUnavailable("postgresql", "away")
