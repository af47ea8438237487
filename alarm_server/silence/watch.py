"""The silence of satellites and their parts: what is remembered, told and saved of it."""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Final

from alarm_server.passes.following import Passes
from alarm_server.passes.plan import ContactPlan
from alarm_server.readings import Contact
from alarm_server.silence.heard import Heard, joined
from alarm_server.silence.hearing import Hearing
from alarm_server.silence.store import (
    load_contacts,
    load_silences,
    raise_silences,
    save_contacts,
)
from alarm_server.silence.telling import StandingSilence, ended, silences, untold
from alarm_server.sources import Source
from alarm_server.store import end_alarms
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Window
from telemetry_core.kafka.consumer_group import PartitionState
from telemetry_core.postgres.database import Connection, Pool, transaction

SAVE_TRACKS_S: Final = 60.0
"""A restart reads again what came since, and more."""


Listened = Callable[
    [Mapping[str, Heard], Mapping[str, ContactPlan]],
    tuple[Mapping[str, Heard], Mapping[str, ContactPlan]],
]
"""Leaves out satellites whose silence does not count."""


class SilenceWatch:
    """Raises and ends alarms of silence; raises `DependencyUnavailable`, and then looks again."""

    def __init__(
        self,
        pool: Pool,
        window: Window,
        known: Collection[Source],
        *,
        partitions: Callable[[], Mapping[int, PartitionState]],
        max_satellites: int,
    ) -> None:
        self._pool = pool
        self._window = window
        #: What the mission has.
        self._known = known
        self._partitions = partitions
        self._max_satellites = max_satellites
        self._passes = Passes(pool)
        self._hearing = Hearing()
        #: The longest unheard satellite first.
        self._heard: dict[str, Heard] = {}
        #: Of which PostgreSQL does not know the newest contact, or the newest tracks.
        self._unsaved: set[str] = set()
        self._untracked: set[str] = set()
        #: By the name of the alarm.
        self._standing: dict[str, StandingSilence] = {}

    def __len__(self) -> int:
        """Count the satellites."""
        return len(self._heard)

    def begin(self, now_us: int) -> None:
        """Read what is known: partitions were assigned."""
        self._passes.look(now_us)
        with transaction(self._pool) as connection:
            self._heard = load_contacts(connection, self._known, limit=self._max_satellites)
            self._standing = load_silences(connection)

    def forget(self) -> None:
        """Drop what is known: the partitions were revoked."""
        self._heard.clear()
        self._unsaved.clear()
        self._untracked.clear()
        self._standing.clear()
        self._hearing.clear()
        self._passes.forget()

    def hear(self, contact: Contact) -> None:
        """Take what a live message says of its satellite's receptions."""
        name = contact.satellite_id
        heard = self._heard.pop(name, None) or Heard(generated_us=0, received_us=0, is_replayed=False)
        heard.hear(contact, self._window, self._passes.plans.get(name))
        self._heard[name] = heard
        self._unsaved.add(name)
        self._passes.hear(contact)

    def make_room(self) -> None:
        """Forget the longest unheard of too many satellites: names may be garbage."""
        for name in list(islice(self._heard, max(0, len(self._heard) - self._max_satellites))):
            del self._heard[name]
            self._unsaved.discard(name)
            self._untracked.discard(name)

    def follow_plans(self, now_us: int) -> None:
        """Take over contact plans that were changed."""
        self._passes.look(now_us)

    def look(self, now_us: int, listened: Listened) -> None:
        """End what was heard again, and raise what fell silent of what is `listened` to."""
        self._end()
        try:
            self._hearing.update(self._partitions(), now_us)
        except DependencyUnavailable:
            self._hearing.clear()
            raise
        self._raise(now_us, listened)

    def save(self, connection: Connection, now_us: int) -> None:
        """Keep what was heard since; `saved` once that is committed."""
        heard = {name: self._heard[name] for name in self._unsaved | self._due(now_us)}
        save_contacts(connection, heard, self._due(now_us), self._window, limit=self._max_satellites)
        self._passes.save(connection)
        # Another service may have raised or ended some.
        self._standing = load_silences(connection)

    def saved(self, now_us: int) -> None:
        """Forget what need not be saved again."""
        due = self._due(now_us)
        for name in due:
            self._heard[name].tracks_saved_us = now_us
        self._untracked = (self._untracked | self._unsaved) - due
        self._unsaved.clear()
        self._passes.forget()

    def _due(self, now_us: int) -> set[str]:
        """Return the satellites whose tracks are to be saved."""
        oldest_us = now_us - round(SAVE_TRACKS_S * 1_000_000)
        changed = self._untracked | self._unsaved
        return {name for name in changed if self._heard[name].tracks_saved_us <= oldest_us}

    def _end(self) -> None:
        if over := ended(self._standing, self._heard, self._known):
            with transaction(self._pool) as connection:
                end_alarms(connection, over)
            self._standing = {name: one for name, one in self._standing.items() if name not in over}

    def _raise(self, now_us: int, listened: Listened) -> None:
        span = self._hearing.span
        heard, plans = listened(self._heard, self._passes.plans)
        found = [] if span is None else silences(heard, plans, self._window, span)
        silent = untold(found, self._standing.values())
        if not silent:
            return
        names = sorted({one.satellite_id for one in silent})
        with transaction(self._pool) as connection:
            saved = load_contacts(connection, self._known, limit=len(names), names=names)
            newer = {name for name, one in saved.items() if joined(self._heard.get(name), one) is one}
            self._heard |= {name: saved[name] for name in newer}
            sure = [one for one in silent if one.satellite_id not in newer]
            raised = raise_silences(connection, sure, now_us)
        self._standing |= raised
