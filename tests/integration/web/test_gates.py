"""nginx before servers that tell what reached them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.http_server import serving
from tests.integration.servers.running_nginx import BIND, CHECKOUT, INNER, TIMEOUT_S, WEB_PORT, running_nginx

KEY: Final = "Zk3-vT9_qL.x7~Wm"
INNER_PORTS: Final = (8428, 9201, 5555, 15672, 8500, 8502)
PORTS: Final = (WEB_PORT, 8428, 9200, 5555, 15672, 8500, 8502)


class Echo(BaseHTTPRequestHandler):
    """Says what reached it, and lets every page of the world read it, as Flower and VictoriaMetrics do."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"{self.command} {self.path}".encode()
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Seen-Peer", self.client_address[0])
        self.send_header("Seen-Forwarded", ", ".join(self.headers.get_all("X-Forwarded-For", [])))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture(scope="class")
def _servers() -> Iterator[None]:
    with ExitStack() as stack:
        for port in INNER_PORTS:
            stack.enter_context(serving(Echo, INNER, port))
        stack.enter_context(serving(Echo, BIND, 8000))
        yield


@pytest.fixture(scope="class")
def _open_platform(_servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running_nginx(tmp_path_factory.mktemp("open"), ALLOWED_HOSTS="Telemetry.example", API_KEYS=""):
        yield


def ask(method: str, port: int, path: str, **headers: str) -> requests.Response:
    request = requests.Request(
        method, f"http://{BIND}:{port}/", headers={"Host": f"localhost:{port}", **headers}
    )
    prepared = request.prepare()
    prepared.url = f"http://{BIND}:{port}{path}"  # as it stands, with dots and escapes
    with requests.Session() as session:
        return session.send(prepared, timeout=TIMEOUT_S, allow_redirects=False)


def marked(site: str, mode: str, destination: str) -> dict[str, str]:
    """Headers by which a browser tells who wants what; no page can change them."""
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}


