"""Tracks of all satellites: what a batch of samples changes, computed without changing anything yet."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alarm_server.readings import Reading
from alarm_server.signs import Sign
from alarms.delta_tracks import DeltaTrack, step_delta
from alarms.deltas import Point
from alarms.limit_tracks import REACH_US, Track, held, step
from alarms.occurrence_changes import Change, changes
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, Window

Key = tuple[str, str, str]
"""Satellite, subsystem, reason."""
AnyTrack = Track | DeltaTrack


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A track and how often PostgreSQL was told of it; 0 = it has no row of it."""

    track: AnyTrack = field(default_factory=Track)
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A track that a batch changed, and its alarms that it changed."""

    key: Key
    sign: Sign
    before: Known
    after: AnyTrack
    changes: Sequence[Change]
    #: What the history tells beside the values, by the time of the sample that it is about.
    facts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_worth_saving(self) -> bool:
        """Tell whether PostgreSQL must know: nominal samples are not written."""
        if self.changes or self.before.track.has_violations or self.after.has_violations:
            return True
        was, now = self._is_worth_knowing(self.before.track), self._is_worth_knowing(self.after)
        return was != now or (now and (not self.before.revision or self._has_other_value))

    @property
    def remembered(self) -> AnyTrack:
        """What a restart must know; a look-back tells the rest.

        Where nothing breaks the rule any more: that all before is over. The messages that come again after a
        kill may be hours old, and begin amid an alarm.
        """
        if self.after.has_violations or self._is_worth_knowing(self.after):
            return self.after
        over = replace(limit_track(self.after), clear_us=())
        return DeltaTrack(base=over, whole=over) if isinstance(self.after, DeltaTrack) else over

    @property
    def revision(self) -> int:
        """Of the track once it is saved."""
        return self.before.revision + self.is_worth_saving

    def _is_worth_knowing(self, track: AnyTrack) -> bool:
        """Tell whether the next delta may need a sample that no look-back reads again."""
        return self.sign.rule.change or self._is_slow(track)

    @property
    def _has_other_value(self) -> bool:
        """Tell whether the next delta may be another one than by the saved track."""
        if not isinstance(self.after, DeltaTrack) or not isinstance(self.before.track, DeltaTrack):
            return False
        was, now = self.before.track.newest, self.after.newest
        if was is None or now is None or self._is_slow(self.after):
            return was != now
        return (was.value, was.is_in_context) != (now.value, now.is_in_context)

    def _is_slow(self, track: AnyTrack) -> bool:
        """Tell whether a look-back may hold too few samples to tell how far apart they usually are."""
        measure = self.sign.measure
        if measure is None or not isinstance(track, DeltaTrack):
            return False
        pause_us = track.newest_pause_us
        return pause_us is None or pause_us * (GAP_INTERVALS + GAP_NEIGHBOURS) > look_back_us(measure.window)


class Tracks:
    """The tracks in memory; the longest silent satellites that broke nothing make room for others."""

    def __init__(self, *, max_tracks: int, max_span_s: float) -> None:
        self._max_tracks = max_tracks
        self._max_span_us = round(max_span_s * 1_000_000)
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

    def forget_all_but(self, signs: Iterable[Sign]) -> None:
        """Drop the tracks of what is compared no more."""
        named = {(sign.subsystem, sign.rule.reason) for sign in signs}
        self.forget([key for key in self._known if key[1:] not in named])

    def forget_satellites(self, satellites: Collection[str]) -> None:
        """Drop the tracks of some satellites."""
        self.forget([key for key in self._known if key[0] in satellites])

    def updates(self, readings: Iterable[Reading]) -> list[Update]:
        """Return what samples change, in the order of their first one."""
        after: dict[Key, tuple[Sign, Known, AnyTrack]] = {}
        collected: dict[Key, list[Change]] = {}
        facts: dict[Key, dict[int, Mapping[str, Any]]] = {}
        for reading in readings:
            key = (reading.satellite_id, reading.sign.subsystem, reading.sign.rule.reason)
            sign, before, track = after.get(key) or self._begun(key, reading.sign)
            stepped = _stepped(track, reading, self._max_span_us)
            after[key] = (sign, before, stepped)
            if reading.facts:
                facts.setdefault(key, {})[reading.sample.at_us] = reading.facts
            was, now = limit_track(track), limit_track(stepped)
            if was.runs or now.runs:
                collected.setdefault(key, []).extend(changes(was, now))
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
            self._known[update.key] = Known(track=update.after, revision=update.revision)
            self._known.move_to_end(update.key)
        self._make_room()

    def _begun(self, key: Key, sign: Sign) -> tuple[Sign, Known, AnyTrack]:
        known = self._known.get(key) or Known()
        return sign, known, known.track

    def _make_room(self) -> None:
        excess = len(self._known) - self._max_tracks
        if excess <= 0:
            return
        idle = [key for key, known in self._known.items() if not known.track.has_violations]
        self.forget(idle[:excess])


def look_back_us(window: Window) -> int:
    """Return for how long messages are read again: what ends the alarm of a late one may have been read."""
    return min(round(window.live_s * 1_000_000), REACH_US)


def limit_track(track: AnyTrack) -> Track:
    """Return what is known of the violations."""
    return track.whole if isinstance(track, DeltaTrack) else track


def _stepped(track: AnyTrack, reading: Reading, max_span_us: int) -> AnyTrack:
    """Return the track after one more reading of its rule."""
    sample, is_in_context, measure = reading.sample, reading.is_in_context, reading.sign.measure
    if measure is not None:
        point = Point(
            at_us=sample.at_us, value=sample.value, is_sent=not reading.is_held, is_in_context=is_in_context
        )
        return step_delta(track if isinstance(track, DeltaTrack) else DeltaTrack(), measure, point)
    known = limit_track(track)
    told = held(known, sample.at_us, max_span_us) if reading.is_held else sample
    if told is None:
        return known
    return step(known, reading.sign.rule, told, is_in_context=is_in_context, is_sent=not reading.is_held)
