"""From a message that breaks a limit to its alarm: the row that others see, the live line, the screen."""

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier
from typing import Any, Final

import psycopg2
import requests
from confluent_kafka import Producer
from playwright.sync_api import sync_playwright

from benchmarks.platform.figures import Distribution, Section
from benchmarks.platform.stream.telemetry import (
    AS_HISTORY,
    own_satellites,
    simulated_messages,
    whole_second_now,
)
from telemetry_core.service.settings import Settings
from testbed.browser import operator, start_chromium
from testbed.running_platform import Platform

RATES: Final = {1: 60, 10: 300, 100: 1_000}
"""Messages a second, and how many of them."""
UNNEEDED: Final = ("triton-server", "rabbitmq")
"""Servers without which alarms of limits must come as well."""
REASON: Final = "thruster_active"
SCREEN: Final = "the screen"
PAGE: Final = 100
"""Rows of the list on a screen: in a flood older ones may leave it before they are drawn."""
LEAD_S: Final = 2.0
LIMIT_S: Final = 20.0
ROWS: Final = """
SELECT satellite_id FROM ops.alarms WHERE satellite_id BETWEEN %s AND %s AND reason = %s
"""
#: Notes in the page when the name of each satellite was first drawn in a row of the list, seconds since 1970.
WATCH_ROWS: Final = """prefix => {
  window.rowsSeen = {};
  new MutationObserver(() => {
    for (const row of document.querySelectorAll('main tbody tr')) {
      const name = row.textContent.match(new RegExp(prefix + '\\\\d+'))?.[0];
      if (name) window.rowsSeen[name] ??= Date.now() / 1000;
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds from the producer's clock before `produce()`, one for each message; none on no screen."""

    row_ms: Sequence[float]
    line_ms: Sequence[float]
    screen_ms: Sequence[float]


def measure(settings: Settings) -> list[Section]:
    """Measure with all services up, then without those that alarms of limits don't need."""
    with own_satellites() as (platform, prefix):
        sections = [_section(settings, platform.api_url, f"{prefix}A", "all services up")]
        with ExitStack() as opened:
            for name in UNNEEDED:
                opened.enter_context(platform.supervised.stopped(name))
            condition = f"{' and '.join(UNNEEDED)} stopped"
            sections.append(_section(settings, platform.api_url, f"{prefix}B", condition))
    return sections


def _section(settings: Settings, api_url: str, prefix: str, condition: str) -> Section:
    lines: list[Distribution] = []
    for rate, count in RATES.items():
        found = take_latencies(settings, api_url, f"{prefix}{rate}-", rate=rate, count=count, on_screen=True)
        lines += [
            Distribution(name=f"{rate}/s: to a row that others see", unit="ms", samples=found.row_ms),
            Distribution(name=f"{rate}/s: to the live line of alarms", unit="ms", samples=found.line_ms),
            Distribution(
                name=f"{rate}/s: to a row of the list in Chromium", unit="ms", samples=found.screen_ms
            ),
        ]
    return Section(
        title=f"Broken limit to alarm, {condition}",
        explanation="Each message is of another satellite and raises an alarm. Row: one look a"
        " millisecond. Line: a client of /api/v1/alarms/events. List: the page"
        f" Alerts as it opens, {PAGE} rows; (count) tells how many of the alarms stood in it.",
        lines=lines,
    )