@pytest.mark.usefixtures("_open_platform")
class TestOpenPlatform:
    @pytest.mark.parametrize(
        ("port", "path"), [(WEB_PORT, "/api/v1/fleet"), (WEB_PORT, "/ws/x"), (5555, "/")]
    )
    def test_client_can_not_choose_the_address_that_servers_are_told(self, port: int, path: str) -> None:
        answer = ask("GET", port, path, **{"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6"})
        assert answer.headers["Seen-Forwarded"] == "127.0.0.1"

    def test_api_is_called_from_the_address_that_it_believes(self) -> None:
        assert ask("GET", WEB_PORT, "/api/v1/fleet").headers["Seen-Peer"] == INNER

    def test_documentation_stands_beside_the_page_of_the_api(self) -> None:
        site = ask("GET", WEB_PORT, "/docs/")
        assert site.text == "documentation"
        assert "script-src 'self';" in site.headers["Content-Security-Policy"]
        assert ask("GET", WEB_PORT, "/docs/gone.html").status_code == 404
        for path in ("/docs", "/docs/static/swagger-ui.css"):
            assert ask("GET", WEB_PORT, path).text == f"GET {path}"

    @pytest.mark.parametrize("port", PORTS)
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost"]
    )
    def test_foreign_name_is_refused_on_every_port(self, port: int, host: str) -> None:
        answer = ask("GET", port, "/", Host=host)
        assert answer.status_code in {400, 421}

    @pytest.mark.parametrize("port", PORTS)
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example"])
    def test_foreign_page_is_refused_on_every_port(self, port: int, method: str, origin: str) -> None:
        assert ask(method, port, "/", Origin=origin).status_code == 403

    @pytest.mark.parametrize("port", PORTS)
    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:80", "127.0.0.1:7", "[::1]:7", "telemetry.example:7"]
    )
    def test_own_names_are_answered_and_no_page_may_read_across(self, port: int, host: str) -> None:
        path = "/metrics" if port == 8502 else "/"
        answer = ask("GET", port, path, Host=host, Origin=f"http://{host.rpartition(':')[0] or host}:99")
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    @pytest.mark.parametrize("port", PORTS)
    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_what_another_page_loads_is_refused_on_every_port(self, port: int, site: str) -> None:
        """An image or a frame sends no Origin, and another port of localhost is the same site."""
        path = "/metrics" if port == 8502 else "/"
        for mode, destination in (("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")):
            marks = marked(site, mode, destination)
            assert ask("GET", port, path, **marks).status_code == 403
        neighbour = {"Origin": "http://localhost:3000", **marked(site, "cors", "empty")}
        assert ask("POST", port, path, **neighbour).status_code == 403

    @pytest.mark.parametrize("port", PORTS)
    @pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
    def test_link_is_followed_from_anywhere(self, port: int, site: str) -> None:
        path = "/metrics" if port == 8502 else "/"
        assert ask("GET", port, path, **marked(site, "navigate", "document")).status_code == 200

    @pytest.mark.parametrize("port", [port for port in PORTS if port not in (WEB_PORT, 8502)])
    def test_page_calls_its_own_server(self, port: int) -> None:
        own = {"Origin": f"http://localhost:{port}", **marked("same-origin", "cors", "empty")}
        path = {8428: "/api/v1/query", 9200: "/_search", 5555: "/tasks/datatable"}.get(port, "/api")
        assert ask("POST", port, path, **own).text == f"POST {path}"
        assert (
            ask("GET", WEB_PORT, "/api/v1/fleet", **marked("same-origin", "cors", "empty")).status_code == 200
        )

    @pytest.mark.parametrize(
        "path",
        ["/api/v1/query?query=up", "/prometheus/api/v1/series", "/vmui/", "/vmui/static/js/main.0a1b.js",
         "/health", "/metrics", "/api/v1/label/__name__/values", "/api/v1/export?match=up"],
    )  # fmt: skip
    def test_victoria_metrics_is_read(self, path: str) -> None:
        assert ask("GET", 8428, path).text == f"GET {path}"

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "path",
        ["/api/v1/admin/tsdb/delete_series?match=up", "/api/v1/import/prometheus", "/write", "/api/put",
         "/snapshot/create", "/internal/force_merge", "/tags/delSeries", "/-/reload", "/debug/pprof/profile",
         "/config", "/flags", "/api/v1/query/../import", "/vmui/../api/v1/import", "/vmui/%2e%2e/write",
         "/api/v1/import/prometheus/metrics/job/..%2f..%2f..%2f..%2fquery", "/api/v1/query%0d%0aX:1"],
    )  # fmt: skip
    def test_nobody_writes_to_victoria_metrics_or_steers_it(self, method: str, path: str) -> None:
        answer = ask(method, 8428, path)
        assert answer.status_code in {400, 403, 404} or answer.text == f"{method} /api/v1/query"

    @pytest.mark.parametrize(
        ("method", "path", "is_passed"),
        [
            ("GET", "/inference_logs/_search?q=x", True),
            ("POST", "/inference_logs/_search", True),
            ("POST", "/inference_logs/_delete_by_query", False),
            ("POST", "/inference_logs/_search/../_delete_by_query", False),
            ("POST", "/inference_logs/_delete_by_query%2f..%2f_search", False),
            ("DELETE", "/inference_logs", False),
            ("PUT", "/inference_logs", False),
            ("POST", "/_bulk", False),
            ("GET", "/", True),
            ("GET", "/_cat/indices?v", True),
            ("GET", "/_cluster/health?wait_for_status=green", True),
            ("GET", "/inference_logs/_mapping", True),
            ("GET", "/inference_logs/_doc/a-1:eps", True),
            ("GET", "/inference_logs/_search?q=scrolling&size=5", True),
            ("GET", "/_search?scroll=23h", False),
            ("POST", "/inference_logs/_search?size=1&scroll=23h", False),
            ("GET", "/_search?q=a;scroll=23h", False),
            ("GET", "/_search?%73croll=23h", False),
            ("GET", "/_search?SCROLL", False),
            ("GET", "/_search/scroll?scroll_id=x", False),
            ("POST", "/inference_logs/_search/point_in_time?keep_alive=23h", False),
            ("GET", "/_flush", False),
            ("GET", "/inference_logs/_flush", False),
            ("GET", "/_refresh", False),
            ("GET", "/inference_logs/_refresh", False),
            ("GET", "/inference_logs/%5Frefresh", False),
            ("GET", "/x/../_refresh", False),
            ("POST", "/_forcemerge", False),
            ("POST", "/_plugins/_asynchronous_search", False),
            ("GET", "/_snapshot", False),
        ],
    )
    def test_search_is_read_only(self, method: str, path: str, *, is_passed: bool) -> None:
        answer = ask(method, 9200, path)
        passed_on = answer.text.startswith(f"{method} /")
        assert passed_on is is_passed or answer.text == "POST /inference_logs/_search"
        assert "_delete_by_query" not in answer.text or not passed_on

    @pytest.mark.parametrize(
        "path",
        ["/api/task/async-apply/tasks.run", "/api/worker/shutdown/w", "/api/worker/queue/cancel-consumer/w",
         "/tasks/datatable/../../api/worker/shutdown/w",
         "/api/worker/shutdown/w%2f..%2f..%2f..%2f..%2ftasks%2fdatatable"],
    )  # fmt: skip
    def test_flower_takes_no_command(self, path: str) -> None:
        answer = ask("POST", 5555, path)
        assert answer.status_code == 403 or answer.text == "POST /tasks/datatable"

    @pytest.mark.parametrize("path", ["/workers?json=1", "/api/workers", "/metrics", "/healthcheck"])
    def test_flower_is_looked_at(self, path: str) -> None:
        assert ask("GET", 5555, path).text == f"GET {path}"
        assert ask("POST", 5555, "/tasks/datatable").text == "POST /tasks/datatable"

    def test_escaped_slash_of_a_virtual_host_reaches_rabbitmq(self) -> None:
        assert ask("DELETE", 15672, "/api/queues/%2F/inference").text == "DELETE /api/queues/%2F/inference"

    def test_one_client_can_not_send_a_request_line_without_end(self) -> None:
        assert ask("GET", WEB_PORT, "/?" + 9_000 * "x").status_code == 414


