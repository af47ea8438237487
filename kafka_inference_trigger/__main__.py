"""The trigger service: telemetry from Kafka, windows, rules, one Celery task per subsystem."""

import signal
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from kafka_inference_trigger.breaker import PROBE_RECORDS, Breaker, Probe
from kafka_inference_trigger.dead_letters import DeadLetterTopic, dead_letter_producer
from kafka_inference_trigger.dispatch import Dispatcher, batch_publisher
from kafka_inference_trigger.gathered import refused_values, wrong_clocks
from kafka_inference_trigger.gathered.gathering import kept_saved, save_gathered
from kafka_inference_trigger.gathered.refused_values import RefusedValues
from kafka_inference_trigger.gathered.wrong_clocks import WrongClocks
from kafka_inference_trigger.trigger import SERVICE, InferenceTrigger, Plan
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.kafka.look_back import LookBack, read_newest
from telemetry_core.kafka.stream import TRIGGER_GROUP, TelemetryStream
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.disk import Disk
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing, traced
from telemetry_core.service.settings import Settings, load_mission

STATEMENT_TIMEOUT_MS: Final = 5_000

_log = structlog.get_logger(SERVICE)


def main() -> None:
    """Run until SIGTERM."""
    configure_logging(SERVICE)
    start_tracing(SERVICE, "celery")
    settings = Settings()
    try:
        mission = load_mission(settings.mission_file)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    pool = _pool(settings)
    limits = LimitsInForce(mission, pool)
    limits.keep_up()
    refused, clocks = RefusedValues(), WrongClocks()
    trigger = InferenceTrigger(
        mission,
        topic=settings.kafka_topic,
        clock=lambda: datetime.now(UTC),
        max_satellites=settings.max_satellites,
        note_bad_values=refused.add,
        note_wrong_clock=clocks.add,
    )
    stream = _stream(settings, limits, trigger, liveness)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Waiting for telemetry on {settings.kafka_topic} at {settings.kafka_bootstrap_servers}")
    breaker = _breaker(settings, trigger)
    publish = batch_publisher(celery_app(SERVICE, settings))
    dead_letters = DeadLetterTopic(dead_letter_producer(settings), source_topic=settings.kafka_topic)
    dispatcher = Dispatcher(dead_letters, publish, check=breaker.check)
    send = traced("dispatch", dispatcher.send, _job_ids)
    with kept_saved(
        liveness.loop("refused values"),
        limits.keep_up,
        partial(save_gathered, clocks, wrong_clocks.saving(pool)),
        partial(save_gathered, refused, refused_values.saving(pool)),
    ):
        liveness.start()
        stream.run(stop, plan=trigger.plan, act=Disk(settings).guarding(send))


def _breaker(settings: Settings, trigger: InferenceTrigger) -> Breaker:
    """Pauses the intake by what the newest records would come to; SIGUSR1 admits them all."""

    def probe() -> Probe:
        records, ends = read_newest(settings, count=PROBE_RECORDS)
        return Probe(outcomes=[trigger.outcome(record) for record in records], ends=ends)

    breaker = Breaker(limit=settings.intake_breaker_share, probe=probe)
    signal.signal(signal.SIGUSR1, lambda *_: breaker.admit_all())
    return breaker


def _stream(
    settings: Settings, limits: LimitsInForce, trigger: InferenceTrigger, liveness: Liveness
) -> TelemetryStream:
    def fill(look_back: LookBack) -> None:
        count = trigger.fill(look_back, until_us=look_back.until_us)
        _log.info(f"Windows rebuilt from {count} earlier messages")

    trigger.compare_with(limits.limits)
    return TelemetryStream(
        settings,
        group_id=TRIGGER_GROUP,
        service=SERVICE,
        liveness=liveness,
        look_back_s=look_back_s(limits.limits.file.window),
        on_assigned=fill,
        on_revoked=trigger.forget,
        on_round=lambda: trigger.compare_with(limits.limits),
    )


def _pool(settings: Settings) -> Pool:
    return open_pool(
        as_service(settings, SERVICE),
        max_connections=1,
        application_name=SERVICE,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )


def _job_ids(plan: Plan) -> list[str]:
    return [planned.job.job_id for planned in plan.jobs]


if __name__ == "__main__":
    main()
