"""Constants of a recording's channels: what is usual of their newest samples, and which changes are common.

The channels are then judged by their newest samples, against the recording and against the earlier samples of
the window (`scoring/measures/changes.py`). What people called nominal is common, whatever the rest of the
recording says, and what they called anomalous is none of it (ADR 0060).
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from recordings.said import Said
from scoring.alert_rule import is_alert
from scoring.change_score import recent_evidence, score_changes
from scoring.fitting.constants import RARE, six_digits
from scoring.fitting.learning import MOST_OF_EVENT
from scoring.fitting.own_limits import GROWTH, THRESHOLD_MARGIN
from scoring.fitting.stored import spread
from scoring.measures.changes import CHANGES, ChannelChanges, RecentStatistics, change_evidence
from scoring.measures.counters import straightened
from scoring.measures.masked import masked_max
from telemetry_core.contract.mission import MAX_WINDOW_LENGTH

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Recorded = Mapping[str, Mapping[str, Floats]]
"""Subsystem to channel to float64[time], NaN = missing; the channels of a subsystem are equally long."""

BLOCK: Final = 100
"""Consecutive verdicts of which the largest change counts."""
MOST_BLOCKS: Final = 200
COMMON: Final = 0.9
"""Quantile of the largest changes of the blocks that is common."""
LEAST_SHARE: Final = 0.01
"""Smallest common change, as a share of the channel's scale: a constant channel has none of its own."""
LEVEL_SHARE: Final = 0.3
"""A channel's scale is its deviation, and at least this share of its largest value."""
SMALLEST_SIZE: Final = 1e-9


class NothingNominal(Exception):  # noqa: N818 - named for what is wrong
    """A subsystem of which nothing is left to fit to."""


class EventsMissed(Exception):  # noqa: N818 - named for what happened
    """Constants by which anomalies that were called true raise no alert; the text says how many."""


class Stream:
    """Windows as the trigger sends them, of each channel's own last samples, one for each time."""

    def __init__(self, values: Floats, length: int, moduli: Floats) -> None:
        """Take float64[channel, time], NaN = no sample of the channel at that time, and its moduli.

        Windows are of `length` steps, padded with NaN in front. `moduli` is float64[channel], infinite where
        a channel is no counter.
        """
        self._is_sampled = np.isfinite(values)
        self._until = np.cumsum(self._is_sampled, axis=1)
        self._length, self._moduli = length, moduli
        self._ending_at = [
            np.lib.stride_tricks.sliding_window_view(
                np.concatenate([np.full(length, np.nan), channel[mine]]).astype(np.float32), length
            )
            for channel, mine in zip(values, self._is_sampled, strict=True)
        ]

    def windows(self, places: Places) -> npt.NDArray[np.float32]:
        """Return those that end at some times, float32[window, channel, step]; `places` is int64[window]."""
        ends = self._until[:, places]
        return np.stack([own[last] for own, last in zip(self._ending_at, ends, strict=True)], axis=1)

    def judged(self, places: Places) -> Floats:
        """Return the same as the worker judges them: counters without their wraps."""
        windows = self.windows(places).astype(np.float64)
        return straightened(windows, self._moduli).astype(np.float64)

    def holding(self, is_marked: Bools) -> Bools:
        """Tell which windows hold a sample of a marked time; both are bool[time]."""
        found = np.zeros(is_marked.size, np.bool_)
        for mine, until in zip(self._is_sampled, self._until, strict=True):
            marked = np.cumsum(np.concatenate([[0], is_marked[mine]]))
            found |= marked[until] > marked[np.maximum(until - self._length, 0)]
        return found


