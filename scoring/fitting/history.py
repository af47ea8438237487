"""Stored telemetry of one subsystem as windows for learning: its present cadence, without marked stretches.

Arrays are [channel, time] or [window, channel, time] in the order of the channels; NaN = missing sample.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from telemetry_core.contract.mission import Subsystem, Window
from telemetry_core.on_change import held_places

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

CADENCE_DISTANCES: Final = 9
"""Distances between samples that tell the cadence at one of them."""
CADENCE_PLACES: Final = (CADENCE_DISTANCES // 2, 2)
"""Of these, in ascending order from 0: the median, which early and late samples do not change, and a shorter
one, which many lost samples do not, for they make distances whole multiples."""
CADENCE_MARGIN: Final = 1.5
"""How many times longer or shorter a cadence still is the present one."""
DENSE_SHARE: Final = 2 / 3
"""A channel sampled at so many of its subsystem's times misses the others; below it is sampled rarely."""
MARGIN_SAMPLES: Final = 20
"""Left out before and after what is marked: a fault shows before it breaks a limit."""
PARTS: Final = 5
USUAL_PARTS: Final = 3
USUAL_SHARE: Final = 0.25
"""A range that is left in so many of the parts, for no more than this share, is left by nominal telemetry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is known of some times, from and to, microseconds since 1970 UTC."""

    alerts_us: Sequence[tuple[int, int]] = ()
    """Windows that alerts rest on."""
    nominal_us: Sequence[tuple[int, int]] = ()
    """What people called nominal, whatever limits and alerts say."""
    anomalous_us: Sequence[tuple[int, int]] = ()
    """What people called anomalous."""
    events_us: Sequence[tuple[int, int]] = ()
    """Of that, what the score had found."""

    @classmethod
    def of_labels(
        cls, labels: Iterable[tuple[tuple[int, int], str, str]], alerts_us: Sequence[tuple[int, int]] = ()
    ) -> Self:
        """Take what people said: span, `nominal` or `anomalous`, and the kind of alarm it was said of.

        No kind: it was said of the telemetry, and so of what the score is to find.
        """
        said = list(labels)
        return cls(
            alerts_us=alerts_us,
            nominal_us=[span for span, word, _ in said if word == "nominal"],
            anomalous_us=[span for span, word, _ in said if word == "anomalous"],
            events_us=[span for span, word, kind in said if word == "anomalous" and kind in {"anomaly", ""}],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Stored samples of one channel, in time order."""

    times_us: Times
    values: Floats

    def of_present_cadence(self) -> Self:
        """Those that were sampled as often as the newest ones are."""
        if self.times_us.size <= CADENCE_DISTANCES:
            return self
        cadence_us = local_cadence(self.times_us)
        present_us = np.median(cadence_us[-CADENCE_DISTANCES:], axis=0)
        is_present = (cadence_us <= present_us * CADENCE_MARGIN) & (cadence_us >= present_us / CADENCE_MARGIN)
        chosen = is_present.any(axis=1)
        return replace(self, times_us=self.times_us[chosen], values=self.values[chosen])

    @property
    def usual_interval_s(self) -> float:
        """Median distance of the samples; 0 of a single one."""
        return float(np.median(np.diff(self.times_us))) / 1e6 if self.times_us.size > 1 else 0.0

    def intervals_s(self, limits: Window) -> tuple[float, float]:
        """Least and greatest of the usual and the mean distance of two or more samples, apart from gaps."""
        distances_s = np.diff(self.times_us) / 1e6
        mean_s = float(distances_s[distances_s <= limits.gap_s(self.usual_interval_s)].mean())
        return min(self.usual_interval_s, mean_s), max(self.usual_interval_s, mean_s)


def held_samples(
    samples: Mapping[str, Samples], on_change: Sequence[str], limits: Window
) -> dict[str, Samples]:
    """Let the last value of channels that are sent on change hold wherever their subsystem has a sample."""
    steps_us = np.unique(np.concatenate([one.times_us for one in samples.values()]))
    held = dict(samples)
    for name in held.keys() & set(on_change):
        places = held_places(samples[name].times_us, steps_us, limits.max_span_s * 1e6)
        known = places >= 0
        held[name] = Samples(times_us=steps_us[known], values=samples[name].values[places[known]])
    return held


def local_cadence(times_us: Times) -> Floats:
    """CADENCE_PLACES of the nearest distances at each of more than CADENCE_DISTANCES samples.

    From int64[time] to float64[time, place], both in microseconds.
    """
    distances = np.diff(times_us).astype(np.float64)
    nearest = np.sort(np.lib.stride_tricks.sliding_window_view(distances, CADENCE_DISTANCES), axis=1)
    missing = times_us.size - len(nearest)
    return np.pad(nearest[:, CADENCE_PLACES], ((missing // 2, missing - missing // 2), (0, 0)), mode="edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Samples of a subsystem's channels on one time axis."""

    channels: tuple[str, ...]
    times_us: Times
    values: Floats
    is_marked: Bools
    """bool[time]: what limits, alerts or people mark, and is left out."""
    is_confirmed: Bools
    """bool[time]: what people called nominal, and what is near it."""
    stretch: Times
    """int64[time], number of the stretch between gaps and what is left out."""
    is_lost: Bools
    """bool[time]: a whole sample set was due and none came."""

    @classmethod
    def of_samples(cls, samples: Mapping[str, Samples], limits: Window) -> Self:
        """Lay the channels' samples beside each other; of two at one time the last one counts.

        A gap is one of the channel that is sampled most often.
        """
        interval_s = min(one.usual_interval_s for one in samples.values())
        gap_us = limits.gap_s(interval_s) * 1e6
        sampled_us = np.unique(np.concatenate([one.times_us for one in samples.values()]))
        times_us = with_lost(sampled_us, interval_s * 1e6, gap_us)
        values = np.full((len(samples), times_us.size), np.nan)
        for row, one in zip(values, samples.values(), strict=True):
            row[np.searchsorted(times_us, one.times_us)] = one.values
        is_gap = np.diff(times_us, prepend=times_us[:1]) > gap_us
        return cls(
            channels=tuple(samples),
            times_us=times_us,
            values=values,
            is_marked=np.zeros(times_us.size, np.bool_),
            is_confirmed=np.zeros(times_us.size, np.bool_),
            stretch=np.cumsum(is_gap),
            is_lost=~np.isin(times_us, sampled_us),
        )

    def without(self, is_marked: Bools) -> Self:
        """Leave out marked times, bool[time], with a margin on both sides."""
        marked = self.is_marked | with_margin(is_marked)
        return replace(self, is_marked=marked, stretch=self.stretch + np.cumsum(marked))

    def marked(self, limits: Bools, marks: Marks) -> Self:
        """Leave out what limits mark, bool[time], and alerts; people's word stands above both.

        What they called nominal begins a few samples before it was found, as anomalies do.
        """
        is_confirmed = with_margin(marked_by_spans(self.times_us, marks.nominal_us))
        alerts_us = [span for span in marks.alerts_us if not is_within(span[1], marks.nominal_us)]
        is_marked = (limits | marked_by_spans(self.times_us, alerts_us)) & ~is_confirmed
        is_marked |= marked_by_spans(self.times_us, marks.anomalous_us)
        return replace(self.without(is_marked), is_confirmed=is_confirmed)

    def with_values(self, values: Floats) -> Self:
        """The same with other values, float64[channel, time]."""
        return replace(self, values=values)

    def of_channels(self, chosen: Sequence[str]) -> Self:
        """The same of some channels."""
        rows = [self.channels.index(name) for name in chosen]
        return replace(self, channels=tuple(chosen), values=self.values[rows])

    def steps(self) -> list[Times]:
        """Places on the time axis, int64[step] per channel, of its windows' steps, missing ones included."""
        present = np.isfinite(self.values)
        is_dense = present[:, ~self.is_lost].mean(axis=1) >= DENSE_SHARE
        return [
            np.flatnonzero((own | dense) & ~self.is_marked)
            for own, dense in zip(present, is_dense, strict=True)
        ]

    def step_counts(self) -> Times:
        """How many steps of the same stretch each channel has up to each time, int64[channel, time]."""
        counts = np.zeros(self.values.shape, np.int64)
        first = np.searchsorted(self.stretch, self.stretch)
        for row, places in zip(counts, self.steps(), strict=True):
            until = np.searchsorted(places, np.arange(self.times_us.size), side="right")
            row[:] = until - np.searchsorted(places, first)
        return np.where(self.is_marked, 0, counts)

    def sample_counts(self, length: int) -> Times:
        """How many of the last `length` steps up to each time hold a sample, int64[channel, time]."""
        counts = np.zeros(self.values.shape, np.int64)
        for row, value, places in zip(counts, self.values, self.steps(), strict=True):
            samples = np.cumsum(np.concatenate([[0], np.isfinite(value[places])]), dtype=np.int64)
            until = np.searchsorted(places, np.arange(self.times_us.size), side="right")
            row[:] = samples[until] - samples[np.maximum(until - length, 0)]
        return counts

    def windows(self, ends: Times, length: int) -> Floats:
        """The channels' last `length` steps up to some places, float64[window, channel, length].

        `ends` is int64[window], places on the time axis. Steps before the stretch of a channel's window are
        NaN.
        """
        counts = self.step_counts()
        found = np.full((ends.size, len(self.channels), length), np.nan)
        for index, places in enumerate(self.steps()):
            until = np.searchsorted(places, ends, side="right")
            chosen = until[:, np.newaxis] + np.arange(-length, 0)
            is_mine = np.arange(-length, 0) >= -counts[index, ends][:, np.newaxis]
            found[:, index] = np.where(is_mine, self.values[index, places[np.maximum(chosen, 0)]], np.nan)
        return found


def with_lost(times_us: Times, interval_us: float, gap_us: float) -> Times:
    """Add to int64[time] where the usual interval passed without a sample; a gap stays one.

    A worker's windows have missing steps there, too.
    """
    distance_us = np.diff(times_us)
    missing = np.rint(distance_us / interval_us).astype(np.int64) - 1 if interval_us else 0 * distance_us
    missing = np.where(distance_us <= gap_us, np.maximum(missing, 0), 0)
    number = np.arange(missing.sum()) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    step_us = np.repeat(distance_us / (missing + 1), missing)
    lost_us = np.repeat(times_us[:-1], missing) + np.rint(number * step_us).astype(np.int64)
    return np.sort(np.concatenate([times_us, lost_us]))


def marked_by_limits(samples: Mapping[str, Floats], subsystem: Subsystem) -> Bools:
    """Tell at which times a channel broke a rule or left its nominal range, bool[time].

    A range that nominal telemetry leaves again and again for a while, see USUAL_SHARE, marks nothing.

    Args:
        samples: float64[time] of each channel, those that only rules read included.
        subsystem: With the limits.
    """
    marked = np.zeros(next(iter(samples.values())).size, np.bool_)
    for name, values in samples.items():
        nominal = subsystem.channels[name].nominal
        if nominal is not None:
            is_outside = (values < nominal[0]) | (values > nominal[1])
            if not is_usual(is_outside):
                marked |= is_outside
    for rule in subsystem.limits:
        # Of a rule with a context a value alone does not tell; nominal ones of other modes must stay.
        if rule.channel in samples and not rule.is_contextual:
            values = samples[rule.channel]
            for limit, is_broken in (
                (rule.low, np.less),
                (rule.high, np.greater),
                (rule.equals, np.equal),
            ):
                if limit is not None:
                    marked |= is_broken(values, limit)
    return marked


def is_usual(is_outside: Bools) -> bool:
    """Tell whether telemetry lies outside recurrently and not for long, from bool[time]."""
    parts = [bool(part.any()) for part in np.array_split(is_outside, PARTS)]
    return sum(parts) >= USUAL_PARTS and float(np.mean(is_outside)) <= USUAL_SHARE


def with_margin(is_marked: Bools) -> Bools:
    """Add MARGIN_SAMPLES before and after what is marked, bool[time]."""
    reach = np.convolve(is_marked, np.ones(2 * MARGIN_SAMPLES + 1))[MARGIN_SAMPLES:-MARGIN_SAMPLES]
    return np.asarray(reach > 0)


def is_within(at_us: int, spans_us: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a time lies within one of some spans."""
    return any(first_us <= at_us <= last_us for first_us, last_us in spans_us)


def marked_by_spans(times_us: Times, spans_us: Sequence[tuple[int, int]]) -> Bools:
    """Tell which of some times lie within spans, from and to in microseconds.

    `times_us` is int64[time] in ascending order; the answer is bool[time].
    """
    marked = np.zeros(times_us.size, np.bool_)
    for first_us, last_us in spans_us:
        marked[slice(*np.searchsorted(times_us, [first_us, last_us + 1]))] = True
    return marked
