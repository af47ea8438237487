"""The import client against a server that answers as the test says."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.observability import SAMPLES_REFUSED, SAMPLES_WRITTEN
from telemetry_core.victoriametrics import IMPORT_PATH, VictoriaMetrics
from tests.http_server import serving

Answer = Callable[[list[str]], int]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Serve imports; yields the base URL and the list of lines that were accepted."""
    accepted: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
            status = answer(lines) if self.path == IMPORT_PATH else 404
            if status == 204:
                accepted.extend(lines)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", accepted
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join(5)


def test_batch_goes_out_in_one_request() -> None:
    requests: list[list[str]] = []

    def accept(lines: list[str]) -> int:
        requests.append(lines)
        return 204

    with server(accept) as (url, _accepted):
        VictoriaMetrics(url).import_samples(["a 1 1", "b 2 2", "c 3 3"])
    assert requests == [["a 1 1", "b 2 2", "c 3 3"]]


def test_nothing_to_write_sends_nothing() -> None:
    VictoriaMetrics("http://127.0.0.1:9").import_samples([])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_bad_line_is_left_out_and_the_others_are_kept(status: int) -> None:
    lines = [f"series_{index} 1 1" for index in range(21)]
    refused_before, written_before = SAMPLES_REFUSED._value.get(), SAMPLES_WRITTEN._value.get()
    with server(lambda sent: status if lines[7] in sent else 204) as (url, accepted):
        VictoriaMetrics(url).import_samples(lines)
    assert set(lines) - set(accepted) == {lines[7]}
    assert len(accepted) == len(set(accepted))
    assert SAMPLES_REFUSED._value.get() - refused_before == 1
    assert SAMPLES_WRITTEN._value.get() - written_before == 20


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 503])
def test_failure_that_is_not_the_lines_holds_the_batch(status: int) -> None:
    with (
        server(lambda _: status) as (url, accepted),
        pytest.raises(DependencyUnavailable, match=f"HTTP {status}") as raised,
    ):
        VictoriaMetrics(url).import_samples(["a 1 1"])
    assert raised.value.dependency == "victoria-metrics"
    assert accepted == []


def test_server_outage_holds_the_batch() -> None:
    with server(lambda _: 204) as (url, _accepted):
        pass
    with pytest.raises(DependencyUnavailable, match="victoria-metrics unavailable"):
        VictoriaMetrics(url).import_samples(["a 1 1"])


@contextmanager
def restartable(started: list[int]) -> Iterator[tuple[VictoriaMetrics, list[str], list[int]]]:
    """A server that says since when it runs (the first of `started`) and refuses imports with `refusals`."""
    accepted: list[str] = []
    refusals: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"vm_app_start_timestamp {started[0]}\n".encode()
            self.send_response(200 if started[0] else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
            status = refusals.pop() if refusals else 204
            if status == 204:
                accepted.extend(lines)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with serving(Handler) as url:
        yield VictoriaMetrics(url), accepted, refusals


def test_imports_that_a_restarted_server_may_have_lost_are_sent_again() -> None:
    started = [100]
    with restartable(started) as (client, accepted, _):
        client.import_samples(["a 1 1"])
        assert not client.restore_lost()
        started[0] = 200
        assert client.restore_lost()
        assert not client.restore_lost()
    assert accepted == ["a 1 1", "a 1 1"]


def test_import_that_is_refused_after_the_restart_stops_no_other() -> None:
    started = [100]
    with restartable(started) as (client, accepted, refusals):
        client.import_samples(["a 1 1"])
        client.import_samples(["b 1 1"])
        refusals.append(400)
        started[0] = 200
        assert client.restore_lost()
    assert accepted == ["a 1 1", "b 1 1", "b 1 1"]


def test_server_that_does_not_tell_its_start_restores_nothing() -> None:
    with restartable([0]) as (client, accepted, _):
        client.import_samples(["a 1 1"])
        assert not client.restore_lost()
    assert accepted == ["a 1 1"]
