"""A private OpenSearch from the native mode's installation; nothing of the platform is touched."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from testbed.postgres_server import free_port_within

LIBRARIES: Final = Path(__file__).resolve().parents[3] / ".native" / "state" / "tools" / "opensearch" / "libs"
START_LIMIT_S: Final = 90.0


class SearchServer:
    """An engine that can be stopped and started again with its data."""

    def __init__(self, folder: Path) -> None:
        assert LIBRARIES.is_dir(), f"OpenSearch is not installed in {LIBRARIES}: run 'make setup'"
        self._folder = folder
        # the runner takes ports below 9300 only
        self._port = free_port_within(9210, 9290)
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            "/usr/bin/java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC",
            "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", f"{LIBRARIES}/*",
            "org.codelibs.opensearch.runner.OpenSearchRunner", "-basePath", str(self._folder / "data"),
            "-numOfNode", "1", "-clusterName", "test", "-baseHttpPort", str(self._port - 1),
        ]  # fmt: skip
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "OpenSearch does not start"
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def _answers(self) -> bool:
        try:
            health = requests.get(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=3)
        except requests.RequestException:
            return False
        return health.ok


@contextmanager
def running_search(folder: Path) -> Iterator[SearchServer]:
    server = SearchServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
