"""Restoring what VictoriaMetrics lost goes on whatever a round of it ends in."""

import threading

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import Liveness
from telemetry_core.victoriametrics import VictoriaMetrics
from telemetry_writer.refill import keep_restored


class NoPause(threading.Event):
    """An event that is not waited for."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Victoria(VictoriaMetrics):
    """Fails in one way after another, then ends the loop."""

    def __init__(self, stop: threading.Event, *failures: Exception) -> None:
        self.stop = stop
        self.failures = list(failures)

    def restore_lost(self) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.stop.set()
        return True


def test_round_that_fails_is_followed_by_another() -> None:
    stop = NoPause()
    victoria = Victoria(stop, DependencyUnavailable("victoria-metrics", "away"), ValueError("strange"))
    keep_restored(victoria, stop, Liveness().loop("restore"))
    assert victoria.failures == []


def test_failure_without_end_is_seen_by_health() -> None:
    liveness = Liveness()
    loop = liveness.loop("restore")
    stop = NoPause()
    seen: list[str | None] = []

    class Watched(Victoria):
        def restore_lost(self) -> bool:
            seen.append(loop.report.held_for)
            return super().restore_lost()

    keep_restored(Watched(stop, ValueError("strange")), stop, loop)
    assert seen == [None, "victoria-metrics"]
