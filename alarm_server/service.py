"""From batches of telemetry to alarms: what is read, planned, saved and remembered, in that order."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

import structlog

from alarm_server.forecasts.outlooks import Outlooks
from alarm_server.groups.floods import follow_floods
from alarm_server.readings import Batch, Contact, Contradiction, Reader, Reading
from alarm_server.retirement.following import Retirements
from alarm_server.signs import Sign, signs_of
from alarm_server.silence.watch import SAVE_TRACKS_S, SilenceWatch
from alarm_server.store import (
    ChangedElsewhere,
    end_alarms_without_rule,
    expire_shelves,
    load_contradictions,
    load_tracks,
    save,
)
from alarm_server.tracking import Tracks, Update, look_back_us
from alarms.occurrence_changes import Event
from telemetry_core.contract.errors import DependencyUnavailable, InvalidTelemetryMessage
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.consumer_group import PartitionState
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.limits.in_force import LOOK_EVERY_S, LimitsInForce
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.service.observability import (
    ALARM_LATENCY_SECONDS,
    ALARMS_RAISED,
    MESSAGES_FAILED,
    MESSAGES_SKIPPED,
    LogBudget,
)

SERVICE: Final = "alarm-server"
REPLANS: Final = 5
"""So often a batch is planned anew because another service changed the same tracks, before a pause."""
ROUND_S: Final = LOOK_EVERY_S
SAVE_CONTACTS_S: Final = 2.0

_log = structlog.get_logger(SERVICE)


def look_back_s(mission: Mission) -> float:
    """Return for how long messages are read again, so that the oldest of them has its rate."""
    rates = [sign.rule.rate.over_s for sign in signs_of(mission) if sign.rule.rate is not None]
    of_alarms_s = look_back_us(mission.window) / 1_000_000 + max(rates, default=0.0)
    return max(of_alarms_s, 3 * SAVE_TRACKS_S)


class AlarmServer:
    """Keeps `ops.alarms` equal to what telemetry says."""

    def __init__(
        self,
        mission: Mission,
        pool: Pool,
        *,
        partitions: Callable[[], Mapping[int, PartitionState]],
        max_satellites: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._window = mission.window
        self._limits = LimitsInForce(mission, pool)
        #: By the limits in force: whoever gets its readings goes by the rules that they name.
        self._reader = Reader(self._limits.limits)
        self._pool = pool
        self._clock = clock
        # Of each rule and its forecast, whether or not it is foretold now.
        most = 2 * max_satellites * len(list(signs_of(mission)))
        self._outlooks = Outlooks(max_windows=most)
        self._tracks = Tracks(max_tracks=most, max_span_s=mission.window.max_span_s)
        self._silence = SilenceWatch(
            pool,
            mission.window,
            self._reader.sources.all,
            partitions=partitions,
            max_satellites=max_satellites,
        )
        self._retirements = Retirements(pool)
        #: What was acted on of the contradictions of the last minutes.
        self._contradicted: set[Contradiction] = set()
        self._next_round = 0.0
        self._next_contacts = 0.0
        #: Subsystem and reason of limits whose context was not told at least once.
        self._uncompared: set[tuple[str, str]] = set()
        self._budget = LogBudget(20)
        self._failures = LogBudget(1)

    def begin(self, look_back: Iterable[Record]) -> None:
        """Read what is known, and the messages of `look_back_s` again: partitions were assigned."""
        self._follow_limits()
        self._silence.begin(round(self._clock() * 1_000_000))
        self._retirements.look()
        with transaction(self._pool) as connection:
            end_alarms_without_rule(connection, self._reader)
            tracks = load_tracks(connection)
        self._tracks.load(tracks)
        _log.info(f"{len(tracks)} rules of satellites are remembered, {len(self._silence)} satellites known")
        records = iter(look_back)
        while batch := list(islice(records, MAX_BATCH)):
            self.act(self.plan(batch))

    def forget(self) -> None:
        """Drop what is known: the partitions were revoked."""
        self._tracks.forget()
        self._outlooks.forget()
        self._silence.forget()
        self._retirements.forget()

    def plan(self, records: Sequence[Record]) -> Batch:
        """Read the messages; one that can't be read is the trigger's dead letter, and says nothing."""
        readings: list[Reading] = []
        contacts: list[Contact] = []
        for record in records:
            try:
                found = self._retirements.says(self._reader.read(record), record.received_us)
            except InvalidTelemetryMessage as error:
                MESSAGES_SKIPPED.labels(SERVICE, error.reason).inc()
                continue
            except Exception as error:  # noqa: BLE001 - one record must not stop the rest
                MESSAGES_FAILED.labels(SERVICE).inc()
                _log.error("Message left out after an unexpected error", exc_info=error, offset=record.offset)
                continue
            readings.extend(found.samples)
            self._report_uncompared(found.uncompared)
            if found.contact is not None:
                contacts.append(found.contact)
        newest_us = max(record.received_us for record in records)
        foretold = self._outlooks.readings(readings)
        return Batch(readings=[*readings, *foretold], contacts=contacts, newest_us=newest_us)

    def act(self, batch: Batch) -> None:
        """Save what a batch changes; nothing is remembered before it is saved."""
        updates = self._saved(batch.readings)
        self._tracks.keep(updates)
        for contact in batch.contacts:
            self._silence.hear(contact)
        self._silence.make_room()
        self._report(updates, batch.newest_us)

    def round(self) -> None:
        """Between batches: limits, plans, contradictions, silence, contacts, shelves and floods."""
        now = self._clock()
        if now < self._next_round:
            return
        self._next_round = now + ROUND_S
        now_us = round(now * 1_000_000)
        try:
            self._follow_limits()
            self._silence.follow_plans(now_us)
            self._follow_retirements()
            self._hear_contradictions()
            self._silence.look(now_us, self._retirements.listened)
            if now >= self._next_contacts:
                self._save_contacts(now_us)
                self._next_contacts = now + SAVE_CONTACTS_S
        except DependencyUnavailable as error:
            if self._failures.admit("silence was not looked for {count} more times"):
                _log.warning(f"{error}; silence is not looked for until it is back")

    def _saved(self, readings: Sequence[Reading]) -> list[Update]:
        for _ in range(REPLANS):
            updates = self._tracks.updates(readings)
            if not any(update.is_worth_saving for update in updates):
                return updates
            try:
                with transaction(self._pool) as connection:
                    save(connection, updates)
            except ChangedElsewhere as error:
                with transaction(self._pool) as connection:
                    found = load_tracks(connection, error.keys)
                self._tracks.forget(error.keys)
                self._tracks.load(found)
            else:
                return updates
        raise DependencyUnavailable("postgresql", "another alarm_server keeps changing the same limits")

    def _follow_limits(self) -> None:
        """Go by the limits that operators changed since; tracks go on, but of what is foretold no more."""
        self._limits.look()
        if self._limits.limits is not self._reader.limits:
            reader = Reader(self._limits.limits)
            with transaction(self._pool) as connection:
                end_alarms_without_rule(connection, reader)
            self._tracks.forget_all_but(reader)
            self._reader = reader

    def _follow_retirements(self) -> None:
        """Forget what satellites said before they were retired: taken back, they begin anew."""
        if changed := self._retirements.look():
            self._tracks.forget_satellites(changed)
            self._outlooks.forget_satellites(changed)

    def _hear_contradictions(self) -> None:
        """Act on what the trigger found since: a clock that was set back by less than a year."""
        with transaction(self._pool) as connection:
            known = self._retirements.believed(load_contradictions(connection))
        new = sorted(known - self._contradicted, key=lambda found: found.last_us)
        if new:
            readings = [reading for found in new for reading in found.readings]
            self.act(Batch(readings=readings, contacts=(), newest_us=new[-1].last_us))
        self._contradicted = known

    def _save_contacts(self, now_us: int) -> None:
        with transaction(self._pool) as connection:
            self._silence.save(connection, now_us)
            expire_shelves(connection)
            follow_floods(connection)
        self._silence.saved(now_us)

    def _report_uncompared(self, signs: Sequence[Sign]) -> None:
        for sign in signs:
            name = sign.subsystem, sign.rule.reason
            if name not in self._uncompared:
                self._uncompared.add(name)
                channels = ", ".join(condition.channel for condition in sign.rule.when)
                _log.warning(
                    f"{sign.subsystem} {sign.rule.reason} is not compared with messages that lack a channel"
                    f" of its context ({channels}); said once"
                )

    def _report(self, updates: Sequence[Update], newest_us: int) -> None:
        for update in updates:
            for change in update.changes:
                if change.event is None:
                    continue
                satellite_id, subsystem, reason = update.key
                if change.event is Event.RAISED:
                    ALARMS_RAISED.labels(update.sign.kind).inc()
                    ALARM_LATENCY_SECONDS.observe(max(0.0, self._clock() - newest_us / 1_000_000))
                if self._budget.admit("{count} more alarms changed in the last second"):
                    _log.info(
                        f"Alarm {change.event}: {satellite_id} {subsystem} {reason},"
                        f" {update.sign.rule.channel} {change.occurrence.value:g}"
                    )
