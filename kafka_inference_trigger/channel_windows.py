"""What the window of a subsystem holds: of each channel its own last steps, cut by its own gaps and age.

A step is a sample, or a missing one: where a channel's own cadence says that a sample should have come while
another channel of the subsystem was sampled. Which packets brought the samples has no part in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.rings import Axis, ChannelRings, Indexes, Times, Values
from telemetry_core.subsystems import GAP_NEIGHBOURS, MIN_WINDOW_LENGTH, Window
from telemetry_core.tasks import ChannelState

Counts = NDArray[np.int64]

_TOLERANCE: Final = 0.25
"""Of an interval: so much a sample of a regular channel may come early or late."""
_REGULAR_SHARE: Final = 0.5
"""A channel has a cadence if at least so many of its intervals are the usual one."""
_CADENCE_SAMPLES: Final = 6
"""From so many samples on a channel has a cadence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWindow:
    """The last steps of each channel of a subsystem, up to one sample set."""

    #: float64[channel, step], each channel's last step at the end, padded in front; NaN = missing or padding.
    values: Values
    #: int64[channel], time of the last step, microseconds since 1970 UTC; the window's own without a sample.
    end_us: Times
    #: int64[channel], mean distance of the steps in microseconds; 0 = unknown.
    interval_us: Times
    #: int64[channel], steps that are judged, missing ones included; 0 = none.
    steps: Counts
    #: int64[channel], each one's ChannelState.
    states: Counts
    #: Of the leading channel, see `_precedence`: time of the first step, and their number.
    start_us: int
    sample_count: int
    #: Time of the sample set.
    ending_us: int

    def part(self, channels: slice) -> "SampleWindow":
        """The same of some channels."""
        return SampleWindow(  # half as long as dataclasses.replace, for every subsystem of every job
            values=self.values[channels],
            end_us=self.end_us[channels],
            interval_us=self.interval_us[channels],
            steps=self.steps[channels],
            states=self.states[channels],
            start_us=self.start_us,
            sample_count=self.sample_count,
            ending_us=self.ending_us,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Where the samples of channels with one time axis stand among the steps of their windows."""

    state: ChannelState
    #: The window's samples on the axis, and the step of each.
    first: int = 0
    places: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    start_us: int = 0
    end_us: int
    interval_us: int = 0
    total: int = 0
    judged: int = 0


def windows_of(
    rings: ChannelRings,
    subsystems: Mapping[str, Indexes],
    *,
    ending_us: int,
    since_us: int,
    limits: Window,
) -> dict[str, SampleWindow]:
    """Build the windows of subsystems.

    Args:
        rings: The satellite's samples.
        subsystems: Channels of each.
        ending_us: Time of the sample set; later samples are none of it.
        since_us: Older samples are too old.
        limits: The mission's length and gap.
    """
    channels = np.concatenate(list(subsystems.values()))
    axes = rings.axes(channels, since_us)
    if len(axes) > 1 and len(subsystems) > 1:
        return {
            name: _window(rings, own, rings.axes(own, since_us), ending_us, limits)
            for name, own in subsystems.items()
        }
    whole = _window(rings, channels, axes, ending_us, limits)
    ends = accumulate(len(own) for own in subsystems.values())
    return {
        name: whole.part(slice(end - len(own), end))
        for (name, own), end in zip(subsystems.items(), ends, strict=True)
    }


def _window(
    rings: ChannelRings, channels: Indexes, axes: Sequence[Axis], ending_us: int, limits: Window
) -> SampleWindow:
    runs = [unbroken(axis.times, ending_us, limits) for axis in axes]
    values = np.empty((len(channels), limits.length))
    header = np.empty((4, len(channels)), dtype=np.int64)
    parts = []
    for axis, run in zip(axes, runs, strict=True):
        times = axis.times[run]
        siblings = [other.times for other in axes if other is not axis]
        part = _steps(times, missed(times, ending_us, siblings), ending_us, limits)
        slots = axis.slots[run.start + part.first : run.start + part.first + len(part.places)]
        values[axis.members] = _laid_out(
            rings.values(channels[axis.members], slots), part.places, limits.length
        )
        header[:, axis.members] = np.array([[part.end_us], [part.interval_us], [part.judged], [part.state]])
        parts.append(part)
    leading = max(parts, key=lambda part: _precedence(part, ending_us))
    end_us, interval_us, steps, states = header
    return SampleWindow(
        values=values,
        end_us=end_us,
        interval_us=interval_us,
        steps=steps,
        states=states,
        start_us=leading.start_us if leading.total else ending_us,
        sample_count=leading.total,
        ending_us=ending_us,
    )


def _laid_out(samples: Values, places: Counts, length: int) -> Values:
    """Put float64[channel, sample] at their steps, NaN at the others."""
    if len(places) == length:
        return samples
    steps = np.full((len(samples), length), np.nan)
    steps[:, places] = samples
    return steps


def _precedence(part: _Steps, ending_us: int) -> tuple[bool, bool, int]:
    """Order the channels that a window may start and count as: judged, ending with it, long."""
    return part.state is ChannelState.JUDGED, part.total > 0 and part.end_us == ending_us, part.total


def missed(times: Times, ending_us: int, siblings: Sequence[Times]) -> Counts:
    """Count the missing steps behind each sample of a channel, int64[sample].

    A sample is missing where the channel's usual interval has passed without one, and another channel was
    sampled when it was due: never more often than that one was, so that a pause of all channels is none. That
    the newest one alone is missing says nothing: its packet may follow.
    """
    missing = np.zeros(len(times), dtype=np.int64)
    if len(times) < _CADENCE_SAMPLES or not siblings:
        return missing
    intervals = np.diff(times)
    usual_us = float(np.median(intervals))
    if np.mean(np.abs(intervals - usual_us) <= _TOLERANCE * usual_us) < _REGULAR_SHARE:
        return missing
    due = np.floor(np.append(intervals, ending_us - times[-1]) / usual_us + _TOLERANCE).astype(np.int64)
    due[:-1] -= 1
    if due[-1] == 1:
        due[-1] = 0
    lacking = np.flatnonzero(due > 0)
    if not lacking.size:
        return missing
    shortest_us = int((1 - _TOLERANCE) * usual_us)
    since = times[lacking] + shortest_us
    until = np.append(times[1:] - shortest_us, ending_us)[lacking]
    meanwhile = [
        np.searchsorted(other, until, side="right") - np.searchsorted(other, since, side="left")
        for other in siblings
    ]
    missing[lacking] = np.clip(np.max(meanwhile, axis=0), 0, due[lacking])
    return missing


def usual_interval_us(times: Times) -> int:
    """The median interval of some samples, which lost ones do not change; 0 of a single sample."""
    intervals = np.diff(times)
    return _middle(intervals) if intervals.size else 0


def _middle(intervals: Times) -> int:
    middle = len(intervals) // 2
    return int(np.partition(intervals, middle)[middle])


def unbroken(times: Times, ending_us: int, limits: Window) -> slice:
    """The samples behind the last gap, up to the window's end."""
    last = int(times.searchsorted(ending_us, side="right"))
    intervals = times[1:last] - times[: max(last - 1, 0)]
    is_long = intervals > limits.max_gap_s * 1_000_000
    if not is_long.any():
        return slice(0, last)
    if len(intervals) > 1:
        # Of slow channels every interval is long: nearly all of them are no gap beside any other.
        is_long &= intervals > limits.gap_s(intervals.min() / 1_000_000) * 1_000_000
    for place in np.flatnonzero(is_long)[::-1].tolist():
        if intervals[place] > 1_000_000 * limits.gap_s(_usual_beside(intervals, place) / 1_000_000):
            return slice(place + 1, last)
    return slice(0, last)


def _usual_beside(intervals: Times, place: int) -> int:
    """The usual interval before or behind one, the shorter of both: windows hold one cadence; 0 = unknown."""
    sides = (
        intervals[max(place - GAP_NEIGHBOURS, 0) : place],
        intervals[place + 1 : place + 1 + GAP_NEIGHBOURS],
    )
    return min((_middle(side) for side in sides if side.size), default=0)


def _is_too_old(times: Times, ending_us: int, limits: Window) -> bool:
    """Tell whether a channel ceased so long ago that a whole window could be missing since."""
    newest = np.diff(times[-GAP_NEIGHBOURS - 1 :])
    patience_us = MIN_WINDOW_LENGTH * _middle(newest) if newest.size else 0
    return ending_us - int(times[-1]) > max(limits.max_gap_s * 1_000_000, patience_us)


def _steps(times: Times, missing: Counts, ending_us: int, limits: Window) -> _Steps:
    if not times.size:
        return _Steps(state=ChannelState.NEVER_SEEN, end_us=ending_us)
    newest_us, behind = int(times[-1]), int(missing[-1])
    if _is_too_old(times, ending_us, limits):
        return _Steps(state=ChannelState.TOO_OLD, end_us=newest_us, judged=min(behind, limits.length))
    places = np.arange(len(times)) + np.cumsum(missing) - missing
    total = int(places[-1]) + 1 + behind
    places += limits.length - total
    first = int(np.searchsorted(places, 0))
    oldest = min(first, len(times) - 1)
    interval_us = usual_interval_us(times[oldest:] if oldest < len(times) - 1 else times[-2:])
    is_judged = total >= MIN_WINDOW_LENGTH
    return _Steps(
        state=ChannelState.JUDGED if is_judged else ChannelState.TOO_FEW,
        first=first,
        places=places[first:],
        start_us=int(times[oldest]),
        end_us=newest_us + behind * interval_us,
        interval_us=interval_us,
        total=min(total, limits.length),
        judged=min(total, limits.length) if is_judged else 0,
    )
