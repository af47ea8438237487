"""What a page in a browser on this machine may do to the running platform: nothing."""

import socket
from typing import Final

import psutil
import pytest
import requests

from testbed.running_platform import HTTP_TIMEOUT_S, Platform, victoria_url
from testbed.supervised import address

OPERATORS_PORTS: Final = (8000, 5555, 8080, 8428, 8500, 8502, 9200, 15672, 9101, 9102, 9103, 9104)
BIND: Final = address("BIND_ADDRESS", "127.0.0.1")


def ask(port: int, path: str, method: str = "GET", **headers: str) -> requests.Response:
    """Ask as a browser does that was led here under the name in `headers`."""
    return requests.request(
        method, f"http://{BIND}:{port}{path}", headers=headers, timeout=HTTP_TIMEOUT_S, allow_redirects=False
    )


@pytest.mark.usefixtures("platform")
class TestPages:
    @pytest.mark.parametrize("port", OPERATORS_PORTS)
    def test_name_of_another_site_that_leads_here_is_refused(self, port: int) -> None:
        assert ask(port, "/metrics", Host=f"evil.example:{port}").status_code in {403, 421}

    @pytest.mark.parametrize("port", OPERATORS_PORTS)
    def test_no_answer_may_be_read_by_another_site(self, port: int) -> None:
        answer = ask(port, "/metrics", Origin="http://evil.example")
        assert "Access-Control-Allow-Origin" not in answer.headers

    @pytest.mark.parametrize("port", OPERATORS_PORTS)
    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_image_of_another_page_is_refused(self, port: int, site: str) -> None:
        marks = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
        assert ask(port, "/metrics", **marks).status_code in {403, 421}

    def test_links_of_the_console_are_followed(self) -> None:
        link = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        for port, path in ((5555, "/workers"), (8080, "/"), (15672, "/"), (8428, "/vmui/"), (8000, "/docs")):
            assert ask(port, path, **link).status_code == 200

    @pytest.mark.parametrize("path", ["/_search?scroll=23h", "/_flush", "/_refresh"])
    def test_no_get_leaves_anything_behind_in_search(self, path: str) -> None:
        assert ask(9200, path).status_code == 403

    @pytest.mark.parametrize(
        ("port", "path"),
        [
            (5555, "/api/task/async-apply/tasks.run_inference"),
            (5555, "/api/worker/queue/cancel-consumer/celery@analysis-worker-1?queue=inference"),
            (5555, "/api/worker/shutdown/celery@analysis-worker-1"),
            (8428, "/api/v1/admin/tsdb/delete_series?match[]=up"),
            (8428, "/api/v1/import/prometheus"),
            (9200, "/inference_logs/_delete_by_query?q=*"),
        ],
    )
    def test_what_changes_something_is_refused_to_anybody(self, port: int, path: str) -> None:
        assert ask(port, path, "POST").status_code == 403

    def test_one_get_deletes_no_series(self) -> None:
        for url in (f"http://{BIND}:8428", victoria_url()):
            path = "/api/v1/admin/tsdb/delete_series"
            refused = requests.get(url + path, params={"match[]": "up"}, timeout=HTTP_TIMEOUT_S)
            assert refused.status_code in {401, 403}

    def test_flower_and_its_figures_are_still_looked_at(self) -> None:
        assert "celery@analysis-worker-1" in ask(5555, "/workers?json=1").text
        assert "flower_" in ask(5555, "/metrics").text


def test_no_service_that_trusts_its_callers_listens_where_pages_look(platform: Platform) -> None:
    """Whatever a page finds by trying ports of 127.0.0.1 and ::1 refuses it, or speaks no HTTP."""
    ours = {process.pid for process in descendants(platform)}
    ports = {
        one.laddr.port
        for one in psutil.net_connections(kind="tcp")
        if one.laddr
        and one.status == psutil.CONN_LISTEN
        and one.pid in ours
        and one.laddr.ip in {BIND, "0.0.0.0", "::", "::1"}
    }
    assert ports
    answering = {port for port in sorted(ports) if status_line(port).startswith(b"HTTP/1.1 2")}
    assert answering == set()


def descendants(platform: Platform) -> list[psutil.Process]:
    return [
        process
        for name in platform.supervised.states()
        if (pid := platform.supervised.pid(name))
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    ]


def status_line(port: int) -> bytes:
    """Return how a port answers a page that had its own name point here."""
    with socket.create_connection((BIND, port), timeout=5) as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: evil.example:{port}\r\nConnection: close\r\n\r\n".encode())
        try:
            return line.recv(64)
        except (TimeoutError, ConnectionError):
            return b""


def test_no_secret_stands_among_the_arguments_of_a_process(platform: Platform) -> None:
    arguments = [" ".join(one.cmdline()) for one in descendants(platform)]
    secrets = ("guest:guest", "admin123", address("POSTGRES_PASSWORD", "admin123"))
    assert [text for text in arguments if any(secret in text for secret in secrets)] == []
