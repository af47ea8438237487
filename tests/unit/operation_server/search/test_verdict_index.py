"""A slow search is waited for; an engine that stands still is not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from operation_server.health.probes import PROBE_TIMEOUT_S
from operation_server.search.verdict_index import SEARCH_S, VerdictSearch
from telemetry_core.contract.errors import DependencyUnavailable
from tests.http_server import serving

FOUND = b'{"took": 1500, "hits": {"total": {"value": 0}, "hits": []}}'


@contextmanager
def engine(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[VerdictSearch]:
    """Serve what `answer` says for a path, and a client of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        search = VerdictSearch(url)
        try:
            yield search
        finally:
            search.close()


@pytest.mark.slow
def test_first_search_of_a_cold_engine_is_waited_for() -> None:
    def cold(path: str) -> tuple[int, bytes]:
        if path.endswith("/_search"):
            time.sleep(PROBE_TIMEOUT_S + 1)
        return 200, FOUND

    with engine(cold) as search:
        assert search.find({})["hits"]["hits"] == []


@pytest.mark.slow
def test_engine_that_stands_still_costs_one_short_question() -> None:
    thawed = threading.Event()

    def frozen(_: str) -> tuple[int, bytes]:
        thawed.wait(2 * SEARCH_S)
        return 200, FOUND

    with engine(frozen) as search:
        begun = time.monotonic()
        try:
            for _ in range(3):
                with pytest.raises(DependencyUnavailable, match=r"search unavailable: .*ReadTimeout"):
                    search.find({})
            assert time.monotonic() - begun < SEARCH_S / 2
        finally:
            thawed.set()


def test_index_that_is_not_built_yet_is_said() -> None:
    def empty(path: str) -> tuple[int, bytes]:
        return (200, b"{}") if path == "/" else (404, b'{"error": "index_not_found_exception"}')

    with engine(empty) as search:
        assert search.count() is None
        with pytest.raises(DependencyUnavailable, match="its index is not built yet"):
            search.find({})
