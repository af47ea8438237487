"""The loop of chores: each in its turn, none stops the others."""

from collections.abc import Callable

from housekeeping.chores import Chore, keep_house
from telemetry_core.contract.errors import DependencyUnavailable


class Clock:
    """Time that passes only while the loop waits, and the event that ends it after so many waits."""

    def __init__(self, rounds: int) -> None:
        self.now_s = 0.0
        self._rounds = rounds
        self._stopped = False

    def wait(self, timeout: float) -> bool:
        self.now_s += timeout
        self._rounds -= 1
        self._stopped = self._rounds <= 0
        return self._stopped

    def is_set(self) -> bool:
        return self._stopped


class Report:
    def __init__(self) -> None:
        self.ticks = 0
        self.held_for: list[str] = []

    def tick(self) -> None:
        self.ticks += 1

    def hold(self, server: str) -> None:
        self.held_for.append(server)


def run(rounds: int, **works: Callable[[], bool]) -> Report:
    clock, report = Clock(rounds), Report()
    chores = [Chore(name=name, every_s=60, work=work) for name, work in works.items()]
    keep_house(chores, clock, report, monotonic=lambda: clock.now_s)
    return report


def test_chore_that_fails_does_not_keep_the_others_from_their_turn() -> None:
    done: list[str] = []

    def fail() -> bool:
        raise ZeroDivisionError

    def work() -> bool:
        done.append("done")
        return False

    report = run(130, broken=fail, good=work)
    assert len(done) == 3
    assert report.ticks >= 130


def test_chore_with_more_to_do_comes_again_at_once_and_lets_others_in_between() -> None:
    order: list[str] = []

    def long() -> bool:
        order.append("long")
        return order.count("long") < 3

    def short() -> bool:
        order.append("short")
        return False

    run(4, long=long, short=short)
    assert order == ["long", "short", "long", "long"]


def test_server_outage_is_reported_to_the_watchdog_and_retried_within_seconds() -> None:
    asked: list[int] = []

    def work() -> bool:
        asked.append(1)
        raise DependencyUnavailable("postgres", "refused")

    report = run(11, chore=work)
    assert len(asked) == 3
    assert report.held_for == ["postgres"] * 3
