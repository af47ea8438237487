"""Messages of the simulator under own satellite ids, and what of them must go again afterwards."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from confluent_kafka import Producer

from telemetry_core.contract.messages import REPLAYED_HEADER
from telemetry_core.contract.tasks import INFERENCE_QUEUE
from testbed.running_platform import Platform
from testbed.supervised import CHECKOUT, Supervised, wait_until

SERVERS: Final = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
INTERVAL_S: Final = 1
FLUSH_LIMIT_S: Final = 30
CONSUMED_S: Final = 10
"""After so long what was sent has become tasks, and RabbitMQ has counted them."""
DRAINED_WITHIN_S: Final = 120
AS_HISTORY: Final = {REPLAYED_HEADER: "1"}
"""Headers of messages whose satellites do not fall silent when they end."""


def simulated_messages(
    prefix: str,
    *,
    satellites: int,
    steps: int,
    newest_at: datetime,
    triggering_from: int | None = None,
    interval_s: int = INTERVAL_S,
) -> list[bytes]:
    """Return `steps` messages of each satellite; from step `triggering_from` on all are judged."""
    simulator = CHECKOUT / "tests" / "satellite_simulator.py"
    start = newest_at - timedelta(seconds=interval_s * steps)
    lines = subprocess.run(
        [sys.executable, simulator, "--output", "-", "--speed", "max", "--fleet", str(satellites),
         "--interval", str(interval_s), "--duration", str(interval_s * steps), "--start", start.isoformat()],
        check=True, capture_output=True, timeout=120,
    ).stdout.splitlines()  # fmt: skip
    first = len(lines) if triggering_from is None else satellites * triggering_from
    return [_renamed(line, prefix, is_triggering=number >= first) for number, line in enumerate(lines)]


def _renamed(line: bytes, prefix: str, *, is_triggering: bool) -> bytes:
    body: dict[str, Any] = orjson.loads(line)
    body["satellite_id"] = body["satellite_id"].replace("SAT-", prefix)
    body["aocs"]["thruster_active"] |= is_triggering
    return orjson.dumps(body)


def produce(topic: str, values: Iterable[bytes]) -> None:
    """Append all in order and return when the broker has them."""
    failures: list[Any] = []
    producer = Producer(
        {"bootstrap.servers": SERVERS, "acks": "all", "enable.idempotence": True, "linger.ms": 5}
    )
    for value in values:
        while True:
            try:
                producer.produce(
                    topic,
                    value,
                    headers=AS_HISTORY,
                    on_delivery=lambda error, _: failures.append(error) if error else None,
                )
                break
            except BufferError:
                producer.poll(0.5)
        producer.poll(0)
    if producer.flush(FLUSH_LIMIT_S) or failures:
        raise RuntimeError(f"Kafka did not take every message: {failures[:1] or 'no answer'}")


@contextmanager
def own_satellites() -> Iterator[tuple[Platform, str]]:
    """Yield the platform and a prefix of satellite ids; once all is judged, delete their rows and series."""
    platform = Platform(supervised=Supervised())
    prefix = f"BENCH-{uuid.uuid4().hex[:6]}-"
    try:
        yield platform, prefix
    finally:
        time.sleep(CONSUMED_S)
        wait_until(
            lambda: platform.tasks_in(INFERENCE_QUEUE) == 0,
            "all is judged",
            within_s=DRAINED_WITHIN_S,
            every_s=1,
        )
        platform.forget(prefix)


def whole_second_now() -> datetime:
    """Return the present, UTC, without its fraction."""
    return datetime.now(UTC).replace(microsecond=0)
