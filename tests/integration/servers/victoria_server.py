"""A private VictoriaMetrics from the native mode's installation; nothing of the platform is touched."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson
import requests

from testbed.postgres_server import free_port

STATE: Final = Path(os.environ.get("NATIVE_STATE", Path(__file__).resolve().parents[3] / ".native" / "state"))
PROGRAM: Final = STATE / "tools" / "bin" / "victoria-metrics"
START_LIMIT_S: Final = 30.0


class VictoriaServer:
    """A server that can be killed and started again with its data."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM.is_file(), f"VictoriaMetrics is not installed as {PROGRAM}: run 'make setup'"
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            str(PROGRAM), f"-httpListenAddr=127.0.0.1:{self._port}",
            f"-storageDataPath={self._folder / 'data'}", "-retentionPeriod=1y",
            "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s", "-memory.allowedBytes=64MiB",
        ]  # fmt: skip
        started_at_s = int(time.time())
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        _wait_until_healthy(f"{self.url}/health", self._process, self._folder / "log")
        while int(time.time()) == started_at_s:
            time.sleep(0.02)  # it tells its start in whole seconds: the next one must be another

    def kill(self) -> None:
        """End it as SIGKILL does: what is not on disk is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None


@contextmanager
def running_victoria_server(folder: Path) -> Iterator[str]:
    """Start a server with an empty storage and yield its address."""
    server = VictoriaServer(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.kill()


def write_samples(url: str, metric: str, satellite_id: str, values: Mapping[int, float]) -> None:
    """Store values by time in milliseconds; they can be read at once."""
    line = {
        "metric": {"__name__": metric, "satellite_id": satellite_id},
        "values": list(values.values()),
        "timestamps": list(values),
    }
    requests.post(f"{url}/api/v1/import", data=orjson.dumps(line), timeout=20).raise_for_status()
    requests.get(f"{url}/internal/force_flush", timeout=20).raise_for_status()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not _is_healthy(url):
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, "VictoriaMetrics does not start"
        time.sleep(0.05)


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False
