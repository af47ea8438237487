"""Tracks of all satellites: what a batch of samples changes, computed without changing anything yet."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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

    @property
    def is_worth_saving(self) -> bool:
        """Tell whether PostgreSQL must know: nominal samples are not written.

        A track may break its limit and forget that in one batch. What it says when it forgets stays: of
        messages that come again, it tells that their alarms are over and known.
        """
        has_violations = self.before.track.has_violations or self.after.has_violations
        return has_violations or bool(self.changes)


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
        for reading in readings:
            key = (reading.satellite_id, reading.sign.subsystem, reading.sign.rule.reason)
            sign, before, track = after.get(key) or self._begun(key, reading.sign)
            sample = held(track, reading.sample.at_us) if reading.is_held else reading.sample
            is_in_context = reading.is_in_context
            stepped = track if sample is None else step(track, sign.rule, sample, is_in_context=is_in_context)
            after[key] = (sign, before, stepped)
            if track.runs or stepped.runs:
                found = changes(occurrences(track), occurrences(stepped))
                collected.setdefault(key, []).extend(found)
        return [
            Update(key=key, sign=sign, before=before, after=track, changes=collected.get(key, ()))
            for key, (sign, before, track) in after.items()
        ]

    def keep(self, updates: Iterable[Update]) -> None:
        """Remember what was saved."""
        for update in updates:
            revision = update.before.revision + update.is_worth_saving
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
