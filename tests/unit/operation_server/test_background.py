"""Work beside the requests goes on, whatever becomes of one turn."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fastapi import FastAPI

from operation_server.background import repeating
from operation_server.http.dependencies import MISSION
from operation_server.limits.following import FollowedLimits, following
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.limits.changes import Limits
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.service.settings import Settings, load_mission

LIMIT_S = 20.0
PATH = Path("missions/default.yaml")
FILE = load_mission(PATH)


def waits(work: Callable[[], float | None], turns: int, *, first_s: float = 0.0) -> list[float]:
    """Let so many turns happen; return the waits before each and before the one after the last."""
    found: list[float] = []

    async def serve() -> None:
        is_done = asyncio.Event()

        async def sleep(seconds: float) -> None:
            found.append(seconds)
            if len(found) > turns:
                is_done.set()
                await asyncio.Event().wait()

        async with repeating("It was not done", work, every_s=7, first_s=first_s, sleep=sleep):
            await asyncio.wait_for(is_done.wait(), LIMIT_S)

    asyncio.run(serve())
    return found


def answering(answers: Sequence[float | Exception | None]) -> Callable[[], float | None]:
    remaining = iter(answers)

    def work() -> float | None:
        answer = next(remaining)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return work


def test_a_turn_says_when_the_next_one_is_due() -> None:
    assert waits(answering([None, 2.0, 0.0]), 3, first_s=30) == [30, 7, 2, 0]


def test_one_turn_that_fails_ends_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    failures: list[float | Exception | None] = [
        DependencyUnavailable("postgresql", "away"),
        ValueError("odd"),
        2.0,
    ]
    assert waits(answering(failures), 3) == [0, 7, 7, 2]
    told = capsys.readouterr()
    assert "It was not done: postgresql unavailable: away" in told.out + told.err


def test_a_thread_that_can_not_be_started_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([True, False])

    async def run_in_threadpool(work: Callable[[], float | None]) -> float | None:
        if next(refusals):
            raise RuntimeError("can't start new thread")
        return work()

    monkeypatch.setattr("operation_server.background.run_in_threadpool", run_in_threadpool)
    assert waits(answering([3.0]), 2) == [0, 7, 3]


def test_it_ends_with_its_block() -> None:
    async def serve() -> int:
        turns = 0
        has_worked = threading.Event()

        def work() -> None:
            nonlocal turns
            turns += 1
            has_worked.set()

        async with repeating("It was not done", work, every_s=0.001):
            await asyncio.to_thread(has_worked.wait, LIMIT_S)
        after = turns
        await asyncio.sleep(0.05)
        return turns - after

    assert asyncio.run(serve()) <= 1, "the one that was in its thread"


class Broken(FollowedLimits):
    """Fails at its first look in a way that nobody expected."""

    looks = 0
    third = threading.Event()

    def refresh(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise KeyError("odd")
        if self.looks == 3:
            self.third.set()


@pytest.fixture
def pool() -> Pool:
    """One that connects to nothing."""
    return open_pool(Settings(postgres_port=9), max_connections=1)


def test_limits_are_followed_on_after_a_look_that_failed_unexpectedly(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operation_server.limits.following.LOOK_EVERY_S", 0.001)
    limits = Broken(FastAPI(), FILE, PATH, pool)

    async def serve() -> bool:
        async with following(limits):
            return await asyncio.to_thread(limits.third.wait, LIMIT_S)

    assert asyncio.run(serve())


def test_routes_go_by_limits_that_another_thread_has_found(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FastAPI()
    followed = FollowedLimits(app, FILE, PATH, pool)
    changed = FILE.model_copy(update={"name": "changed"})

    def found_before(self: LimitsInForce) -> bool:
        self.limits = Limits.of(changed)
        return False

    monkeypatch.setattr(LimitsInForce, "keep_up", found_before)
    followed.refresh()
    assert MISSION.of(app) is changed
