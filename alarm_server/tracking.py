"""Tracks of all satellites: what a batch of samples changes, computed without changing anything yet."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alarm_server.readings import Reading
from alarm_server.signs import Sign
from alarms.limit_tracks import Track, held, occurrences, step
from alarms.occurrence_changes import Change, changes

Key = tuple[str, str, str]
"""Satellite, subsystem, reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A track and how often PostgreSQL was told of it."""

    track: Track = field(default_factory=Track)
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A track that a batch changed, and its alarms that it changed."""

    key: Key
    sign: Sign
    before: Known
    after: Track
    changes: Sequence[Change]
    #: What the history tells beside the values, by the time of the sample that it is about.
    facts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def changes_memory(self) -> bool:
        """Tell whether a restart must know of the track: nominal samples are not written."""
        return self.before.track.has_violations or self.after.has_violations

    @property
    def is_worth_saving(self) -> bool:
        """Tell whether PostgreSQL must know: a track may break its limit and forget that in one batch."""
        return self.changes_memory or bool(self.changes)


class Tracks:
    """The tracks in memory; the longest silent satellites that broke nothing make room for others."""

    def __init__(self, *, max_tracks: int) -> None:
        self._max_tracks = max_tracks
        self._known: OrderedDict[Key, Known] = OrderedDict()

    def __len__(self) -> int:
        """Count them."""
        return len(self._known)

    def load(self, saved: Mapping[Key, Known]) -> None:
        """Take over what PostgreSQL knows."""
        self._known.update(saved)

    def forget(self, keys: Iterable[Key] | None = None) -> None:
        """Drop some tracks, or all: another service has changed them, or the partitions are gone."""
        for key in list(self._known) if keys is None else keys:
            self._known.pop(key, None)

    def updates(self, readings: Iterable[Reading]) -> list[Update]:
        """Return what samples change, in the order of their first one."""
        after: dict[Key, tuple[Sign, Known, Track]] = {}
        collected: dict[Key, list[Change]] = {}
        facts: dict[Key, dict[int, Mapping[str, Any]]] = {}
        for reading in readings:
            key = (reading.satellite_id, reading.sign.subsystem, reading.sign.rule.reason)
            sign, before, track = after.get(key) or self._begun(key, reading.sign)
            sample = held(track, reading.sample.at_us) if reading.is_held else reading.sample
            is_in_context = reading.is_in_context
            stepped = track if sample is None else step(track, sign.rule, sample, is_in_context=is_in_context)
            after[key] = (sign, before, stepped)
            if reading.facts:
                facts.setdefault(key, {})[reading.sample.at_us] = reading.facts
            if track.runs or stepped.runs:
                found = changes(occurrences(track), occurrences(stepped))
                collected.setdefault(key, []).extend(found)
        return [
            Update(
                key=key,
                sign=sign,
                before=before,
                after=track,
                changes=collected.get(key, ()),
                facts=facts.get(key, {}),
            )
            for key, (sign, before, track) in after.items()
        ]

    def keep(self, updates: Iterable[Update]) -> None:
        """Remember what was saved."""
        for update in updates:
            revision = update.before.revision + 1 if update.after.has_violations else 0
            self._known[update.key] = Known(track=update.after, revision=revision)
            self._known.move_to_end(update.key)
        self._make_room()

    def _begun(self, key: Key, sign: Sign) -> tuple[Sign, Known, Track]:
        known = self._known.get(key) or Known()
        return sign, known, known.track

    def _make_room(self) -> None:
        excess = len(self._known) - self._max_tracks
        if excess <= 0:
            return
        idle = [key for key, known in self._known.items() if not known.track.has_violations]
        self.forget(idle[:excess])