def test_missing_server_is_reported_as_unavailable(tmp_path: Path) -> None:
    with running_nginx(tmp_path):
        answer = ask("GET", 8428, "/health")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)


@pytest.mark.usefixtures("_servers")
def test_where_keys_are_set_they_open_telemetry_everywhere(tmp_path: Path) -> None:
    as_operator = requests.auth._basic_auth_str("operator", KEY)
    telemetry = [
        (WEB_PORT, "/victoriametrics/api/v1/query"), (WEB_PORT, "/victoriametrics/vmui/"),
        (8428, "/api/v1/query"), (9200, "/_search"), (8500, "/v2/models"), (8502, "/metrics"),
    ]  # fmt: skip
    with running_nginx(tmp_path, API_KEYS=f"another-key-of-16, {KEY}"):
        for port, path in telemetry:
            refused = ask("GET", port, path)
            assert (refused.status_code, refused.headers["WWW-Authenticate"][:5]) == (401, "Basic"), path
            assert ask("GET", port, f"{path}?api_key={KEY}").status_code == 401
            assert ask("GET", port, path, **{"X-API-Key": KEY.lower()}).status_code == 401
            assert ask("GET", port, path, **{"X-API-Key": KEY + "x"}).status_code == 401
            assert ask("GET", port, path, **{"X-API-Key": KEY}).status_code == 200
            assert ask("GET", port, path, Authorization=as_operator).status_code == 200
        assert ask("GET", WEB_PORT, "/").text == "console"
        assert "WWW-Authenticate" not in ask("GET", WEB_PORT, "/").headers


@pytest.mark.parametrize(
    "setting", ["ALLOWED_HOSTS=a;b", "ALLOWED_HOSTS=*", 'API_KEYS=a"b', "API_KEYS=a b", "API_KEYS=a$b"]
)
def test_value_that_would_change_the_configuration_is_refused(setting: str) -> None:
    key, _, value = setting.partition("=")
    program = CHECKOUT / "nginx" / "write-allowed"
    outcome = subprocess.run(
        [program], env={key: value, "PATH": os.environ["PATH"]}, check=False, capture_output=True
    )
    assert outcome.returncode == 1
    assert key.encode() in outcome.stderr
