"""`python -m kafka_inference_trigger.rescore SATELLITE FROM TO`: recomputes verdicts in time order.

A late sample enters windows whose verdicts were given before it came. This reads the telemetry of that time
from Kafka again, sorts it, and sends the jobs of FROM to TO as revisions; the verdict before and the one
after are kept in `ops.revised_inferences`.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from kafka_inference_trigger.batches import plan_tasks
from kafka_inference_trigger.dispatch import batch_publisher, task_id_of
from kafka_inference_trigger.trigger import SERVICE, InferenceTrigger
from telemetry_core.contract.errors import InvalidTelemetryMessage, PlatformError
from telemetry_core.contract.messages import MAX_CLOCK_LEAD_S, microseconds_of, parse_telemetry_message
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.look_back import read_since
from telemetry_core.kafka.records import Record
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.command_line import MOMENT_HELP, end_with, moment_of
from telemetry_core.service.settings import Settings, load_mission


def revisions(  # noqa: PLR0913 - a range of one satellite of one topic
    records: Iterable[Record], mission: Mission, *, topic: str, satellite_id: str, from_us: int, to_us: int
) -> list[InferenceBatch]:
    """Plan the jobs of one satellite from `from_us` to `to_us` as if its samples had come in time order."""
    ordered = sorted(_records_of(records, mission, satellite_id), key=lambda timed: timed[0])
    trigger = InferenceTrigger(mission, topic=topic, clock=lambda: datetime.now(UTC))
    earliest_us = from_us - int(mission.window.max_span_s * 1_000_000)
    trigger.fill(
        replace(record, received_us=generated_us)
        for generated_us, record in ordered
        if earliest_us <= generated_us < from_us
    )
    jobs = []
    for generated_us, record in ordered:
        if from_us <= generated_us <= to_us:
            jobs += trigger.plan([replace(record, received_us=generated_us)]).jobs
    last_of_each = {job.job.job_id: job for job in jobs}
    return [replace(batch, is_revision=True) for batch in plan_tasks(mission, list(last_of_each.values()))]


def _records_of(
    records: Iterable[Record], mission: Mission, satellite_id: str
) -> Iterable[tuple[int, Record]]:
    for record in records:
        try:
            message = parse_telemetry_message(record.value, mission=mission, received_us=record.received_us)
        except InvalidTelemetryMessage:
            continue  # the trigger dead-lettered it when its turn came
        if message.satellite_id == satellite_id:
            yield message.generated_us, record


def main() -> None:
    """Send the revisions; they appear in the same rows."""
    parser = argparse.ArgumentParser(prog="rescore", description=__doc__)
    parser.add_argument("satellite")
    parser.add_argument("first", metavar="FROM", type=moment_of, help=MOMENT_HELP)
    parser.add_argument("last", metavar="TO", type=moment_of)
    options = parser.parse_args()
    settings = Settings()
    try:
        count = _send(
            settings, options.satellite, microseconds_of(options.first), microseconds_of(options.last)
        )
    except PlatformError as error:
        sys.exit(str(error))
    print(f"Sent revisions of {count} subsystem inferences of {options.satellite}")  # noqa: T201 - its answer


def _send(settings: Settings, satellite_id: str, from_us: int, to_us: int) -> int:
    mission = load_mission(settings.mission_file)
    reach_us = int(mission.window.max_span_s + MAX_CLOCK_LEAD_S) * 1_000_000
    batches = revisions(
        read_since(settings, since_us=from_us - reach_us),
        mission,
        topic=settings.kafka_topic,
        satellite_id=satellite_id,
        from_us=from_us,
        to_us=to_us,
    )
    publish_batch = batch_publisher(celery_app(SERVICE, settings))
    for batch in batches:
        publish_batch(batch, f"rescore-{task_id_of(batch)}")
    return sum(len(batch.jobs) for batch in batches)


if __name__ == "__main__":
    end_with(main)
