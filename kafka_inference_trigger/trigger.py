"""From Kafka records to dead letters and tasks: the decisions of the trigger service."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from kafka_inference_trigger.batches import PlannedJob, plan_tasks, planned_job, with_earlier
from kafka_inference_trigger.rules import Breach, breaches, demand_of
from kafka_inference_trigger.windows.channel_windows import WindowCutter
from kafka_inference_trigger.windows.sample_sets import Arrival, SampleSet
from kafka_inference_trigger.windows.telemetry_windows import MAX_SATELLITES, TelemetryWindows
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import (
    BadValue,
    ConflictingDuplicate,
    TelemetryMessage,
    UnusableSampleSet,
    WrongClock,
    parse_telemetry_message,
)
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from telemetry_core.limits.changes import Limits
from telemetry_core.service.observability import (
    MESSAGES_DUPLICATED,
    RESTLESS_SAMPLE_SETS,
    SATELLITES_EVICTED,
    SATELLITES_TRACKED,
    VALUES_REFUSED,
)

SERVICE = "kafka-inference-trigger"

NoteBadValues = Callable[[str, Sequence[BadValue], int], None]
"""Told of a satellite's values that were refused, and when they were received (microseconds since 1970)."""
NoteWrongClock = Callable[[WrongClock | ConflictingDuplicate, Sequence[Breach], int], None]
"""Told of a message that is refused for its time, of the limits that it breaks, and when it was received."""