def stream_windows(values: Floats, length: int) -> Iterator[npt.NDArray[np.float32]]:
    """Yield windows of all times of float64[channel, time]: float32[job, channel, length], BLOCK at once."""
    stream = Stream(values, length, np.full(len(values), np.inf))
    for part in blocks_of(values[0]):
        yield stream.windows(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Statistics of the verdicts that a subsystem is fitted to, in blocks."""

    usual: Sequence[RecentStatistics]
    """Of what nobody said anything of, at most MOST_BLOCKS, spread over the recording."""
    confirmed: Sequence[RecentStatistics]
    """Of what was called nominal."""

    @classmethod
    def of(cls, stream: Stream, said: Said) -> Self:
        """Measure what holds nothing that was called anomalous."""
        is_whole = ~stream.holding(said.is_anomalous)
        every = -(-len(blocks_of(is_whole)) // MOST_BLOCKS)
        usual = [part[(is_whole & ~said.is_nominal)[part]] for part in blocks_of(is_whole)[::every]]
        confirmed = spread(np.flatnonzero(is_whole & said.is_nominal), MOST_BLOCKS * BLOCK)
        return cls(
            usual=[RecentStatistics.measure(stream.judged(part)) for part in usual if part.size],
            confirmed=[
                RecentStatistics.measure(stream.judged(confirmed[part])) for part in blocks_of(confirmed)
            ],
        )


def blocks_of(one_each: npt.NDArray[Any]) -> list[Places]:
    """Places of consecutive verdicts, BLOCK at most, of an array with one element for each."""
    return [np.arange(start, min(start + BLOCK, one_each.size)) for start in range(0, one_each.size, BLOCK)]


def fit_channels(found: Measured, values: Floats) -> list[ChannelChanges]:
    """What is usual for each channel and which distances are common; NaN where the recording is too short.

    Nor has any a usual level (ADR 0042). `values` is float64[channel, time].
    """
    usual = finite_quantile(np.concatenate([block.newest for block in found.usual]), 0.5)
    largest = np.stack([largest_distances(block, usual) for block in found.usual])
    size = np.maximum(np.nanstd(values, axis=1), LEVEL_SHARE * np.nanmax(np.abs(values), axis=1))
    is_share = np.array(["share" in name for name in CHANGES])
    floor = LEAST_SHARE * np.where(is_share, 1.0, np.maximum(size, SMALLEST_SIZE)[:, None])
    common = np.maximum(finite_quantile(largest, COMMON), floor[:, None])
    for block in found.confirmed:
        reach = GROWTH * largest_distances(block, usual)
        common = np.where(np.isfinite(common), np.fmax(common, reach), common)
    is_level = np.array([name.startswith("mean_") for name in CHANGES])
    usual[:, is_level] = np.nan
    common[:, 0, is_level] = np.nan
    return [ChannelChanges(usual=one, common=other) for one, other in zip(usual, common, strict=True)]


def largest_distances(block: RecentStatistics, usual: Floats) -> Floats:
    """Of a block's verdicts, float64[channel, family, measure]."""
    return np.asarray(masked_max(np.moveaxis(block.distances(usual), 0, -1)))


def finite_quantile(value: Floats, quantile: float) -> Floats:
    """Quantile over the first axis without NaN, float64[n, ...] to [...]; NaN where nothing is left."""
    is_known = np.isfinite(value).any(axis=0)
    found = np.nanquantile(np.where(is_known, value, 0.0), quantile, axis=0)
    return np.where(is_known, found, np.nan)


def fit_changes(
    recorded: Recorded,
    length: int = MAX_WINDOW_LENGTH,
    counters: Mapping[str, float] = MappingProxyType({}),
    said: Mapping[str, Said] = MappingProxyType({}),
) -> dict[str, Any]:
    """The `changes` part of a calibration file; progress goes to stderr.

    One threshold serves all subsystems of as many channels: 1 in 1,000 of their nominal verdicts together
    exceeds it, and none of what people called nominal.

    Args:
        recorded: Telemetry of every channel.
        length: Steps of the windows that will be judged.
        counters: By `subsystem.channel`, the modulo of each counter.
        said: By subsystem, what people called its telemetry; of others nothing is known.

    Raises:
        EventsMissed: By these constants.
    """
    fits: dict[str, Fit] = {}
    for number, (subsystem, telemetry) in enumerate(recorded.items(), start=1):
        moduli = np.array([counters.get(f"{subsystem}.{name}", np.inf) for name in telemetry])
        values = np.stack(list(telemetry.values()))
        words = said.get(subsystem, Said.nothing(values.shape[1]))
        fits[subsystem] = Fit.of(subsystem, values, Stream(values, length, moduli), words)
        sys.stderr.write(f"\r{number}/{len(recorded)} subsystems calibrated")
    sys.stderr.write("\n")
    thresholds = {
        count: threshold_of([fit for fit in fits.values() if len(fit.channels) == count])
        for count in sorted({len(fit.channels) for fit in fits.values()})
    }
    require_found({name: events_found(fit, thresholds[len(fit.channels)]) for name, fit in fits.items()})
    return {
        "measures": list(CHANGES),
        "channels": {
            f"{subsystem}.{name}": document(one)
            for subsystem, fit in fits.items()
            for name, one in zip(recorded[subsystem], fit.channels, strict=True)
        },
        "thresholds": {str(count): six_digits(threshold) for count, threshold in thresholds.items()},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What was fitted of a subsystem."""

    stream: Stream
    said: Said
    channels: Sequence[ChannelChanges]
    usual: Floats
    """Evidence of its verdicts, float64[verdict]."""
    confirmed: Floats
    """Of those that were called nominal."""

    @classmethod
    def of(cls, subsystem: str, values: Floats, stream: Stream, said: Said) -> Self:
        """Fit to float64[channel, time], NaN = missing; `NothingNominal` where that can't be done."""
        found = Measured.of(stream, said)
        if not found.usual:
            raise NothingNominal(f"{subsystem}: all of the recording holds what was called anomalous")
        channels = fit_channels(found, np.where(said.is_anomalous, np.nan, values))
        return cls(
            stream=stream,
            said=said,
            channels=channels,
            usual=evidence_of(found.usual, channels),
            confirmed=evidence_of(found.confirmed, channels),
        )


def threshold_of(fits: Sequence[Fit]) -> float:
    """Evidence that 1 in 1,000 usual verdicts exceeds, and none of those called nominal."""
    usual = np.concatenate([fit.usual for fit in fits])
    most = max(float(fit.confirmed.max(initial=0.0)) for fit in fits)
    return max(float(np.quantile(usual, 1 - RARE)), THRESHOLD_MARGIN * most)


def events_found(fit: Fit, threshold: float) -> list[bool]:
    """Tell of each anomaly that was called true whether it is an alert; one without verdicts is left out."""
    found = []
    for event in fit.said.events:
        mine = spread(np.arange(event.places.size), MOST_OF_EVENT)
        windows = fit.stream.judged(event.places[mine])
        scores = score_changes(windows, fit.channels, threshold).score
        if (is_known := np.isfinite(scores)).any():
            found.append(is_alert(scores[is_known], event.times_us[mine][is_known]))
    return found


def require_found(found: Mapping[str, Sequence[bool]]) -> None:
    """Raise `EventsMissed` where events, by subsystem, are missed."""
    every = [is_found for own in found.values() for is_found in own]
    if not all(every):
        missing = ", ".join(subsystem for subsystem, own in found.items() if not all(own))
        told = f"{every.count(False)} of {len(every)} anomalies that were called true would be missed"
        raise EventsMissed(f"{told} ({missing})")


def evidence_of(blocks: Sequence[RecentStatistics], channels: Sequence[ChannelChanges]) -> Floats:
    """Evidence of the verdicts that have any, float64[verdict]."""
    found = [recent_evidence(change_evidence(block, channels)) for block in blocks]
    joined: Floats = np.concatenate([np.empty(0), *found])
    return np.asarray(joined[np.isfinite(joined)])


def document(channel: ChannelChanges) -> dict[str, Any]:
    """One channel's constants with six significant digits; unknown = null."""
    return {
        "usual": [None if np.isnan(value) else six_digits(value) for value in channel.usual.tolist()],
        "common": [
            [None if np.isnan(value) else six_digits(value) for value in family]
            for family in channel.common.tolist()
        ],
    }
