"""From a message that breaks a limit to its alarm: the row that others see, and the live line of alarms."""

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from threading import Event
from typing import Final

import psycopg2
import requests
from confluent_kafka import Producer

from benchmarks.platform.figures import Distribution, Section
from benchmarks.platform.stream.telemetry import (
    AS_HISTORY,
    own_satellites,
    simulated_messages,
    whole_second_now,
)
from telemetry_core.service.settings import Settings
from testbed.running_platform import Platform
from testbed.supervised import Supervised

RATES: Final = {1: 60, 10: 300, 100: 1_000}
"""Messages a second, and how many of them."""
UNNEEDED: Final = ("triton-server", "rabbitmq")
"""Servers without which alarms of limits must come as well."""
REASON: Final = "thruster_active"
LEAD_S: Final = 2.0
LIMIT_S: Final = 20.0
ROWS: Final = """
SELECT satellite_id FROM ops.alarms WHERE satellite_id BETWEEN %s AND %s AND reason = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds from the producer's clock before `produce()`, one for each message."""

    row_ms: Sequence[float]
    line_ms: Sequence[float]


def measure(settings: Settings) -> list[Section]:
    """Measure with all services up, then without those that alarms of limits don't need."""
    supervised = Supervised()
    sections = [_section(settings, "all services up")]
    with ExitStack() as opened:
        for name in UNNEEDED:
            opened.enter_context(supervised.stopped(name))
        sections.append(_section(settings, f"{' and '.join(UNNEEDED)} stopped"))
    return sections


def _section(settings: Settings, condition: str) -> Section:
    lines: list[Distribution] = []
    for rate, count in RATES.items():
        with own_satellites() as (platform, prefix):
            found = take_latencies(settings, platform.api_url, prefix, rate=rate, count=count)
        lines += [
            Distribution(name=f"{rate}/s: to a row that others see", unit="ms", samples=found.row_ms),
            Distribution(name=f"{rate}/s: to the live line of alarms", unit="ms", samples=found.line_ms),
        ]
    return Section(
        title=f"Broken limit to alarm, {condition}",
        explanation="Each message is of another satellite and raises an alarm. Row: one look a"
        " millisecond. Line: a client of /api/v1/alarms/events.",
        lines=lines,
    )


def take_latencies(settings: Settings, api_url: str, prefix: str, *, rate: int, count: int) -> Latencies:
    """Send messages that break a limit at a rate and follow each; `RuntimeError` if one is missing."""
    messages = dict(sorted(_messages(prefix, count)))
    names, is_listening = list(messages), Event()
    deadline_s = time.time() + LEAD_S + count / rate + LIMIT_S
    with ThreadPoolExecutor(2) as threads:
        line = threads.submit(_seen_on_line, api_url, set(names), is_listening, deadline_s)
        rows = threads.submit(_seen_as_row, names, deadline_s)
        if not is_listening.wait(LIMIT_S):
            raise RuntimeError(f"no live line of alarms: {line.exception(1)}")
        sent_s = _sent(settings, messages, rate)
        seen = {"a row": rows.result(), "the live line": line.result()}
    for what, moments in seen.items():
        if missing := sent_s.keys() - moments.keys():
            raise RuntimeError(f"{len(missing)} of {count} alarms did not come to {what}: {min(missing)}")
    return Latencies(
        row_ms=[1000 * (seen["a row"][name] - moment_s) for name, moment_s in sent_s.items()],
        line_ms=[1000 * (seen["the live line"][name] - moment_s) for name, moment_s in sent_s.items()],
    )


def _messages(prefix: str, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield satellites, each with a message of this second that breaks a limit."""
    now = whole_second_now()
    for message in simulated_messages(prefix, satellites=count, steps=1, newest_at=now, triggering_from=0):
        yield json.loads(message)["satellite_id"], message


def _sent(settings: Settings, messages: dict[str, bytes], rate: int) -> dict[str, float]:
    """Send at the rate; return when each was given to the client, seconds since 1970."""
    producer = Producer(
        {"bootstrap.servers": settings.kafka_bootstrap_servers, "acks": "all", "linger.ms": 0}
    )
    begin_s, sent_s = time.time() + LEAD_S, {}
    for number, (name, message) in enumerate(messages.items()):
        time.sleep(max(0.0, begin_s + number / rate - time.time()))
        sent_s[name] = time.time()
        producer.produce(settings.kafka_topic, message, key=name, headers=AS_HISTORY)
        producer.poll(0)
    if producer.flush(LIMIT_S):
        raise RuntimeError("Kafka did not take every message")
    return sent_s


def _seen_as_row(names: Sequence[str], deadline_s: float) -> dict[str, float]:
    """Return when another session first saw the alarm of each satellite; `names` in ascending order."""
    seen: dict[str, float] = {}
    missing = deque(names)
    with closing(psycopg2.connect(**Platform.database())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while missing and time.time() < deadline_s:
                cursor.execute(ROWS, (missing[0], missing[-1], REASON))
                now_s = time.time()
                for (name,) in cursor.fetchall():
                    seen.setdefault(name, now_s)
                while missing and missing[0] in seen:
                    missing.popleft()
                time.sleep(0.001)
    return seen


def _seen_on_line(api_url: str, names: set[str], is_listening: Event, deadline_s: float) -> dict[str, float]:
    """Return when a client was told that the alarm of each satellite is raised."""
    seen: dict[str, float] = {}
    with requests.get(f"{api_url}/alarms/events", stream=True, timeout=LIMIT_S) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines(chunk_size=None):
            now_s = time.time()
            is_listening.set()
            if line.startswith(b"data: "):
                event = json.loads(line[len(b"data: ") :])
                if event.get("change") == "raised" and event.get("reason") == REASON:
                    seen.setdefault(event["satellite_id"], now_s)
            if names <= seen.keys() or now_s > deadline_s:
                break
    return seen
