"""What the window of a subsystem holds: of each channel its own last steps, cut by its own gaps and age.

A step is a sample, or a missing one: where a channel's own cadence says that a sample should have come. Which
packets brought the samples has no part in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.windows.rings import Axis, ChannelRings, Indexes, Times, Values, channel_places
from kafka_inference_trigger.windows.step_axes import step_axes
from telemetry_core.contract.mission import GAP_NEIGHBOURS, MIN_WINDOW_LENGTH, Mission, Window, usual_beside
from telemetry_core.contract.tasks import WITH_WINDOW, ChannelState

Counts = NDArray[np.int64]

_TOLERANCE: Final = 0.25
"""Of an interval: so much a sample of a regular channel may come early or late."""
_REGULAR_SHARE: Final = 0.8
"""Of the intervals of a regular channel at least so many are the usual one or a whole multiple of it."""
_MOST_DRIFT: Final = 0.02
"""So far, as a share of it and by a step, a regular window's length is from that of its steps at the usual
interval: that of two cadences is further."""
_MOST_STEPS: Final = 2
"""For each sample of a regular window: no more are missing than are there."""
_FASTER: Final = 0.5
"""Of the usual interval: a newest one that is shorter begins another cadence."""
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


class WindowCutter:
    """Cuts the windows that a mission asks for from the rings of any satellite."""

    def __init__(self, mission: Mission) -> None:
        self._limits = mission.window
        self._span_us = int(mission.window.max_span_s * 1_000_000)
        places = channel_places(mission)
        self._owned = {name: np.arange(place.start, place.stop) for name, place in places.items()}
        self._features = {
            name: self._owned[name][[channel.feature for channel in subsystem.channels.values()]]
            for name, subsystem in mission.subsystems.items()
        }

    def windows_of(
        self, rings: ChannelRings, subsystems: Iterable[str], *, ending_us: int
    ) -> dict[str, SampleWindow]:
        """Return each channel's last `length` steps up to `ending_us` that no gap and no age cuts off."""
        features = {name: self._features[name] for name in subsystems}
        since_us = ending_us - self._span_us
        channels = np.concatenate(list(features.values()))
        axes = rings.axes(channels, since_us)
        if len(axes) > 1 or rings.is_on_change[channels].any():
            return {
                name: _window(
                    rings, own, step_axes(rings, own, self._owned[name], since_us), ending_us, self._limits
                )
                for name, own in features.items()
            }
        whole = _window(rings, channels, axes, ending_us, self._limits)
        ends = accumulate(len(own) for own in features.values())
        return {
            name: whole.part(slice(end - len(own), end))
            for (name, own), end in zip(features.items(), ends, strict=True)
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
        part = _steps(times, siblings, ending_us, limits)
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
    """Order the channels that a window may start and count as: with one, ending with it, long."""
    return part.state in WITH_WINDOW, part.total > 0 and part.end_us == ending_us, part.total


def missed(times: Times, length: int) -> tuple[Counts, bool]:
    """Count the missing steps behind each sample but the last one, and tell whether the channel is regular.

    A step is missing wherever the usual interval has passed without a sample. If the last `length` steps are
    not regular (bursts, intervals at random, two cadences, more steps missing than not), none is: nobody can
    tell what should have come.

    Args:
        times: int64[sample], microseconds, ascending.
        length: Steps of a window.

    Returns:
        int64[sample - 1] and regular or not.
    """
    intervals = times[1:] - times[:-1]
    none = np.zeros(len(intervals), dtype=np.int64)
    if len(times) < _CADENCE_SAMPLES:
        return none, True
    usual_us = _middle(intervals)
    if intervals.max() <= (1 + _TOLERANCE) * usual_us and intervals.min() >= (1 - _TOLERANCE) * usual_us:
        return none, True
    passed = intervals / usual_us
    steps = np.maximum(np.rint(passed), 1).astype(np.int64)
    places = np.cumsum(steps)
    first = int((places - steps).searchsorted(places[-1] - length, side="right"))
    passed, judged = passed[first:], steps[first:]
    is_whole = np.abs(passed - judged) <= _TOLERANCE
    is_regular = bool(
        # None: the newest interval alone is longer than the window.
        judged.size
        and np.mean(is_whole) >= _REGULAR_SHARE
        and abs(passed.sum() - judged.sum()) <= max(1.0, _MOST_DRIFT * judged.sum())
        and judged.sum() <= _MOST_STEPS * len(judged)
        and passed[-1] >= _FASTER
    )
    return (steps - 1, True) if is_regular else (none, False)


def _behind(times: Times, ending_us: int, siblings: Sequence[Times]) -> int:
    """Count the missing steps behind a regular channel's last sample.

    Only those count that another channel of the subsystem was sampled for: a pause of all channels says
    nothing. That the newest one alone is missing says nothing either: its packet may follow.
    """
    usual_us = _middle(times[1:] - times[:-1])
    due = int((ending_us - times[-1]) / usual_us + _TOLERANCE)
    if due <= 1 or not siblings:
        return 0
    since = times[-1] + int((1 - _TOLERANCE) * usual_us)
    meanwhile = [
        other.searchsorted(ending_us, side="right") - other.searchsorted(since) for other in siblings
    ]
    return min(due, int(max(meanwhile)))


def usual_interval_us(times: Times) -> int:
    """The median interval of int64[sample] in microseconds, which lost samples do not change.

    0 with a single sample.
    """
    intervals = np.diff(times)
    return _middle(intervals) if intervals.size else 0


def _middle(intervals: Times) -> int:
    middle = len(intervals) // 2
    return int(np.partition(intervals, middle)[middle])


def unbroken(times: Times, ending_us: int, limits: Window) -> slice:
    """The samples of int64[sample], ascending, after the last gap, up to the window's end."""
    last = int(times.searchsorted(ending_us, side="right"))
    intervals = times[1:last] - times[: max(last - 1, 0)]
    is_long = intervals > limits.max_gap_s * 1_000_000
    if not is_long.any():
        return slice(0, last)
    if len(intervals) > 1:
        # Of slow channels every interval is long: nearly all of them are no gap beside any other.
        is_long &= intervals > limits.gap_s(intervals.min() / 1_000_000) * 1_000_000
    listed = intervals.tolist()
    for place in np.flatnonzero(is_long)[::-1].tolist():
        if listed[place] > 1_000_000 * limits.gap_s(usual_beside(listed, place) / 1_000_000):
            return slice(place + 1, last)
    return slice(0, last)


def _is_too_old(times: Times, ending_us: int, limits: Window) -> bool:
    """Tell whether a channel ceased so long ago that a whole window could be missing since."""
    newest = np.diff(times[-GAP_NEIGHBOURS - 1 :])
    patience_us = MIN_WINDOW_LENGTH * _middle(newest) if newest.size else 0
    return ending_us - int(times[-1]) > max(limits.max_gap_s * 1_000_000, patience_us)


def _steps(times: Times, siblings: Sequence[Times], ending_us: int, limits: Window) -> _Steps:
    if not times.size:
        return _Steps(state=ChannelState.NEVER_SEEN, end_us=ending_us)
    newest_us = int(times[-1])
    missing, is_regular = missed(times, limits.length)
    has_cadence = is_regular and len(times) >= _CADENCE_SAMPLES
    behind = _behind(times, ending_us, siblings) if has_cadence else 0
    if _is_too_old(times, ending_us, limits):
        return _Steps(state=ChannelState.TOO_OLD, end_us=newest_us, judged=min(behind, limits.length))
    places = np.arange(len(times))
    places[1:] += np.cumsum(missing)
    total = int(places[-1]) + 1 + behind
    places += limits.length - total
    first = int(np.searchsorted(places, 0))
    oldest = min(first, len(times) - 1)
    interval_us = usual_interval_us(times[oldest:] if oldest < len(times) - 1 else times[-2:])
    state = ChannelState.JUDGED if is_regular else ChannelState.IRREGULAR
    is_judged = len(times) >= MIN_WINDOW_LENGTH
    return _Steps(
        state=state if is_judged else ChannelState.TOO_FEW,
        first=first,
        places=places[first:],
        start_us=int(times[oldest]),
        end_us=newest_us + behind * interval_us,
        interval_us=interval_us,
        total=min(total, limits.length),
        judged=min(total, limits.length) if is_judged else 0,
    )
