"""Tasks/s and memory of Celery's pools: figures of docs/decisions/0033-threads-in-the-worker.md.

`python -m benchmarks.platform.pools` needs the running platform's RabbitMQ (`make up SERVICES=rabbitmq`)
and leaves nothing there. Each pool works off one queue that was filled before; a task that waits stands
for one that asks a server.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
from celery import Celery
from kombu import Queue

from benchmarks.platform.figures import Figure, Section
from telemetry_core.service.settings import Settings

MODULE: Final = "benchmarks.platform.pools"
DONE: Final = "BENCHMARK_DONE_FILE"
ROUNDS: Final = 3
TASKS: Final = 4_000
LIMIT_S: Final = 120
POOLS: Final = {
    0.005: (("prefork", 8), ("threads", 16)),
    0.0: (("prefork", 2), ("threads", 8)),
}
"""By seconds that a task waits."""

app = Celery("benchmark", broker=Settings().celery_broker_url)
app.conf.update(
    task_default_queue="benchmark-pools", task_default_delivery_mode="transient", task_ignore_result=True,
    worker_prefetch_multiplier=16,
)  # fmt: skip


@app.task(name="benchmark.wait")
def wait(seconds: float) -> None:
    """Wait, then add a byte to the file whose length tells how many tasks are done."""
    if seconds:
        time.sleep(seconds)
    with open(os.environ[DONE], "ab", buffering=0) as done:  # noqa: PTH123 - the cheapest way
        done.write(b".")


def measure() -> Section:
    """Each pool in turns."""
    lines: list[Figure] = []
    for seconds, pools in POOLS.items():
        rates: dict[tuple[str, int], list[float]] = {pool: [] for pool in pools}
        memory: dict[tuple[str, int], list[float]] = {pool: [] for pool in pools}
        for _ in range(ROUNDS):
            for pool in pools:
                rate, size_mb = work_off(*pool, seconds=seconds)
                rates[pool].append(rate)
                memory[pool].append(size_mb)
        for kind, count in pools:
            name = f"{kind}, {count}, tasks of {seconds * 1000:.0f} ms"
            lines += [
                Figure(name=name, unit="tasks/s", values=rates[kind, count]),
                Figure(name="  its memory (PSS)", unit="MB", values=memory[kind, count]),
            ]
    return Section(
        title="Celery's pools", explanation=f"{TASKS} tasks, from the first to the last.", lines=lines
    )


def work_off(kind: str, count: int, *, seconds: float) -> tuple[float, float]:
    """Tasks a second of a pool of so many, and its megabytes at the end."""
    with tempfile.TemporaryDirectory() as folder:
        done = Path(folder) / "done"
        done.touch()
        for _ in range(TASKS):
            wait.apply_async((seconds,))
        with worker(kind, count, done) as process:
            wait_for(done, 1)
            begun, first_s = done.stat().st_size, time.perf_counter()
            wait_for(done, TASKS)
            elapsed_s = time.perf_counter() - first_s
            family = [process, *process.children(recursive=True)]
            size_mb = sum(member.memory_full_info().pss for member in family) / 1e6
    return (TASKS - begun) / elapsed_s, size_mb


@contextmanager
def worker(kind: str, count: int, done: Path) -> Iterator[psutil.Process]:
    command = [
        sys.executable, "-m", "celery", "-A", MODULE, "worker", f"--pool={kind}", f"--concurrency={count}",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    running = subprocess.Popen(
        command, env=os.environ | {DONE: str(done)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(running.pid)
    finally:
        running.terminate()
        running.wait(timeout=30)


def wait_for(done: Path, count: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while done.stat().st_size < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{done.stat().st_size} of {count} tasks within {LIMIT_S} s")
        time.sleep(0.002)


if __name__ == "__main__":
    try:
        print(measure().text())
    finally:
        with app.connection_for_write() as connection:
            Queue(app.conf.task_default_queue, channel=connection.default_channel).delete()
