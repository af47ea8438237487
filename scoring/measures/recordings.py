"""What is measured of a whole recording's channel: how unlike the rest every moment is, in three families.

Everything is read at every STEP-th sample (the grid). A missing sample is NaN (so are infinities): short gaps
are bridged; a window that touches a longer one, or lacks half of its samples, is ordinary and nobody's
neighbour.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import running_mean

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SCAN_FAMILIES = ("statistics", "distribution")
"""The score is their mean."""
SUBSEQUENCE = "subsequence"
"""The third family, which is judged alone."""
MIN_RECORDING_SAMPLES = 1000
STEP = 4
STATISTICS_LENGTHS = (20, 60, 150)
SMALLEST_CHANGE = 1e-9
"""In deviations of the channel; what changes less is the rounding of a constant."""
DISTRIBUTION_LENGTHS = (40, 100, 200)
DISTRIBUTION_QUANTILES = 20
DISTRIBUTION_NEIGHBOUR = 3
"""The third: an unusual stretch that happened twice still has no third of its kind."""
SUBSEQUENCE_LENGTHS = (40, 100)
EXCLUDED_SAMPLES = 100
"""Windows that start closer, or overlap, are not neighbours."""
LONGEST_BRIDGED_GAP = 5
"""Samples; statistics and distances of windows with longer gaps would show the bridge."""
USUAL_QUANTILE = 0.9
"""Of the maxima of the score's blocks."""
MEASURE_QUANTILE = 0.8
"""Of the maxima of a measure's blocks."""
MEASURE_BLOCK_SAMPLES = 100
FLOOR = 0.01
"""Smallest usual peak of a measure, in deviations of the channel: quiet channels do not divide by zero."""
LARGEST_LOG_RATIO = 4.0


def scan_families(channel: Floats, first_judged: int = 0) -> dict[str, Floats]:
    """Evidence of every family, float64[grid]: mean log ratio of its measures to their usual peaks.

    Takes and raises what `scan_measures` does.
    """
    return evidence_of(scan_measures(channel, first_judged))


def evidence_of(
    measures: Mapping[str, Sequence[Floats]], usual_quantile: float = MEASURE_QUANTILE
) -> dict[str, Floats]:
    """Mean log ratio of each family's measures to their usual peaks, float64[grid].

    The measures are float64[grid], not negative.
    """
    return {
        name: np.mean([log_ratio(measure, usual_quantile) for measure in of_family], axis=0)
        for name, of_family in measures.items()
    }


def scan_measures(channel: Floats, first_judged: int = 0) -> dict[str, list[Floats]]:
    """Measures of every family, float64[grid] each.

    Args:
        channel: float64[time], any unit, NaN = missing.
        first_judged: No window reaches across this sample.

    Raises:
        ValueError: Fewer than MIN_RECORDING_SAMPLES samples.
    """
    if channel.size < MIN_RECORDING_SAMPLES:
        raise ValueError(f"a scan needs {MIN_RECORDING_SAMPLES} samples, not {channel.size}")
    value = standardised(channel)
    change = np.diff(value, prepend=value[:1])
    change[first_judged] = 0.0
    families = (
        statistics_measures(value, change),
        distribution_measures(value, change, first_judged),
        subsequence_measures(value, first_judged),
    )
    return dict(zip((*SCAN_FAMILIES, SUBSEQUENCE), families, strict=True))


def standardised(channel: Floats) -> Floats:
    """Scale float64[time] to zero mean and unit deviation; NaN stays, a constant channel becomes 0."""
    value = np.where(np.isfinite(channel), channel, np.nan)
    present = value[np.isfinite(value)]
    if present.size == 0 or present.min() == present.max():
        return value * 0.0
    centred = value - present.mean()
    return np.asarray(centred / np.nanstd(centred))


def statistics_measures(value: Floats, change: Floats) -> list[Floats]:
    """Distance of deviation, mean, mean |change| and share of changing samples from the channel's median.

    Each float64[grid]. `value` is float64[time], standardised, `change` float64[time], its differences.
    """
    measures = []
    size = np.abs(change)
    changing = np.where(np.isnan(change), np.nan, size > SMALLEST_CHANGE)
    for length in STATISTICS_LENGTHS:
        usable = windows_usable(value, length)
        mean, square, activity, share = (
            running_mean(part[None, None], length)[0, 0] for part in (value, value**2, size, changing)
        )
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
        for measured in (deviation, mean, activity, share):
            known = np.where(usable, measured, np.nan)
            present = known[np.isfinite(known)]
            centre = np.median(present) if present.size else 0.0
            measures.append(on_grid(np.abs(known - centre), length, value.size))
    return measures


def distribution_measures(value: Floats, change: Floats, first_judged: int) -> list[Floats]:
    """Distance of the window's sorted values, and of its sorted changes, to those of other windows.

    Each float64[grid]; `value` and `change` are float64[time]. Between windows of one length this is the
    Wasserstein distance of order 2: two windows are alike when they hold the same values in any order, so
    phase and timing do not matter.
    """
    return [
        neighbour_distance(
            sorted_windows(filled(series), length),
            windows_usable(series, length, first_judged)[::STEP],
            length=length,
            neighbour=DISTRIBUTION_NEIGHBOUR,
            samples=value.size,
        )
        for length in DISTRIBUTION_LENGTHS
        for series in (value, change)
    ]


