"""One message a second through the whole platform: from its producer's moment to rows that others see."""

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg2
from confluent_kafka import Producer

from benchmarks.platform.figures import Distribution, Section
from benchmarks.platform.stream.telemetry import (
    AS_HISTORY,
    INTERVAL_S,
    SERVERS,
    own_satellites,
    produce,
    simulated_messages,
)
from telemetry_core.service.settings import Settings
from testbed.running_platform import Platform

WARM_UP: Final = 64
SUBSYSTEMS: Final = 4
LIMIT_S: Final = 10
LEAD_S: Final = 4

#: Runs inside the server: no answer travels while it waits, and each look takes a new snapshot.
AWAIT_ROWS: Final = """
CREATE FUNCTION pg_temp.await_rows(wanted text, expected int, limit_s float)
RETURNS TABLE (subsystem text, seen_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + limit_s * interval '1 second';
    known text[] := '{}';
    found text;
BEGIN
    WHILE cardinality(known) < expected AND clock_timestamp() < deadline LOOP
        FOR found IN SELECT row.subsystem FROM subsystem_inferences AS row
            WHERE row.job_id = wanted AND row.status = 'completed' AND row.subsystem <> ALL (known)
        LOOP
            known := known || found;
            RETURN QUERY SELECT found, clock_timestamp();
        END LOOP;
        PERFORM pg_sleep(0.001);
    END LOOP;
END $$
"""
STAGES_OF_JOB: Final = """
SELECT row.subsystem, (job.metadata ->> 'received_at')::timestamptz, job.created_at AT TIME ZONE 'UTC',
    row.started_at AT TIME ZONE 'UTC', row.completed_at AT TIME ZONE 'UTC', row.inference_time_ms, row.verdict
FROM subsystem_inferences AS row JOIN inference_jobs AS job USING (job_id) WHERE job_id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One verdict and the moments on its way, seconds since 1970."""

    produced_s: float
    received_s: float
    dispatched_s: float
    started_s: float
    completed_s: float
    seen_s: float
    triton_ms: float | None

    @property
    def latency_ms(self) -> float:
        return (self.seen_s - self.produced_s) * 1000


def measure(settings: Settings, duration_s: int) -> list[Section]:
    samples = take_samples(settings, duration_s=duration_s)
    stages = {
        "in Kafka (produce to LogAppendTime)": [s.received_s - s.produced_s for s in samples],
        "in the trigger (to created_at)": [s.dispatched_s - s.received_s for s in samples],
        "publish, RabbitMQ, wait for a thread (to started_at)": [
            s.started_s - s.dispatched_s for s in samples
        ],
        "inference and score (to completed_at)": [s.completed_s - s.started_s for s in samples],
        "save and commit, until others see it": [s.seen_s - s.completed_s for s in samples],
    }
    return [
        Section(
            title="Latency, 1 message/s, every message judged in 4 subsystems",
            explanation="From the producer's clock before produce() to clock_timestamp() of the first"
            " look, one a millisecond inside the server, that sees the row. Stages are rounded to 1 ms.",
            lines=[
                Distribution(name="Kafka produce to visible row, every verdict", unit="ms",
                             samples=[s.latency_ms for s in samples]),
                Distribution(
                    name="  last verdict of each message", unit="ms", samples=_last_of_each(samples)
                ),
                *(
                    Distribution(name=f"  {name}", unit="ms", samples=[1000 * value for value in values])
                    for name, values in stages.items()
                ),
            ],
        )
    ]  # fmt: skip


def _last_of_each(samples: list[Sample]) -> list[float]:
    last: dict[float, float] = {}
    for sample in samples:
        last[sample.produced_s] = max(sample.latency_ms, last.get(sample.produced_s, 0.0))
    return list(last.values())


def take_samples(settings: Settings, *, duration_s: int) -> list[Sample]:
    with (
        own_satellites() as (_platform, prefix),
        closing(psycopg2.connect(**Platform.database())) as connection,
    ):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(AWAIT_ROWS)
            begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LEAD_S)
            messages = simulated_messages(
                prefix, satellites=1, steps=WARM_UP + duration_s,
                newest_at=begin + timedelta(seconds=duration_s * INTERVAL_S), triggering_from=WARM_UP,
            )  # fmt: skip
            produce(settings.kafka_topic, messages[:WARM_UP])
            producer = Producer({"bootstrap.servers": SERVERS, "acks": "all", "linger.ms": 0})
            samples: list[Sample] = []
            for number, message in enumerate(messages[WARM_UP:]):
                moment_s = begin.timestamp() + number * INTERVAL_S
                time.sleep(max(0.0, moment_s - time.time()))
                samples += _follow(cursor, producer, settings.kafka_topic, message, f"{prefix}001", moment_s)
    return samples


def _follow(
    cursor: Any, producer: Producer, topic: str, message: bytes, satellite_id: str, generated_s: float
) -> list[Sample]:
    job_id = f"kafka-{satellite_id}-{round(generated_s * 1000):013d}"
    produced_s = time.time()
    producer.produce(topic, message, headers=AS_HISTORY)
    cursor.execute("SELECT * FROM pg_temp.await_rows(%s, %s, %s)", (job_id, SUBSYSTEMS, LIMIT_S))
    seen = dict(cursor.fetchall())
    producer.poll(0)
    if len(seen) < SUBSYSTEMS:
        raise RuntimeError(
            f"{job_id}: {len(seen)} of {SUBSYSTEMS} verdicts within {LIMIT_S} s; see 'make status'"
        )
    cursor.execute(STAGES_OF_JOB, (job_id,))
    return [
        Sample(
            produced_s=produced_s, received_s=received.timestamp(), dispatched_s=dispatched.timestamp(),
            started_s=started.timestamp(), completed_s=completed.timestamp(),
            seen_s=seen[subsystem].timestamp(), triton_ms=triton_ms,
        )
        for subsystem, received, dispatched, started, completed, triton_ms, _verdict in cursor.fetchall()
    ]  # fmt: skip
