"""The writer counts and logs what was kept, once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.records import Record
from telemetry_core.service.observability import MESSAGES_FAILED, MESSAGES_SKIPPED, SAMPLES_OUT_OF_RETENTION
from telemetry_core.service.settings import load_mission
from telemetry_writer.writer import MESSAGES_LOGGED_PER_S, SERVICE, TelemetryWriter

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
NOW_S = 1_761_802_496.0


class FakeSink:
    """Keeps lines in memory; is away for the first `failures` imports."""

    def __init__(self, failures: int = 0) -> None:
        self.lines: list[str] = []
        self._failures = failures

    def import_samples(self, lines: Sequence[str]) -> None:
        if self._failures:
            self._failures -= 1
            raise DependencyUnavailable("victoria-metrics", "test")
        self.lines.extend(lines)


def writer(sink: FakeSink, *, now_s: float = NOW_S) -> TelemetryWriter:
    return TelemetryWriter(MISSION, sink, clock=lambda: now_s, monotonic=lambda: 1.0)


def records(*values: bytes) -> list[Record]:
    return [
        Record(value=value, key=None, partition=0, offset=offset, received_us=int(NOW_S * 1_000_000))
        for offset, value in enumerate(values)
    ]


def telemetry(satellite_id: str = "SAT-001") -> bytes:
    body = {
        "satellite_id": satellite_id,
        "timestamp": "2025-10-30T05:34:56Z",
        "eps": {"battery_voltage": 3.9, "total_power_generation": 30.0},
    }
    return json.dumps(body).encode()


def test_log_names_satellite_and_number_of_metrics() -> None:
    sink = FakeSink()
    subject = writer(sink)
    with capture_logs() as logs:
        subject.write(subject.plan(records(telemetry())))
    assert [entry["event"] for entry in logs] == ["Processed telemetry from SAT-001: 3 metrics"]
    assert len(sink.lines) == 3


def test_log_is_bounded_per_second() -> None:
    subject = writer(FakeSink())
    with capture_logs() as logs:
        subject.write(subject.plan(records(*[telemetry()] * 100)))
    assert len(logs) == MESSAGES_LOGGED_PER_S


def test_retried_import_counts_its_messages_once() -> None:
    subject = writer(FakeSink(failures=2))
    counter = MESSAGES_SKIPPED.labels(SERVICE, "not_json")
    before = counter._value.get()
    plan = subject.plan(records(b"{", telemetry()))
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            subject.write(plan)
    subject.write(plan)
    assert counter._value.get() - before == 1


def test_samples_beyond_retention_are_counted() -> None:
    sink = FakeSink()
    subject = writer(sink, now_s=NOW_S + 400 * 86_400)
    before = SAMPLES_OUT_OF_RETENTION._value.get()
    with capture_logs() as logs:
        subject.write(subject.plan(records(telemetry())))
    assert SAMPLES_OUT_OF_RETENTION._value.get() - before == 3
    assert sink.lines == []
    assert "3 samples left out" in logs[0]["event"]


def test_message_that_fails_unforeseen_is_named_and_stops_no_other() -> None:
    sink = FakeSink()
    subject = writer(sink)
    strange = replace(records(telemetry("SAT-002"))[0], offset=7, received_us=None)  # type: ignore[arg-type]
    before = MESSAGES_FAILED.labels(SERVICE)._value.get()
    with capture_logs() as logs:
        subject.write(subject.plan([strange, *records(telemetry())]))
        subject.rewrite([strange, *records(telemetry())])
    assert {line.partition("}")[0].partition("{")[2] for line in sink.lines} == {'satellite_id="SAT-001"'}
    assert MESSAGES_FAILED.labels(SERVICE)._value.get() - before == 1
    (error,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (error["partition"], error["offset"]) == (0, 7)