def subsequence_measures(value: Floats, first_judged: int) -> list[Floats]:
    """Distance of the window's samples, less their mean, to those of the nearest other window.

    Each float64[grid]; `value` is float64[time], standardised. Unlike sorted values they tell another order
    of the same values, and where in a cycle it is.
    """
    series = filled(value)
    return [
        neighbour_distance(
            centred_windows(series, length),
            windows_usable(value, length, first_judged)[::STEP],
            length=length,
            neighbour=1,
            samples=value.size,
        )
        for length in SUBSEQUENCE_LENGTHS
    ]


def centred_windows(value: Floats, length: int) -> Singles:
    """Every STEP-th window of float64[time] without NaN, less its mean; float32[window, length]."""
    cut = np.lib.stride_tricks.sliding_window_view(value, length)[::STEP].astype(np.float32)
    return np.asarray(cut - cut.mean(axis=1, keepdims=True))


def filled(value: Floats) -> Floats:
    """Bridge gaps of float64[time] by straight lines; zeros where nothing is present."""
    present = np.isfinite(value)
    if not present.any():
        return np.zeros_like(value)
    steps = np.arange(value.size)
    return np.interp(steps, steps[present], value[present])


def windows_usable(value: Floats, length: int, first_judged: int = 0) -> Flags:
    """bool[window]: enough samples, no gap too long to bridge, all on one side of the first judged sample.

    `value` is float64[time], NaN = missing; window n starts at sample n.
    """
    starts = np.arange(value.size - length + 1)
    crosses = (starts < first_judged) & (starts + length > first_judged)
    gap_samples = np.concatenate([[0], np.cumsum(in_long_gap(value))])
    whole = gap_samples[length:] == gap_samples[:-length]
    return np.asarray(np.isfinite(running_mean(value[None, None], length)[0, 0]) & whole & ~crosses)


def in_long_gap(value: Floats) -> Flags:
    """bool[time]: missing in float64[time], in a run of more than LONGEST_BRIDGED_GAP missing samples."""
    missing = np.isnan(value)
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        missing[start:stop] = stop - start > LONGEST_BRIDGED_GAP
    return missing


def sorted_windows(value: Floats, length: int) -> Singles:
    """Sorted samples of every STEP-th window of float64[time] without NaN.

    float32[window, DISTRIBUTION_QUANTILES].
    """
    cut = np.lib.stride_tricks.sliding_window_view(value, length)[::STEP].astype(np.float32)
    return np.sort(cut, axis=1)[:, np.linspace(0, length - 1, DISTRIBUTION_QUANTILES).astype(int)]


def neighbour_distance(rows: Singles, usable: Flags, *, length: int, neighbour: int, samples: int) -> Floats:
    """Root mean square distance of windows to their n-th nearest neighbour that does not overlap.

    d^2 = |x|^2 + |y|^2 - 2 x y (matrix profile: Yeh et al., ICDM 2016). Time and memory traffic grow with the
    square of the recording's length: 11,000 samples take a fifth of a second.

    Args:
        rows: float32[window, value]; evenly spaced over the recording.
        usable: bool[window]; others have distance 0 and are nobody's neighbour.
        length: Samples of a window.
        neighbour: Which neighbour, from 1.
        samples: Of the recording.

    Returns:
        float64[grid].
    """
    spacing = -(-(samples - length + 1) // rows.shape[0])
    near = max(length, EXCLUDED_SAMPLES) // spacing
    queries = np.arange(0, rows.shape[0], STEP // spacing)
    squares = (rows**2).sum(axis=1)
    candidates = np.where(usable, squares, np.inf).astype(np.float32)
    distance = np.zeros(queries.size)
    for begin in range(0, queries.size, 256):
        chunk = queries[begin : begin + 256]
        squared = candidates - 2 * (rows[chunk] @ rows.T)
        for row, query in enumerate(chunk):
            squared[row, max(query - near + 1, 0) : query + near] = np.inf
        nearest = np.partition(squared, neighbour - 1, axis=1)[:, neighbour - 1] + squares[chunk]
        distance[begin : begin + 256] = np.sqrt(np.maximum(nearest, 0) / rows.shape[1])
    distance[~(usable[queries] & np.isfinite(distance))] = 0.0
    return on_grid(distance, length, samples, STEP)


def on_grid(measured: Floats, length: int, samples: int, spacing: int = 1) -> Floats:
    """Move values of float64[window] to the windows' middle and read them at float64[grid]; NaN becomes 0."""
    middles = np.arange(measured.size) * spacing + length / 2
    return np.interp(np.arange(0, samples, STEP), middles, np.nan_to_num(measured))


def log_ratio(measure: Floats, usual_quantile: float = MEASURE_QUANTILE) -> Floats:
    """Logarithm of float64[grid] to its usual peak, within LARGEST_LOG_RATIO of 0."""
    usual = max(usual_peak(measure, MEASURE_BLOCK_SAMPLES // STEP, usual_quantile), FLOOR)
    return np.clip(np.log(measure / usual + 1e-9), -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)


def usual_peak(series: Floats, block: int, quantile: float = USUAL_QUANTILE) -> float:
    """Quantile of the maxima of whole blocks of float64[grid]; an incomplete last one is left out."""
    blocks = series[: series.size // block * block].reshape(-1, block)
    return float(np.quantile(blocks.max(axis=1), quantile))
