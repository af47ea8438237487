"""The one at-least-once consumer of Kafka: offsets move only after the effect is confirmed elsewhere."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.consumer_group import GroupLag, begin_offsets, is_fatal, member_of
from telemetry_core.kafka.look_back import LookBack, read_before
from telemetry_core.kafka.records import MAX_BATCH, Record, is_notice, record_of
from telemetry_core.service.liveness import Backlog, Liveness, Work
from telemetry_core.service.observability import DEPENDENCY_RETRIES, MESSAGES_CONSUMED
from telemetry_core.service.settings import Settings

TRIGGER_GROUP: Final = "analysis-inference-group"
WRITER_GROUP: Final = "victoria-consumer-group"
ALARM_GROUP: Final = "alarm-consumer-group"
MAX_BACKOFF_S: Final = 10.0
REJOIN_AFTER_S: Final = 1.0
"""Pause before a new client takes the place of one that failed."""
LOOK_BACK_POLL_S: Final = 0.5
"""A look-back of minutes must neither hold up the group nor look like a loop that hangs."""

Decision = TypeVar("Decision")
Join = Callable[..., Consumer]
"""As `member_of`."""


_log = structlog.get_logger(__name__)


class _AssignmentLost(Exception):  # noqa: N818 - a signal, not a fault
    """The partitions were revoked while their look-back was read."""


class TelemetryStream:
    """Batches of one topic for one consumer group; a client that fails permanently is replaced.

    `on_assigned(look_back)` is called after each assignment and before its first batch, with the messages
    that precede the committed offsets, and those of others' partitions if it `looks_at_others`.
    `on_revoked()` tells that the partitions are gone; `on_round()` ends each round of an assigned consumer,
    at least once a second while nothing comes.
    """

    def __init__(  # noqa: PLR0913 - wiring
        self,
        settings: Settings,
        *,
        group_id: str,
        service: str,
        liveness: Liveness,
        look_back_s: float = 0.0,
        looks_at_others: bool = True,
        on_assigned: Callable[[LookBack], None] = lambda _: None,
        on_revoked: Callable[[], None] = lambda: None,
        on_round: Callable[[], None] = lambda: None,
        join: Join = member_of,
    ) -> None:
        self._settings = settings
        self._topic = settings.kafka_topic
        self._join = partial(join, settings, group_id, service=service)
        self._service = service
        self._lag = GroupLag(settings, group_id)
        self._owned: list[int] | None = None
        self._loop = liveness.loop("stream", backlog=Backlog(server="kafka", ask=self._ask_for_work))
        self._loop.ready(is_ready=False)
        self._look_back_s = look_back_s
        self._looks_at_others = looks_at_others
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._on_round = on_round
        self._consumer: Consumer
        self._assigned: list[TopicPartition] = []
        self._is_fresh = False

    def run(
        self,
        stop: threading.Event,
        *,
        plan: Callable[[Sequence[Record]], Decision],
        act: Callable[[Decision], None],
    ) -> None:
        """Until `stop`: decide once per batch, act until it succeeds, then store the offsets.

        While `act` finds a server unavailable the partitions are paused and polling goes on; partitions that
        are revoked meanwhile take the batch with them, for their next owner reads it again.
        """
        while not stop.is_set():
            self._consumer = self._join()
            try:
                self._consume(stop, plan, act)
            except KafkaException as error:
                _log.warning(f"Kafka's client failed permanently, creating a new one: {error}")
                stop.wait(REJOIN_AFTER_S * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            finally:
                self._forget_assignment()
                self._consumer.close()

    def _consume(
        self,
        stop: threading.Event,
        plan: Callable[[Sequence[Record]], Decision],
        act: Callable[[Decision], None],
    ) -> None:
        self._consumer.subscribe(
            [self._topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )
        while not stop.is_set():
            self._loop.tick()
            batch = self._poll_batch(stop)
            if batch:
                MESSAGES_CONSUMED.labels(self._service).inc(len(batch))
                planned = plan(batch)
                if self._attempt(stop, lambda planned=planned: act(planned)):  # type: ignore[misc]
                    self._store_offsets(batch)
            if self._assigned and not self._is_fresh:
                self._on_round()

    def _poll_batch(self, stop: threading.Event) -> list[Record]:
        """Return the first message that comes within a second and what is there behind it."""
        first = self._consumer.poll(1.0)
        if self._is_fresh:
            # `poll` returned nothing of these partitions: they are paused since their assignment.
            if self._attempt(stop, self._begin_assignment):
                self._consumer.resume(self._assigned)
            return []
        if first is None:
            return []
        owned = self._assigned
        rest = self._consumer.consume(MAX_BATCH - 1, timeout=0)
        if self._assigned is not owned:
            # Revoked while they were read: what is known of them is forgotten, and the next owner reads them.
            return []
        return [record_of(message) for message in (first, *rest) if not is_notice(message)]

    def _attempt(self, stop: threading.Event, action: Callable[[], None]) -> bool:
        """Run `action` until it finds its servers; False when the partitions were revoked first."""
        owned = self._assigned
        failures = 0
        while True:
            try:
                action()
            except _AssignmentLost:
                return False
            except DependencyUnavailable as error:
                failures += 1
                self._loop.hold(error.dependency)
                DEPENDENCY_RETRIES.labels(self._service, error.dependency).inc()
                delay_s = min(MAX_BACKOFF_S, 0.25 * 2**failures) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
                _log.warning(f"{error}; holding the batch, next attempt in {delay_s:.1f} s")
                self._poll_paused(stop, delay_s)
                if stop.is_set() or self._assigned is not owned:
                    return False
            else:
                if failures:
                    _log.info(f"Recovered after {failures} attempts")
                    self._consumer.resume(self._assigned)
                return True

    def _poll_paused(self, stop: threading.Event, delay_s: float) -> None:
        """Stay in the group for `delay_s` without taking messages."""
        self._consumer.pause(self._assigned)
        deadline = time.monotonic() + delay_s
        while time.monotonic() < deadline and not stop.is_set():
            self._consumer.poll(min(0.2, delay_s))

    def _store_offsets(self, batch: Sequence[Record]) -> None:
        following = {record.partition: record.offset + 1 for record in batch}
        try:
            self._consumer.store_offsets(
                offsets=[TopicPartition(self._topic, number, offset) for number, offset in following.items()]
            )
        except KafkaException as error:
            if is_fatal(error):
                raise
            _log.warning(
                f"Offsets were not committed, the partitions' next owner rereads their messages: {error}"
            )

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        consumer.pause(partitions)
        self._owned = [partition.partition for partition in partitions]
        self._assigned = partitions
        self._is_fresh = True

    def _revoke(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        consumer.unassign()
        self._forget_assignment()

    def _forget_assignment(self) -> None:
        self._assigned = []
        self._owned = None
        self._is_fresh = False
        self._loop.ready(is_ready=False)
        self._on_revoked()

    def _begin_assignment(self) -> None:
        """Commit a first offset where there is none, so that lag is a number; hand over the look-back."""
        if self._assigned:
            try:
                committed = begin_offsets(self._consumer, self._assigned)
                self._on_revoked()
                self._on_assigned(self._look_back(committed))
            except KafkaException as error:
                if is_fatal(error):
                    raise
                raise DependencyUnavailable("kafka", str(error)) from error
        self._is_fresh = False
        self._loop.ready()
        names = ", ".join(str(partition.partition) for partition in self._assigned)
        _log.info(f"Assigned {self._topic} partitions: {names or 'none'}")

    def _polled(self, records: Iterator[Record]) -> Iterator[Record]:
        """Pass records on and stay in the group meanwhile; they end when the partitions were revoked."""
        owned = self._assigned
        due = time.monotonic()
        for count, record in enumerate(records):
            if time.monotonic() >= due:
                self._loop.tick(position=("look-back", count))
                self._consumer.poll(0)
                if self._assigned is not owned:
                    raise _AssignmentLost
                due = time.monotonic() + LOOK_BACK_POLL_S
            yield record

    def _ask_for_work(self) -> Work:
        return self._lag.ask(self._owned)

    def _look_back(self, committed: dict[int, int]) -> LookBack:
        if self._look_back_s <= 0:
            return LookBack(records=iter(()), until_us=0)
        found = read_before(
            self._settings,
            committed=committed,
            span_s=self._look_back_s,
            with_others=self._looks_at_others,
        )
        return LookBack(records=self._polled(found.records), until_us=found.until_us)
