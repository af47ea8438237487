"""Probes are asked once for all readers."""

import asyncio
from typing import TYPE_CHECKING, Any

from operation_server.health.probes import Probes
from operation_server.pipeline.queues import REMEMBERED_S, WorkersProbe
from operation_server.pipeline.schemas import Worker
from operation_server.pipeline.status_cache import CACHE_S, ProbeResults, StatusCache
from telemetry_core.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
from tests.unit.operation_server.pipeline.probed import WELL
from tests.unit.operation_server.pipeline.test_parts import at_once


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_worker_that_falls_silent_is_shown_for_a_while() -> None:
    clock = Clock()
    probe = WorkersProbe(None, monotonic=clock)
    replies: Mapping[str, Any] = {"celery@one": {"pool": {"max-concurrency": 2}, "total": {"a": 3, "b": 4}}}
    alive = Worker(worker="celery@one", is_alive=True, active=1, concurrency=2, processed=7)
    silent = Worker(worker="celery@one", is_alive=False, active=None, concurrency=None, processed=None)
    assert probe.workers_of(replies, {"celery@one": [{}]}) == [alive]
    clock.now_s = REMEMBERED_S
    assert probe.workers_of({}, {}) == [silent]
    clock.now_s = REMEMBERED_S + 0.1
    assert probe.workers_of({}, {}) == []


class TestStatusCache:
    def test_many_clients_at_once_ask_the_tools_once(self) -> None:
        cache, asked, _ = counting_cache()
        answers = asyncio.run(at_once(cache, 50))
        assert len(asked) == 1
        assert len({id(answer) for answer in answers}) == 1
        cache.close()

    def test_answer_is_kept_for_two_seconds(self) -> None:
        cache, asked, clock = counting_cache()
        for clock.now_s in (0.0, CACHE_S - 0.1, CACHE_S):
            asyncio.run(cache.pipeline())
        assert len(asked) == 2
        cache.close()


def counting_cache() -> tuple[StatusCache, list[int], Clock]:
    asked: list[int] = []
    clock = Clock()

    def kafka() -> Any:
        asked.append(1)
        return WELL.kafka

    probes: dict[str, Callable[[], Any]] = {
        name: lambda name=name: getattr(WELL, name)  # type: ignore[misc]
        for name in ProbeResults.__slots__
    }
    return StatusCache(Probes({**probes, "kafka": kafka}), Settings(), monotonic=clock), asked, clock
