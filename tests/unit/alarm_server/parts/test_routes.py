"""What the operation server is asked for, and answers that are none."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import yaml

from alarm_server.platform import route
from alarm_server.platform.route import PlatformRoutes
from alarm_server.platform.watch import ROUND_S
from alarms.rounds import ROUNDS
from operation_server.health.probes import TIMEOUT_S
from operation_server.pipeline.status_cache import CACHE_S
from telemetry_core.contract.errors import DependencyUnavailable
from testbed.supervised import CHECKOUT
from tests.http_server import serving
from tests.unit.operation_server.pipeline.probed import pipeline

KEY = "key-of-the-test"


@contextmanager
def answering(
    body: bytes, status: int = 200, delay_s: float = 0
) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Give one answer to all; yield the address, and the path and key of each request."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("X-API-Key")))
            time.sleep(delay_s)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    with serving(Handler) as url:
        yield f"{url}/", asked


def test_the_answer_of_the_operation_server_is_read_and_asked_for_with_the_key() -> None:
    with answering(pipeline().model_dump_json().encode()) as (url, asked):
        found = PlatformRoutes(url, KEY).pipeline()
    assert found.kafka.state == "normal"
    assert asked == [("/api/v1/pipeline", KEY)]


def other(**parts: object) -> bytes:
    """Return the answer with some of its parts replaced."""
    return json.dumps(pipeline().model_dump(mode="json") | parts).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no JSON", b"null", b"[]", b"3", b'"text"', b"{}", b'{"kafka": {}}', b"\xff\x00",
        b"[" * 100_000,
        other(triton={"state": "unheard of", "detail": ""}),
        other(triton={"state": "off", "detail": 3}),
        other(kafka={"state": "normal", "detail": "", "groups": [3], "dead_letters": None}),
        other(search=None),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_answer(body: bytes) -> None:
    with answering(body) as (url, _):
        routes = PlatformRoutes(url, None)
        for ask in (routes.pipeline, routes.fleet):
            with pytest.raises(DependencyUnavailable, match="operation-server"):
                ask()


@pytest.mark.parametrize("status", [401, 404, 421, 503])
def test_a_refusal_is_no_answer(status: int) -> None:
    with (
        answering(pipeline().model_dump_json().encode(), status) as (url, _),
        pytest.raises(DependencyUnavailable),
    ):
        PlatformRoutes(url, None).pipeline()


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with answering(b"") as (url, _):
        pass
    with pytest.raises(DependencyUnavailable):
        PlatformRoutes(url, None).pipeline()


def test_an_answer_that_comes_too_late_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "TIMEOUTS_S", (0.1, 0.1))
    body = pipeline().model_dump_json().encode()
    with answering(body, delay_s=0.3) as (url, _), pytest.raises(DependencyUnavailable):
        PlatformRoutes(url, None).pipeline()


@pytest.mark.parametrize("place", ["containers/scrape.yml", "native/config/scrape.yml"])
def test_a_part_is_an_alarm_within_30_s_where_every_answer_is_as_late_as_it_may_be(place: str) -> None:
    scrape = yaml.safe_load((CHECKOUT / "deploy" / place).read_text().replace("@", ""))
    scrape_s = float(scrape["global"]["scrape_interval"].removesuffix("s"))
    round_s = max(ROUND_S, sum(route.TIMEOUTS_S))
    seen_s = scrape_s + CACHE_S + round_s

    assert seen_s + (ROUNDS - 1) * round_s + sum(route.TIMEOUTS_S) < 30
    assert route.TIMEOUTS_S[1] > TIMEOUT_S, "the operation server's probes may take their time"
