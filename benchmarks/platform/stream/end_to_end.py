"""Verdicts/s of the running platform: messages into its topic, committed rows counted in PostgreSQL."""

import time
from typing import Final

from benchmarks.platform.figures import Figure, Section
from benchmarks.platform.stream.telemetry import own_satellites, produce, simulated_messages, whole_second_now
from telemetry_core.service.settings import Settings
from testbed.running_platform import Platform

SATELLITES: Final = 20
WARM_UP: Final = 64
SUBSYSTEMS: Final = 4
LIMIT_S: Final = 180
POLL_S: Final = 0.1


def measure(settings: Settings, messages: int) -> list[Section]:
    steps = messages // SATELLITES
    with own_satellites() as (platform, prefix):
        values = simulated_messages(
            prefix, satellites=SATELLITES, steps=WARM_UP + steps, newest_at=whole_second_now(),
            triggering_from=WARM_UP,
        )  # fmt: skip
        first = SATELLITES * WARM_UP
        produce(settings.kafka_topic, values[:first])
        before = _settled(platform, prefix)
        started_s = time.perf_counter()
        produce(settings.kafka_topic, values[first:])
        expected = SUBSYSTEMS * (len(values) - first)
        elapsed_s = _await(platform, prefix, before + expected, started_s)
        between_s = _first_to_last_s(platform, prefix)
    return [
        Section(
            title="Whole platform, Kafka to committed rows",
            explanation=f"{len(values) - first} messages of {SATELLITES} satellites with full windows, each"
            " judged in 4 subsystems; all services and this producer share the machine.",
            lines=[
                Figure(name="from the first message sent", unit="verdicts/s", values=[expected / elapsed_s]),
                Figure(
                    name="from the first verdict to the last (their completed_at)",
                    unit="verdicts/s", values=[expected / between_s],
                ),
                Figure(name="rows counted", unit="rows", values=[expected]),
            ],
        )
    ]  # fmt: skip


def _settled(platform: Platform, prefix: str) -> int:
    """Wait until the warm-up's verdicts are in: all jobs complete, and no more for a second."""
    deadline_s, last, since_s = time.monotonic() + LIMIT_S, -1, time.monotonic()
    while time.monotonic() < deadline_s:
        count = platform.row_count(prefix)
        if count != last:
            last, since_s = count, time.monotonic()
        if count and time.monotonic() - since_s > 1.5:
            return count
        time.sleep(POLL_S)
    raise RuntimeError(f"the warm-up did not end within {LIMIT_S} s: {last} rows; see 'make status'")


def _await(platform: Platform, prefix: str, expected: int, started_s: float) -> float:
    count = 0
    while time.perf_counter() - started_s < LIMIT_S:
        count = platform.row_count(prefix)
        if count >= expected:
            return time.perf_counter() - started_s
        time.sleep(POLL_S)
    raise RuntimeError(f"{count} of {expected} rows within {LIMIT_S} s; see 'make status'")


def _first_to_last_s(platform: Platform, prefix: str) -> float:
    found = platform.query(
        "SELECT extract(epoch FROM max(row.completed_at) - min(row.completed_at))"
        " FROM subsystem_inferences AS row JOIN inference_jobs AS job USING (job_id)"
        " WHERE job.satellite_id LIKE %s AND job.trigger_reason LIKE '%%thruster%%'",
        prefix + "%",
    )
    return float(found[0][0])
