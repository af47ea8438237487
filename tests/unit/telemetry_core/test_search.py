"""Which answers of the search engine are its own fault, and which the request's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.search import SearchEngine, SearchRefused
from tests.http_server import serving


@contextmanager
def engine(
    status: int, body: bytes = b"{}", asked: list[tuple[str, bytes]] | None = None
) -> Iterator[SearchEngine]:
    """An engine that always answers the same, and a client of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if asked is not None:
                asked.append((self.headers["Content-Type"], content))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST  # noqa: N815 - the handler's name

        def log_message(self, *_: object) -> None: ...

    with serving(Handler) as url:
        client = SearchEngine(url + "/", answer_timeout_s=5)
        try:
            yield client
        finally:
            client.close()


def test_a_platform_without_search_says_so_and_names_the_key() -> None:
    with pytest.raises(DependencyUnavailable, match="ELASTICSEARCH_URL is empty"):
        SearchEngine("", answer_timeout_s=1).send("GET", "/")


@pytest.mark.parametrize(("body", "answer"), [(b'{"a": 1}', {"a": 1}), (b"", None)])
def test_answer_is_its_json(body: bytes, answer: Any) -> None:
    with engine(200, body) as search:
        assert search.send("POST", "/_search") == answer


@pytest.mark.parametrize("status", [301, 401, 403, 408, 429, 500, 503])
def test_status_that_says_nothing_of_the_request_is_an_engine_away(status: int) -> None:
    with engine(status) as search, pytest.raises(DependencyUnavailable, match=f"HTTP {status}"):
        search.send("POST", "/_search")


def test_request_that_the_engine_calls_wrong_is_refused_with_its_words() -> None:
    with engine(400, b"no such field") as search, pytest.raises(SearchRefused, match="400: no such field"):
        search.send("POST", "/_search")


def test_answer_that_is_no_json_is_an_engine_away() -> None:
    with engine(200, b"<html>") as search, pytest.raises(DependencyUnavailable, match="unreadable answer"):
        search.send("POST", "/_search")


def test_engine_that_nobody_serves_is_away() -> None:
    with pytest.raises(DependencyUnavailable, match="ConnectionError"):
        SearchEngine("http://127.0.0.1:1", answer_timeout_s=1).send("GET", "/")


def test_objects_are_sent_as_json_and_bytes_as_lines_of_it() -> None:
    asked: list[tuple[str, bytes]] = []
    with engine(200, asked=asked) as search:
        search.send("POST", "/_search", {"size": 1})
        search.send("POST", "/_bulk", b"{}\n{}\n")
    assert [kind for kind, _ in asked] == ["application/json", "application/x-ndjson"]
    assert json.loads(asked[0][1]) == {"size": 1}
    assert asked[1][1] == b"{}\n{}\n"


def test_index_exists_unless_the_engine_does_not_find_it() -> None:
    with engine(200) as search:
        assert search.exists("inference_logs")
    with engine(404) as search:
        assert not search.exists("inference_logs")
    with engine(400) as search, pytest.raises(SearchRefused):
        search.exists("inference_logs")
