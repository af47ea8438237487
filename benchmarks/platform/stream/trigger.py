"""Messages/s of the trigger's own path beside a bare consume-and-parse loop, on the same topic in turns."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import requests
from confluent_kafka import Consumer
from pydantic_core import from_json

from benchmarks.platform.figures import Figure, Section, ratio
from benchmarks.platform.stream.telemetry import produce, simulated_messages, whole_second_now
from kafka_inference_trigger.dead_letters import DeadLetterTopic, dead_letter_producer
from kafka_inference_trigger.dispatch import Dispatcher, batch_publisher
from kafka_inference_trigger.trigger import InferenceTrigger, Plan
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.look_back import LookBack
from telemetry_core.kafka.records import MAX_BATCH
from telemetry_core.kafka.stream import TelemetryStream
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging
from telemetry_core.service.settings import Settings, load_mission
from testbed.kafka_topics import settings_of_own_topic

SATELLITES: Final = 100
ROUNDS: Final = 3
LIMIT_S: Final = 120
MANAGEMENT: Final = "http://localhost:15672/api"
SERVICE: Final = "benchmark"


def measure(messages: int) -> list[Section]:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        with redirect_stdout(nowhere):  # log lines are rendered as in the service, and go nowhere
            configure_logging(SERVICE)
        return [
            _section("Trigger, mission's rules (1 message in 10 judged)", messages, triggering_from=None),
            _section("Trigger, every message breaks a rule", messages // 4, triggering_from=0),
        ]


def _section(title: str, messages: int, *, triggering_from: int | None) -> Section:
    values = simulated_messages(
        "BENCH-", satellites=SATELLITES, steps=messages // SATELLITES, newest_at=whole_second_now(),
        triggering_from=triggering_from,
    )  # fmt: skip
    ours, bare, windows = [], [], []
    with settings_of_own_topic() as settings, own_vhost(settings) as private:
        produce(private.kafka_topic, values)
        for _ in range(ROUNDS):
            bare.append(len(values) / consume_bare(private, len(values)))
            elapsed_s, published = consume_as_trigger(private, len(values))
            ours.append(len(values) / elapsed_s)
            windows.append(published / elapsed_s)
    figures = [
        Figure(name="trigger: windows, rules, confirmed tasks", unit="messages/s", values=ours),
        Figure(name="  of it published, confirmed by a quorum queue", unit="windows/s", values=windows),
        Figure(name="bare: consume(500) and from_json", unit="messages/s", values=bare),
    ]
    return Section(
        title=title,
        explanation=f"{len(values)} simulated messages of {len(values[0])} bytes, {SATELLITES} satellites; in"
        " turns in one process; from the first batch in hand to the last message done.",
        lines=[*figures, ratio("trigger / bare", figures[0], figures[2])],
    )


def consume_bare(settings: Settings, expected: int) -> float:
    """Return the seconds from the first batch to the last parsed message."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "group.id": f"benchmark-{uuid.uuid4().hex}",
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
        }
    )
    consumer.subscribe([settings.kafka_topic])
    seen, started_s, deadline_s = 0, 0.0, time.monotonic() + LIMIT_S
    try:
        while seen < expected and time.monotonic() < deadline_s:
            batch = consumer.consume(MAX_BATCH, timeout=1.0)
            started_s = started_s or (time.perf_counter() if batch else 0.0)
            for message in batch:
                from_json(message.value() or b"", allow_inf_nan=True)
            seen += len(batch)
        elapsed_s = time.perf_counter() - started_s
    finally:
        consumer.close()
    if seen != expected:
        raise RuntimeError(f"{seen} of {expected} messages came within {LIMIT_S} s")
    return elapsed_s


def consume_as_trigger(settings: Settings, expected: int, limit_s: float = LIMIT_S) -> tuple[float, int]:
    """Wire the trigger as its entry point does; return seconds and published windows."""
    stop = threading.Event()
    limit = _stopping_after(limit_s, stop)
    mission = load_mission(settings.mission_file)
    trigger = InferenceTrigger(mission, topic=settings.kafka_topic, clock=lambda: datetime.now(UTC))
    app = celery_app(SERVICE, settings)
    windows: list[int] = []
    publish = batch_publisher(app)

    def publish_batch(batch: InferenceBatch, task_id: str) -> None:
        publish(batch, task_id)
        windows.append(len(batch.jobs))

    dead_letters = DeadLetterTopic(dead_letter_producer(settings), source_topic=settings.kafka_topic)
    dispatcher = Dispatcher(dead_letters, publish_batch)
    moments: list[float] = []
    seen: list[int] = []

    def plan(records: Sequence[Any]) -> Plan:
        moments.append(time.perf_counter())
        return trigger.plan(records)

    def act(planned: Plan) -> None:
        dispatcher.send(planned)
        moments.append(time.perf_counter())
        seen.append(planned.record_count)
        if sum(seen) >= expected:
            stop.set()

    stream = TelemetryStream(
        settings, group_id=f"benchmark-{uuid.uuid4().hex}", service=SERVICE, liveness=Liveness(),
        look_back_s=look_back_s(mission.window), on_revoked=trigger.forget,
        on_assigned=_filling(trigger),
    )  # fmt: skip
    stream.run(stop, plan=plan, act=act)
    limit.cancel()
    app.close()
    if sum(seen) != expected:
        raise RuntimeError(f"{sum(seen)} of {expected} messages came within {limit_s} s")
    return moments[-1] - moments[0], sum(windows)


@contextmanager
def own_vhost(settings: Settings) -> Iterator[Settings]:
    """Yield settings whose tasks go where no worker takes them; all of it is deleted afterwards."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    with requests.Session() as session:
        session.auth = ("guest", "guest")
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        session.put(f"{MANAGEMENT}/vhosts/{name}", timeout=30).raise_for_status()
        try:
            session.put(f"{MANAGEMENT}/permissions/{name}/guest", json=rights, timeout=30).raise_for_status()
            url = settings.celery_broker_url.removesuffix("/").rsplit("/", 1)[0]
            yield settings.model_copy(update={"celery_broker_url": f"{url}/{name}"})
        finally:
            session.delete(f"{MANAGEMENT}/vhosts/{name}", timeout=30).raise_for_status()


def _stopping_after(limit_s: float, stop: threading.Event) -> threading.Timer:
    timer = threading.Timer(limit_s, stop.set)
    timer.daemon = True
    timer.start()
    return timer


def _filling(trigger: InferenceTrigger) -> Callable[[LookBack], None]:
    def fill(earlier: LookBack) -> None:
        trigger.fill(earlier, until_us=earlier.until_us)

    return fill
