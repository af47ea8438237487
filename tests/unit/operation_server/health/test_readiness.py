import threading

import pytest

from operation_server.health.readiness import CACHE_S, Readiness
from telemetry_core.contract.errors import DependencyUnavailable


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_answers_are_kept_for_two_seconds() -> None:
    asked: list[int] = []
    clock = Clock()
    readiness = Readiness({"kafka": lambda: asked.append(1)}, monotonic=clock)
    readiness.states()
    clock.now_s = CACHE_S - 0.1
    readiness.states()
    assert len(asked) == 1
    clock.now_s = CACHE_S
    readiness.states()
    assert len(asked) == 2
    readiness.close()


@pytest.mark.slow
def test_check_that_hangs_is_down_and_not_started_twice() -> None:
    gate, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        gate.wait(timeout=30)

    clock = Clock()
    readiness = Readiness({"kafka": hang, "triton": lambda: None}, monotonic=clock)
    for clock.now_s in (0.0, CACHE_S):
        states = readiness.states()
        assert (states["kafka"].is_up, states["triton"].is_up) == (False, True)
        assert "no answer within" in states["kafka"].detail
    assert len(asked) == 1
    gate.set()
    readiness.close()


def test_unavailable_dependency_says_why() -> None:
    def refuse() -> None:
        raise DependencyUnavailable("kafka", "refused")

    readiness = Readiness({"kafka": refuse})
    assert readiness.states()["kafka"].detail == "kafka unavailable: refused"
    readiness.close()
