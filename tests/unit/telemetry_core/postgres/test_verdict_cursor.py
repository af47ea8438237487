"""How followers of committed verdicts wait, go on and tell how far they are."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.cursors import verdict_cursor
from telemetry_core.postgres.cursors.verdict_cursor import (
    MAX_BACKOFF_S,
    REBUILD_ATTEMPTS,
    Cursor,
    backoff_s,
    follow,
    lag_s,
    rebuild,
)
from telemetry_core.postgres.database import Pool
from telemetry_core.service.liveness import Liveness

NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)


def test_backoff_grows_and_is_bounded() -> None:
    assert backoff_s(1) <= 0.5
    assert MAX_BACKOFF_S / 2 <= backoff_s(50) <= MAX_BACKOFF_S


def test_full_page_tells_how_far_behind_it_is() -> None:
    assert lag_s(NOW - timedelta(seconds=90), NOW, is_behind=True) == 90


def test_page_that_is_not_full_is_not_behind() -> None:
    assert lag_s(NOW - timedelta(days=9), NOW, is_behind=False) == 0
    assert lag_s(None, NOW, is_behind=True) == 0


class Steps:
    """Follows so many pages; away for some attempts first."""

    name = "steps"

    def __init__(self, stop: threading.Event, *, pages: int, away: int = 0) -> None:
        self.stop = stop
        self.pages = pages
        self.away = away
        self.held: str | None = None
        self.loop = Liveness().loop(self.name)

    def step(self) -> bool:
        self.held = self.held or self.loop.report.held_for
        if self.away:
            self.away -= 1
            raise DependencyUnavailable("postgresql", "away")
        self.pages -= 1
        if not self.pages:
            self.stop.set()
        return self.pages > 0

    def cursor(self) -> Cursor:
        return Cursor(generation=1, xact=1, id=1, relayed=1)


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "telemetry_core.postgres.cursors.verdict_cursor.backoff_s", lambda failures: 0.001 * failures
    )


def test_an_unavailable_server_holds_the_loop_and_the_next_step_goes_on() -> None:
    follower = Steps(threading.Event(), pages=3, away=2)
    follow(follower, follower.stop, follower.loop, service="relay")
    assert (follower.pages, follower.held) == (0, "postgresql")
    assert follower.loop.report.held_for is None


class RestartedPool(Pool):
    """A pool that begins the next generation."""

    def __init__(self) -> None: ...


@pytest.mark.parametrize(("away", "status"), [(REBUILD_ATTEMPTS - 1, 0), (REBUILD_ATTEMPTS, 1)])
def test_a_rebuild_waits_for_its_server_so_often_and_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], away: int, status: int
) -> None:
    monkeypatch.setattr(verdict_cursor, "restart", lambda *_: None)
    follower = Steps(threading.Event(), pages=2, away=away)
    found = rebuild(RestartedPool(), follower, service="relay", progress=lambda: f"{follower.pages} left")
    written = capsys.readouterr()
    assert found == status
    assert written.out.splitlines() == ([] if status else ["1 left", "0 left"])
    assert ("it continues as soon as relay runs" in written.err) is bool(status)