def take_latencies(
    settings: Settings, api_url: str, prefix: str, *, rate: int, count: int, on_screen: bool = False
) -> Latencies:
    """Send messages that break a limit at a rate and follow each; `RuntimeError` if one is missing."""
    messages = dict(sorted(_messages(prefix, count)))
    names, are_watching = list(messages), Barrier(3 if on_screen else 2)
    last_s = LEAD_S + count / rate + LIMIT_S
    with ThreadPoolExecutor(3) as threads:
        found = {"the live line": threads.submit(_seen_on_line, api_url, set(names), are_watching, last_s)}
        if on_screen:
            found[SCREEN] = threads.submit(_seen_on_screen, prefix, count, are_watching, last_s)
        are_watching.wait(LIMIT_S)
        found["a row"] = threads.submit(_seen_as_row, names, last_s)
        sent_s = _sent(settings, messages, rate)
        seen = {what: moments.result() for what, moments in found.items()}
    for what, moments in seen.items():
        must_come = set(list(sent_s)[-PAGE:] if what == SCREEN else sent_s)
        if missing := must_come - moments.keys():
            raise RuntimeError(f"{len(missing)} of {count} alarms did not come to {what}: {min(missing)}")
    after_ms = {
        what: [1000 * (moments[name] - moment_s) for name, moment_s in sent_s.items() if name in moments]
        for what, moments in seen.items()
    }
    return Latencies(
        row_ms=after_ms["a row"], line_ms=after_ms["the live line"], screen_ms=after_ms.get(SCREEN, ())
    )


def _messages(prefix: str, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield satellites, each with a message that breaks a limit."""
    now = whole_second_now()
    for message in simulated_messages(prefix, satellites=count, steps=1, newest_at=now, triggering_from=0):
        body = json.loads(message)
        yield body["satellite_id"], body


def _sent(settings: Settings, messages: dict[str, dict[str, Any]], rate: int) -> dict[str, float]:
    """Send at the rate, stamped with the moment; return when each was sent, seconds since 1970."""
    producer = Producer(
        {"bootstrap.servers": settings.kafka_bootstrap_servers, "acks": "all", "linger.ms": 0}
    )
    begin_s, sent_s = time.time() + LEAD_S, {}
    for number, (name, body) in enumerate(messages.items()):
        time.sleep(max(0.0, begin_s + number / rate - time.time()))
        message = json.dumps(body | {"timestamp": datetime.now(UTC).isoformat()})
        sent_s[name] = time.time()
        producer.produce(settings.kafka_topic, message, key=name, headers=AS_HISTORY)
        producer.poll(0)
    if producer.flush(LIMIT_S):
        raise RuntimeError("Kafka did not take every message")
    return sent_s


def _seen_as_row(names: Sequence[str], last_s: float) -> dict[str, float]:
    """Return when another session first saw the alarm of each satellite; `names` in ascending order."""
    deadline_s = time.time() + last_s
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


def _seen_on_line(api_url: str, names: set[str], are_watching: Barrier, last_s: float) -> dict[str, float]:
    """Return when a client was told that the alarm of each satellite is raised."""
    seen: dict[str, float] = {}
    with requests.get(f"{api_url}/alarms/events", stream=True, timeout=LIMIT_S) as answer:
        answer.raise_for_status()
        are_watching.wait(LIMIT_S)
        deadline_s = time.time() + last_s
        for line in answer.iter_lines(chunk_size=None):
            now_s = time.time()
            if line.startswith(b"data: "):
                event = json.loads(line[len(b"data: ") :])
                if event.get("change") == "raised" and event.get("reason") == REASON:
                    seen.setdefault(event["satellite_id"], now_s)
            if names <= seen.keys() or now_s > deadline_s:
                break
    return seen


def _seen_on_screen(prefix: str, count: int, are_watching: Barrier, last_s: float) -> dict[str, float]:
    """Return when each satellite's alarm was first drawn in the list of a real browser."""
    with sync_playwright() as playwright, start_chromium(playwright) as browser, operator(browser) as person:
        page = person.open("/alerts")
        page.locator("main h1").wait_for()
        page.evaluate(WATCH_ROWS, prefix)
        page.wait_for_timeout(1000 * LEAD_S)
        are_watching.wait(LIMIT_S)
        deadline_s = time.time() + last_s
        seen: dict[str, float] = {}
        while len(seen) < count and time.time() < deadline_s:
            page.wait_for_timeout(500)
            seen = page.evaluate("window.rowsSeen")
    return seen