_log = structlog.get_logger(SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that can never be used, and why."""

    record: Record
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a record: `reason` tells why it was refused, None that it was used."""

    sender: bytes | None
    partition: int
    offset: int
    received_us: int
    reason: str | None


def internal_error(record: Record, error: Exception) -> DeadLetter:
    """Give a record up because of an error of ours, which the log explains."""
    _log.error(
        "Message sent to the dead letters after an unexpected error", exc_info=error, offset=record.offset
    )
    return DeadLetter(record=record, reason="internal_error", detail=f"{type(error).__name__}: {error}")


@dataclass(slots=True, kw_only=True)
class Plan:
    """What one batch of records demands; the lists shrink as their parts are confirmed."""

    record_count: int
    outcomes: list[Outcome] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    jobs: list[PlannedJob] = field(default_factory=list)
    batches: list[InferenceBatch] = field(default_factory=list)
    #: Where each job came from: the message of one that can't be sent becomes a dead letter.
    records: dict[str, Record] = field(default_factory=dict)
    #: (subsystem, job id) to the task that holds it.
    task_ids: dict[tuple[str, str], str] = field(default_factory=dict)


class InferenceTrigger:
    """Keeps the windows and decides which sample sets are judged."""

    def __init__(  # noqa: PLR0913 - what it is given at its start
        self,
        mission: Mission,
        *,
        topic: str,
        clock: Callable[[], datetime],
        max_satellites: int = MAX_SATELLITES,
        note_bad_values: NoteBadValues = lambda _satellite_id, _bad_values, _received_us: None,
        note_wrong_clock: NoteWrongClock = lambda _clock, _breaches, _received_us: None,
    ) -> None:
        self._mission = mission
        self._limits = Limits.of(mission)
        self._topic = topic
        self._clock = clock
        self._note_bad_values = note_bad_values
        self._note_wrong_clock = note_wrong_clock
        self._windows = TelemetryWindows(mission, max_satellites=max_satellites)
        self._cutter = WindowCutter(mission)

    def fill(self, records: Iterable[Record], *, until_us: int = 0) -> int:
        """Rebuild the windows from earlier records, demanding nothing; return how many were used.

        What is restless is counted of the last quanta before `until_us` alone, where work begins.
        """
        count = 0
        counted_from_us = self._windows.counted_from_us(until_us)
        for record in records:
            try:
                is_counted = record.received_us >= counted_from_us
                self._place(record, self._parse(record), is_counted=is_counted)
            except Exception:  # noqa: BLE001, S112 - it was dead-lettered when its turn came
                continue
            count += 1
        return count

    def compare_with(self, limits: Limits) -> None:
        """Decide by other limits of the same mission file."""
        if limits is not self._limits:
            self._limits = limits
            self._windows.compare_with(limits)

    def forget(self) -> None:
        """Drop all windows: the partitions were revoked."""
        self._windows.clear()

    def plan(self, records: Sequence[Record]) -> Plan:
        """Put the records into the windows, one after another, and collect what they demand.

        A record that fails in a way that nobody foresaw becomes a dead letter, too: the next one goes on.
        """
        plan = Plan(record_count=len(records))
        jobs: dict[str, PlannedJob] = {}
        for record in records:
            try:
                job = self._judge(record)
            except InvalidTelemetryMessage as error:
                if isinstance(error, UnusableSampleSet):
                    self._note_bad_values(error.satellite_id, error.bad_values, record.received_us)
                self._note_clock(record, error)
                plan.dead_letters.append(DeadLetter(record=record, reason=error.reason, detail=error.detail))
                plan.outcomes.append(outcome_of(record, error.reason))
                continue
            except Exception as error:  # noqa: BLE001 - one record must not stop the rest
                plan.dead_letters.append(internal_error(record, error))
                plan.outcomes.append(outcome_of(record, None))
                continue
            plan.outcomes.append(outcome_of(record, None))
            if job is not None:
                jobs[job.job.job_id] = with_earlier(jobs.get(job.job.job_id), job)
                plan.records[job.job.job_id] = record
        self._plan_batches(plan, list(jobs.values()))
        SATELLITES_TRACKED.set(len(self._windows))
        SATELLITES_EVICTED.inc(self._windows.take_evicted())
        return plan

    def outcome(self, record: Record) -> Outcome:
        """Tell whether a record is valid, and change no window.

        Called for the newest records while intake is paused, so that limits broken under a wrong clock keep
        raising alerts.
        """
        try:
            self._parse(record)
        except InvalidTelemetryMessage as error:
            self._note_clock(record, error)
            return outcome_of(record, error.reason)
        except Exception:  # noqa: BLE001 - an error of ours, which says nothing of the sender; its turn comes
            return outcome_of(record, None)
        return outcome_of(record, None)

    def _note_clock(self, record: Record, error: InvalidTelemetryMessage) -> None:
        """A recording is no satellite whose clock is wrong now."""
        if isinstance(error, WrongClock | ConflictingDuplicate) and not record.is_replayed:
            mission = self._limits.mission_of(error.satellite_id)
            self._note_wrong_clock(error, list(breaches(mission, error.samples)), record.received_us)

    def _plan_batches(self, plan: Plan, jobs: list[PlannedJob]) -> None:
        """Plan all jobs together, or those that can be planned where one of them can't."""
        try:
            plan.batches += plan_tasks(self._mission, jobs)
            plan.jobs += jobs
        except Exception as error:  # noqa: BLE001 - one job must not stop the rest
            if len(jobs) == 1:
                plan.dead_letters.append(internal_error(plan.records[jobs[0].job.job_id], error))
                return
            for job in jobs:
                self._plan_batches(plan, [job])

    def _parse(self, record: Record) -> TelemetryMessage:
        return parse_telemetry_message(record.value, mission=self._mission, received_us=record.received_us)

    def _place(self, record: Record, message: TelemetryMessage, *, is_counted: bool = True) -> SampleSet:
        return self._windows.append(
            message,
            record.received_us,
            partition=record.partition,
            is_replayed=record.is_replayed,
            is_counted=is_counted,
        )

    def _judge(self, record: Record) -> PlannedJob | None:
        message = self._parse(record)
        sample_set = self._place(record, message)
        if message.bad_values:
            VALUES_REFUSED.labels(SERVICE).inc(len(message.bad_values))
            self._note_bad_values(message.satellite_id, message.bad_values, record.received_us)
        if sample_set.arrival is Arrival.DUPLICATE:
            # Only the database knows what became of the first one, and takes the second for nothing new.
            MESSAGES_DUPLICATED.labels(SERVICE).inc()
        demand = demand_of(self._limits.mission_of(sample_set.satellite_id), sample_set)
        if sample_set.restless:
            judged = "left out" if demand is None else "judged"
            RESTLESS_SAMPLE_SETS.labels(judged).inc(len(sample_set.restless))
        if demand is None:
            return None
        windows = self._cutter.windows_of(
            sample_set.rings, demand.subsystems, ending_us=sample_set.generated_us
        )
        return planned_job(record, sample_set, demand, windows, topic=self._topic, created_at=self._clock())


def outcome_of(record: Record, reason: str | None) -> Outcome:
    """Keep the parts of a record that the breaker counts."""
    return Outcome(
        sender=record.key,
        partition=record.partition,
        offset=record.offset,
        received_us=record.received_us,
        reason=reason,
    )
