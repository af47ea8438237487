"""The API reports as long as its event loop turns and one of its threads is free."""

import asyncio
import threading

import anyio.to_thread
from starlette.concurrency import run_in_threadpool

from operation_server.health.heartbeat import reporting
from telemetry_core.service.liveness import Liveness

LIMIT_S = 20.0


async def wait_for_a_report(liveness: Liveness) -> None:
    for _ in range(int(LIMIT_S * 100)):
        if not liveness.problems():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(liveness.problems())


def test_server_whose_loop_turns_is_healthy_and_one_that_ended_is_not_watched() -> None:
    liveness = Liveness()

    async def serve() -> None:
        async with reporting(liveness, interval_s=0.01):
            await wait_for_a_report(liveness)

    asyncio.run(serve())
    assert liveness.problems() == []


def test_server_without_a_free_thread_does_not_report() -> None:
    ended: list[str] = []
    liveness = Liveness(end=ended.append)
    release = threading.Event()

    async def serve() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        hanging = asyncio.create_task(run_in_threadpool(release.wait, LIMIT_S))
        await asyncio.sleep(0)
        async with reporting(liveness, interval_s=0.01):
            await asyncio.sleep(0.1)
            for _ in range(130):
                liveness.check(1.0)
            release.set()
            await hanging

    asyncio.run(serve())
    assert ended[0] == "requests has completed no round for 121 s"
