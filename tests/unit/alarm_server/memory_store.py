"""What `alarm_server.store` keeps in PostgreSQL, kept in memory: the seam of the service's unit tests."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from alarm_server import service
from alarm_server.readings import Contradiction, Reader
from alarm_server.silence import watch
from alarm_server.silence.heard import Heard, groups_of
from alarm_server.silence.telling import Silence, StandingSilence
from alarm_server.sources import WHOLE, Source
from alarm_server.store import ChangedElsewhere
from alarm_server.tracking import Key, Known, Update
from alarms.limit_tracks import Occurrence
from alarms.occurrence_changes import Event, alarm_id_of
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Window
from telemetry_core.postgres.database import Connection
from testbed.alarm_ledger import ExpectedAlarm
from tests.unit.postgres import Statements

AlarmKey = tuple[str, str, str, int]
"""Satellite, subsystem, reason, milliseconds of the name."""


@dataclass
class MemoryStore:
    """Rows of the tables of alarms; saving fails as often as `failures` says, before it begins."""

    tracks: dict[Key, Known] = field(default_factory=dict)
    alarms: dict[AlarmKey, Occurrence] = field(default_factory=dict)
    events: set[tuple[AlarmKey, Event, int]] = field(default_factory=set)
    contacts: dict[str, Heard] = field(default_factory=dict)
    silences: dict[str, StandingSilence] = field(default_factory=dict)
    contradictions: list[Contradiction] = field(default_factory=list)
    tracks_of: dict[str, list[Any]] = field(default_factory=dict)
    #: Names of all alarms of silence that were raised, and of those that ended.
    raised: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    contacts_read: int = 0
    failures: int = 0
    saves: int = 0

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the service call this in place of PostgreSQL."""
        names = ("save", "load_tracks", "load_contradictions", "expire_shelves", "follow_floods")
        for name in (*names, "end_alarms_without_rule"):
            monkeypatch.setattr(service, name, getattr(self, name))
        silence = ("load_contacts", "save_contacts", "load_silences", "raise_silences", "end_alarms")
        for name in silence:
            monkeypatch.setattr(watch, name, getattr(self, name))

    @property
    def silent(self) -> list[str]:
        """Satellites with an alarm of silence that stands, in the order of the alarms."""
        return [one.satellite_id for one in self.silences.values() if one.source == WHOLE]

    @property
    def silent_parts(self) -> list[Source]:
        """Subsystems and channels with an alarm of silence that stands, in the order of the alarms."""
        return [one.source for one in self.silences.values() if one.source != WHOLE]

    @property
    def found(self) -> list[ExpectedAlarm]:
        """All alarms of limits but the withdrawn ones."""
        return sorted(
            ExpectedAlarm(
                satellite_id=key[0],
                subsystem=key[1],
                reason=key[2],
                started_us=alarm.started_us,
                last_us=alarm.last_us,
                returned_us=alarm.returned_us,
            )
            for key, alarm in self.alarms.items()
        )

    def load_tracks(self, _: Connection, keys: Sequence[Key] | None = None) -> dict[Key, Known]:
        return {key: known for key, known in self.tracks.items() if keys is None or key in keys}

    def save(self, _: Connection, updates: Sequence[Update]) -> None:
        self._may_fail()
        self.saves += 1
        kept = [update for update in updates if update.is_worth_saving]
        known = {update.key: self.tracks.get(update.key, Known()).revision for update in kept}
        if late := [update.key for update in kept if known[update.key] != update.before.revision]:
            raise ChangedElsewhere(late)
        for update in kept:
            self.tracks[update.key] = Known(track=update.remembered, revision=update.revision)
        for update in updates:
            self._change(update)

    def _change(self, update: Update) -> None:
        for change in update.changes:
            key = (*update.key, change.occurrence.named_us // 1000)
            if change.event is Event.WITHDRAWN:
                del self.alarms[key]
            else:
                self.alarms[key] = change.occurrence
            if change.event is not None:
                self.events.add((key, change.event, change.at_us))

    def load_contacts(
        self, _: Connection, known: Collection[Source], *, limit: int, names: Sequence[str] | None = None
    ) -> dict[str, Heard]:
        found = {name: heard for name, heard in self.contacts.items() if names is None or name in names}
        self.contacts_read += len(found)
        newest = sorted(found.items(), key=lambda item: item[1].received_us)[-limit:]
        return {name: _copy(heard, known, self.tracks_of.get(name, ())) for name, heard in newest}

    def save_contacts(
        self, _: Connection, heard: Mapping[str, Heard], tracked: Collection[str], gaps: Window, *, limit: int
    ) -> None:
        self._may_fail()
        self.tracks_of |= {name: json.loads(json.dumps(heard[name].documents())) for name in tracked}
        copies = {name: _copy(one, (), ()) for name, one in heard.items()}
        newest = sorted((self.contacts | copies).items(), key=lambda item: item[1].received_us)
        self.contacts = dict(newest[-limit:])

    def load_silences(self, _: Connection) -> dict[str, StandingSilence]:
        return dict(self.silences)

    def raise_silences(
        self, _: Connection, silent: Sequence[Silence], now_us: int
    ) -> dict[str, StandingSilence]:
        self._may_fail()
        raised = {
            alarm_id_of(one.subsystem, one.reason, one.since_us, one.satellite_id): StandingSilence(
                satellite_id=one.satellite_id, source=one.source, since_us=one.since_us
            )
            for one in silent
        }
        self.silences |= raised
        self.raised += raised
        return raised

    def end_alarms(self, _: Connection, ended: Mapping[str, int]) -> None:
        self._may_fail()
        self.ended += ended
        self.silences = {name: one for name, one in self.silences.items() if name not in ended}

    def load_contradictions(self, _: Connection) -> list[Contradiction]:
        self._may_fail()
        return list(self.contradictions)

    def expire_shelves(self, _: Connection) -> None: ...

    def follow_floods(self, _: Connection) -> None: ...

    def end_alarms_without_rule(self, _: Connection, reader: Reader) -> None: ...

    def _may_fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise DependencyUnavailable("postgresql", "away")


def _copy(heard: Heard, known: Collection[Source], documents: Iterable[Mapping[str, Any]]) -> Heard:
    return Heard(
        generated_us=heard.generated_us,
        received_us=heard.received_us,
        is_replayed=heard.is_replayed,
        groups=groups_of(documents, known),
    )


POOL = Statements().pool
