"""From batches of telemetry to alarms: what is read, planned, saved and remembered, in that order."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

import structlog

from alarm_server import silence
from alarm_server.forecasts.outlooks import Outlooks
from alarm_server.groups.floods import follow_floods
from alarm_server.passes.following import Passes
from alarm_server.readings import Batch, Contact, Contradiction, Reader, Reading
from alarm_server.retirement.following import Retirements
from alarm_server.signs import Sign, signs_of
from alarm_server.store import (
    ChangedElsewhere,
    end_alarms_without_rule,
    end_silences,
    expire_shelves,
    load_contacts,
    load_contradictions,
    load_silences,
    load_tracks,
    raise_silences,
    save,
    save_contacts,
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
    return look_back_us(mission.window) / 1_000_000 + max(rates, default=0.0)


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
        self._partitions = partitions
        self._clock = clock
        # Of each rule and its forecast, whether or not it is foretold now.
        most = 2 * max_satellites * len(list(signs_of(mission)))
        self._outlooks = Outlooks(max_windows=most)
        self._tracks = Tracks(max_tracks=most, max_span_s=mission.window.max_span_s)
        self._max_satellites = max_satellites
        #: The longest unheard satellite first.
        self._heard: dict[str, silence.Heard] = {}
        self._unsaved: set[str] = set()
        #: By the name of the alarm.
        self._silent: dict[str, silence.StandingSilence] = {}
        self._hearing = silence.Hearing()
        self._passes = Passes(pool)
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
        self._passes.look(round(self._clock() * 1_000_000))
        self._retirements.look()
        with transaction(self._pool) as connection:
            end_alarms_without_rule(connection, self._reader)
            tracks = load_tracks(connection)
            self._heard = load_contacts(connection, limit=self._max_satellites)
            self._silent = load_silences(connection)
        self._tracks.load(tracks)
        _log.info(f"{len(tracks)} rules of satellites are remembered, {len(self._heard)} satellites known")
        records = iter(look_back)
        while batch := list(islice(records, MAX_BATCH)):
            self.act(self.plan(batch))

    def forget(self) -> None:
        """Drop what is known: the partitions were revoked."""
        self._tracks.forget()
        self._outlooks.forget()
        self._heard.clear()
        self._unsaved.clear()
        self._silent.clear()
        self._hearing.clear()
        self._passes.forget()
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
            name = contact.satellite_id
            self._heard[name] = silence.heard_again(self._heard.pop(name, None), contact)
            self._unsaved.add(name)
            self._passes.hear(contact)
        self._make_room()
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
            self._passes.look(now_us)
            self._follow_retirements()
            self._hear_contradictions()
            self._end_silences()
            self._listen(now_us)
            self._raise_silences(now_us)
            if now >= self._next_contacts:
                self._save_contacts()
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

    def _make_room(self) -> None:
        """Forget the longest unheard of too many satellites: names may be garbage."""
        for name in list(islice(self._heard, max(0, len(self._heard) - self._max_satellites))):
            del self._heard[name]
            self._unsaved.discard(name)

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

    def _end_silences(self) -> None:
        if over := silence.ended(self._silent, self._heard):
            with transaction(self._pool) as connection:
                end_silences(connection, over)
            self._silent = {name: one for name, one in self._silent.items() if name not in over}

    def _listen(self, now_us: int) -> None:
        try:
            self._hearing.update(self._partitions(), now_us)
        except DependencyUnavailable:
            self._hearing.clear()
            raise

    def _raise_silences(self, now_us: int) -> None:
        span = self._hearing.span
        heard, plans = self._retirements.listened(self._heard, self._passes.plans)
        found = [] if span is None else silence.silences(heard, plans, self._window, span)
        silent = silence.untold(found, self._silent.values())
        if not silent:
            return
        with transaction(self._pool) as connection:
            saved = load_contacts(connection, limit=len(silent), names=[one.satellite_id for one in silent])
            for one in silent:
                if one.satellite_id in saved:
                    self._heard[one.satellite_id] = silence.joined(one.heard, saved[one.satellite_id])
            sure = [one for one in silent if self._heard.get(one.satellite_id, silence.NEVER) == one.heard]
            raised = raise_silences(connection, sure, now_us)
        self._silent |= raised

    def _save_contacts(self) -> None:
        with transaction(self._pool) as connection:
            heard = {name: self._heard[name] for name in self._unsaved}
            save_contacts(connection, heard, limit=self._max_satellites)
            self._passes.save(connection)
            expire_shelves(connection)
            follow_floods(connection)
            # Another service may have raised or ended some.
            self._silent = load_silences(connection)
        self._unsaved.clear()
        self._passes.forget()

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
