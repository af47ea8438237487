"""Samples are read from VictoriaMetrics newest first, in pages, each of bounded size."""

import json
from functools import partial
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

import pytest

from analysis_server.learning.stored_telemetry import LOOK_BACK_S, PAGE_SAMPLES, StoredTelemetry
from scoring.fitting.history import Samples
from scoring.fitting.learning import MOST_SAMPLES
from telemetry_core.contract.errors import DependencyUnavailable, QuestionRefused
from telemetry_core.stored_samples import StoredSamples
from tests.http_server import serving

UNTIL_MS = 1_800_000_000_000


class Victoria:
    """Exports one series, a sample every `interval_ms` since `first_ms`."""

    def __init__(
        self, *, count: int, interval_ms: int, answer: bytes | None = None, status: int = 200
    ) -> None:
        self.times = [UNTIL_MS - place * interval_ms for place in range(count)][::-1]
        self.answer = answer
        self.status = status
        self.asked: list[tuple[int, int]] = []

    def export(self, start_ms: int, end_ms: int) -> bytes:
        self.asked.append((start_ms, end_ms))
        times = [time_ms for time_ms in self.times if start_ms <= time_ms <= end_ms]
        if not times:
            return b""
        series = {
            "metric": {"__name__": "satellite_a", "satellite_id": "S"},
            "values": [float(time_ms % 1000) if time_ms != UNTIL_MS else None for time_ms in times],
            "timestamps": times,
        }
        return json.dumps(series).encode() + b"\n"

    def handler(victoria) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is another one
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                assert form["match[]"] == ['{__name__=~"satellite_a|satellite_b",satellite_id="S"}']
                start_ms, end_ms = (round(float(form[name][0]) * 1000) for name in ("start", "end"))
                body = victoria.export(start_ms, end_ms) if victoria.answer is None else victoria.answer
                self.send_response(victoria.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def read(victoria: Victoria, interval_s: float) -> dict[str, Samples]:
    with serving(victoria.handler()) as url:
        return StoredTelemetry(url).newest(
            "S", {"a": "satellite_a", "b": "satellite_b"}, until_ms=UNTIL_MS, interval_s=interval_s
        )


def test_enough_samples_end_the_reading_and_come_in_time_order() -> None:
    victoria = Victoria(count=MOST_SAMPLES + 20_000, interval_ms=20_000)
    found = read(victoria, 20.0)["a"]
    assert MOST_SAMPLES <= found.times_us.size < MOST_SAMPLES + 5 * PAGE_SAMPLES
    assert (found.times_us[1:] > found.times_us[:-1]).all()
    assert found.times_us[-1] == (UNTIL_MS - 20_000) * 1000
    spans = [end_ms - start_ms for start_ms, end_ms in victoria.asked]
    assert max(spans) == 4 * PAGE_SAMPLES * 20_000


def test_few_samples_are_looked_for_in_pages_that_grow_and_no_further_than_the_look_back() -> None:
    victoria = Victoria(count=50, interval_ms=1000)
    found = read(victoria, 0.1)
    assert found["a"].times_us.size == 49
    assert found["b"].times_us.size == 0
    assert len(victoria.asked) < 20
    assert victoria.asked[-1][0] == UNTIL_MS - LOOK_BACK_S * 1000
    spans = [end_ms - start_ms for start_ms, end_ms in victoria.asked]
    assert spans[:2] == [PAGE_SAMPLES * 100, 2 * PAGE_SAMPLES * 100]


def test_a_page_of_denser_telemetry_than_the_present_one_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(StoredSamples, most_page_bytes=15_000)
    monkeypatch.setattr("analysis_server.learning.stored_telemetry.StoredSamples", small)
    victoria = Victoria(count=2_000, interval_ms=20_000)
    assert read(victoria, 5.0)["a"].times_us.size == PAGE_SAMPLES * 5 // 20
    assert len(victoria.asked) == 2


@pytest.mark.parametrize("answer", [b"{", b'{"metric": {}}\n', b"[]\n", b'{"metric": 1}\n'])
def test_invalid_answer_is_an_outage(answer: bytes) -> None:
    with pytest.raises(DependencyUnavailable, match="victoria-metrics"):
        read(Victoria(count=0, interval_ms=1, answer=answer), 1.0)


@pytest.mark.parametrize("status", [400, 422])
def test_a_question_that_is_refused_says_nothing_of_other_satellites(status: int) -> None:
    with pytest.raises(QuestionRefused, match="VictoriaMetrics refused: too many series"):
        read(Victoria(count=0, interval_ms=1, answer=b"too many series", status=status), 1.0)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_server_that_can_not_answer_is_an_outage(status: int) -> None:
    with pytest.raises(DependencyUnavailable, match="victoria-metrics"):
        read(Victoria(count=0, interval_ms=1, answer=b"", status=status), 1.0)


def test_unavailable_server_is_an_outage() -> None:
    with pytest.raises(DependencyUnavailable, match="victoria-metrics"):
        StoredTelemetry("http://127.0.0.1:9").newest("S", {"a": "m"}, until_ms=UNTIL_MS, interval_s=1.0)
