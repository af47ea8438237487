"""The worker that a test kills: the supervised one with threads, or an own one with prefork."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import psutil

from testbed.supervised import CHECKOUT, WORKER, Supervised, wait_until

STOP_LIMIT_S: Final = 30


class Worker(Protocol):
    """A worker under test."""

    def kill(self) -> None:
        """Kill it without warning and see to it that it starts again."""


class ThreadsWorker:
    """The worker of the platform; its supervisor starts it again."""

    def __init__(self, supervised: Supervised) -> None:
        self._supervised = supervised

    def kill(self) -> None:
        self._supervised.kill(WORKER)


class PreforkWorker:
    """A worker with `--pool=prefork`; kills take turns between one child and all of it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._kills = 0
        self._process = self._start()

    def kill(self) -> None:
        self._kills += 1
        if self._kills % 2:
            children = wait_until(self._children, "a pool process runs", within_s=60)
            children[0].kill()
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_LIMIT_S)
        self._process = self._start()

    def stop(self) -> None:
        """End it in good order."""
        self._process.terminate()
        self._process.wait(STOP_LIMIT_S)

    def _children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children()

    def _start(self) -> subprocess.Popen[bytes]:
        celery = CHECKOUT / ".venv" / "bin" / "celery"
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [celery, "-A", "tasks", "worker", "--loglevel=info", "--pool=prefork", "--concurrency=2"],
                cwd=CHECKOUT / "analysis_server",
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@contextmanager
def worker_with(pool: str, supervised: Supervised, log: Path) -> Iterator[Worker]:
    """Yield the only worker of the platform, with that pool."""
    if pool == "threads":
        yield ThreadsWorker(supervised)
        return
    with supervised.stopped(WORKER):
        worker = PreforkWorker(log)
        try:
            yield worker
        finally:
            worker.stop()
