"""Anomaly score of a window from families of evidence.

Each family measures the window and sets every measure against the channel's usual, which the calibration
beside the model knows; a channel that it does not know is judged against itself. Arrays are
[job, channel, ...] in the order of the channels; NaN = missing sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from scoring.calibration import (
    CALIBRATED_LENGTHS,
    UNTOLD_INTERVAL_S,
    Calibration,
    ChannelCalibration,
    SubsystemCalibration,
    band_index,
)
from scoring.change_score import score_changes
from scoring.measures.channel_settings import is_counted, smoothed, without_shape
from scoring.measures.model_units import Numbers
from scoring.measures.windows import (
    FAMILIES,
    MEASURES,
    WINDOW_FAMILIES,
    Indices,
    Windows,
    highest_possible,
    known_shares,
    measure_windows,
)
from scoring.scores import CHANNEL_NORM, MIN_SAMPLES, Floats, Scores, shares_of, to_score
from scoring.series.judgement import FAMILY_OF_TEST, TESTS, series_evidence
from telemetry_core.contract.channels import Detection

Place = tuple[int, int]
"""Band and length whose constants judge."""
LARGEST_EVIDENCE = 8.0
"""Of one family: no single one decides without bound."""
SERIES_STEEPNESS = 4.0
"""The median nominal series has half the evidence of the threshold and scores about .13."""
_LARGEST_SCORE = 0.9999
SERIES_CHANNEL_EXPONENT = 0.08
"""The evidence at the threshold grows so with the number of channels, each of which may be the rare one."""
_FAMILY_OF_MEASURE = np.array([WINDOW_FAMILIES.index(family) for family, _ in MEASURES])
_FAMILY_OF_SERIES_TEST = np.array([FAMILIES.index(FAMILY_OF_TEST[test]) for test in TESTS])


def score_windows(  # noqa: PLR0913 - three arrays that belong together and three keys
    windows: Numbers,
    step_mean: Numbers,
    step_std: Numbers,
    *,
    subsystem: str,
    channels: Sequence[str],
    calibration: Calibration,
    detection: Mapping[str, Detection] = MappingProxyType({}),
    steps: Indices | None = None,
    interval_s: Floats | None = None,
) -> Scores:
    """Score the windows of many jobs of one subsystem.

    Args:
        windows: float[job, channel, time] in time order, NaN = missing, each in its channel's unit.
        step_mean: As windows: each step predicted from those before it; finite.
        step_std: As windows: standard deviation of that prediction; finite.
        subsystem: Whose constants apply.
        channels: Names of the channels, in order.
        calibration: The constants.
        detection: What counts, by channel; of a channel that is not listed everything does.
        steps: int64[job, channel], how many of the newest steps are each channel's window, missing ones
            included; a channel of fewer than MIN_SAMPLES is no evidence. None: all have the job's steps.
        interval_s: float64[job, channel], seconds between a channel's steps, 0 = unknown; picks the band of
            constants. None: all are sampled every UNTOLD_INTERVAL_S.

    Returns:
        The scores; a job with fewer than MIN_SAMPLES samples since its first one has none.
    """
    settings = [detection.get(channel, Detection()) for channel in channels]
    raw = Windows.build(windows, step_mean, step_std, steps)
    recorded = calibration.changes.of_subsystem(subsystem, channels)
    if recorded is not None:
        counted = is_counted(raw, settings, usual_mean=_unknown_means(len(channels)))
        return score_changes(windows, recorded, calibration.changes.thresholds[len(channels)], counted)
    series = smoothed(raw, settings)
    constants = [calibration.channels.get(f"{subsystem}.{channel}") for channel in channels]
    known = np.array([index for index, found in enumerate(constants) if found], np.intp)
    unknown = np.setdiff1d(np.arange(len(channels)), known)
    parts = []
    if known.size:
        fitted = [_for_setting(one, setting) for one, setting in zip(constants, settings, strict=True) if one]
        limits = calibration.subsystems[subsystem]
        told_s = np.full(windows.shape[:2], UNTOLD_INTERVAL_S) if interval_s is None else interval_s
        places = (
            band_index(told_s[:, known], calibration.bands_s),
            judged_length_index(windows, steps)[:, known],
        )
        chosen = [settings[index] for index in known]
        parts.append((known, score_known(series.of_channels(known), chosen, fitted, limits, *places)))
    if unknown.size:
        counted = is_counted(raw, settings, usual_mean=_unknown_means(len(channels)))
        is_counter = np.array([setting.modulo is not None for setting in settings])
        scores = score_unknown(series.value[:, unknown], counted[:, unknown], is_counter[unknown])
        parts.append((unknown, scores))
    return joined(parts, windows.shape[:2])


def score_known(  # noqa: PLR0913, PLR0917 - constants, and which of them judge
    series: Windows,
    settings: Sequence[Detection],
    constants: Sequence[ChannelCalibration],
    limits: SubsystemCalibration,
    band: Indices,
    length_index: Indices,
) -> Scores:
    """Score channels by their constants.

    Each channel is judged by the constants of its own band and length, the subsystem by those of its longest
    channel, of several the slowest. `band` and `length_index` are int64[job, channel]; a length of -1 = no
    evidence.
    """
    jobs, channel_count, _ = series.value.shape
    evidence = np.zeros((jobs, channel_count, len(WINDOW_FAMILIES)))
    for place in _places(band, length_index):
        is_mine = (band == place[0]) & (length_index == place[1])
        chosen = np.flatnonzero(is_mine.any(axis=1))
        newest = series.newest(chosen, CALIBRATED_LENGTHS[place[1]])
        found = family_evidence(newest, constants, place)
        found *= is_counted(newest, settings, usual_mean=_usual_mean(constants, place))[..., None]
        evidence[chosen] = np.where(is_mine[chosen, :, None], found, evidence[chosen])
    longest = length_index.max(axis=1)
    slowest = np.where(length_index == longest[:, None], band, 0).max(axis=1)
    threshold, steepness = limits.threshold[slowest, longest], limits.steepness[slowest, longest]
    score = to_score(subsystem_evidence(evidence), threshold, steepness)
    contributions = np.zeros((jobs, channel_count, len(FAMILIES)))
    contributions[..., : len(WINDOW_FAMILIES)] = evidence_shares(evidence, length_index >= 0)
    return Scores(score=np.where(longest >= 0, score, np.nan), contributions=contributions)


def _places(band: Indices, length_index: Indices) -> list[Place]:
    """Return the different pairs of band and length among channels that have a length."""
    pairs = np.stack([band, length_index], axis=-1)[length_index >= 0]
    return [(int(one), int(other)) for one, other in np.unique(pairs, axis=0)]


def score_unknown(value: Floats, counted: npt.NDArray[np.bool_], is_counter: npt.NDArray[np.bool_]) -> Scores:
    """Score each channel of float64[job, channel, time] against itself; the oddest channel decides.

    What the mission does not count, `counted` bool[job, channel], is no evidence. A counter, `is_counter`
    bool[channel], comes without its wraps: what looks like one is a jump.
    """
    jobs, channel_count, steps = value.shape
    evidence = series_evidence(value.reshape(-1, steps), np.tile(is_counter, jobs))
    by_test = evidence.reshape(jobs, channel_count, -1)
    by_test *= counted[..., None]
    is_judged = (np.isfinite(value).sum(axis=2) >= MIN_SAMPLES).any(axis=1)
    threshold = channel_count**SERIES_CHANNEL_EXPONENT
    score = to_score(by_test.max(axis=(1, 2)), threshold, SERIES_STEEPNESS)
    weight = by_test**CHANNEL_NORM
    contributions = np.stack(
        [weight[..., family == _FAMILY_OF_SERIES_TEST].sum(axis=2) for family in range(len(FAMILIES))], axis=2
    )
    return Scores(score=np.where(is_judged, score, np.nan), contributions=shares_of(contributions))


def joined(parts: Sequence[tuple[npt.NDArray[np.intp], Scores]], shape: tuple[int, ...]) -> Scores:
    """Join scores of some of the channels, intp[n] each, to one verdict per job of `shape` (jobs, channels).

    The largest score counts; reasons are weighted by each part's odds. float64[job], float64[job, channel,
    family].
    """
    score = np.full(shape[0], np.nan)
    contributions = np.zeros((*shape, len(FAMILIES)))
    for channels, part in parts:
        score = np.fmax(score, part.score)
        odds = np.nan_to_num(part.score / (1 - np.minimum(part.score, _LARGEST_SCORE)))
        contributions[:, channels] = part.contributions * odds[:, None, None]
    return Scores(score=score, contributions=shares_of(contributions))


def _unknown_means(channel_count: int) -> Floats:
    return np.broadcast_to(np.array([[-np.inf], [np.inf]]), (2, channel_count))


def _for_setting(channel: ChannelCalibration, setting: Detection) -> ChannelCalibration:
    if setting.smoothing == 1:
        return channel
    low, high = without_shape(channel.low, channel.high)
    return replace(channel, low=low, high=high)


def _usual_mean(channels: Sequence[ChannelCalibration], place: Place) -> Floats:
    """Lowest and highest usual mean of a window, float64[2, channel]."""
    mean = MEASURES.index(("statistics", "mean"))
    return np.array([(channel.low[place][mean], channel.high[place][mean]) for channel in channels]).T


def judged_length_index(windows: Numbers, steps: Indices | None = None) -> Indices:
    """Index into CALIBRATED_LENGTHS of what each channel's window fills, -1 if none; int64[job, channel].

    `windows` is float[job, channel, time]; `steps`, int64[job, channel], gives the lengths if known.
    """
    if steps is not None:
        return np.searchsorted(CALIBRATED_LENGTHS, steps, side="right") - 1
    has_sample = np.any(np.isfinite(windows), axis=1)
    filled = np.where(has_sample.any(axis=1), windows.shape[2] - has_sample.argmax(axis=1), 0)
    index = np.searchsorted(CALIBRATED_LENGTHS, filled, side="right") - 1
    of_job = np.where(has_sample.sum(axis=1) < MIN_SAMPLES, -1, index)
    return np.broadcast_to(of_job[:, None], windows.shape[:2])


def family_evidence(windows: Windows, channels: Sequence[ChannelCalibration], place: Place) -> Floats:
    """Evidence of each family in [0, LARGEST_EVIDENCE], 1 = rare; float64[job, channel, family]."""
    scale = np.stack([channel.family_scale[place] for channel in channels])
    return np.asarray(np.minimum(raw_evidence(windows, channels, place) / scale, LARGEST_EVIDENCE))


def raw_evidence(windows: Windows, channels: Sequence[ChannelCalibration], place: Place) -> Floats:
    """Largest deviation of each family's measures from constants; float64[job, channel, family]."""
    noise = np.array([channel.noise[place[0]] for channel in channels])
    measured = measure_windows(
        windows, noise=noise, reference=[channel.reference[place[0]] for channel in channels]
    )
    low, usual, high = (
        np.stack([getattr(channel, name)[place] for channel in channels]) for name in ("low", "usual", "high")
    )
    return family_deviations(measured, windows, noise, (low, usual, high))


def family_deviations(
    measured: Floats, windows: Windows, noise: Floats, limits: tuple[Floats, Floats, Floats]
) -> Floats:
    """Largest deviation of each family's measures from the usual; float64[job, channel, family].

    What lost samples may have held is not missed: below the usual lies what could not have reached it.

    Args:
        measured: Of the windows, float64[job, channel, measure].
        windows: Values and predictions.
        noise: float64[channel].
        limits: Low, usual and high, float64[channel, measure] each.
    """
    low, usual, high = limits
    above = measured - usual
    below = np.minimum(highest_possible(measured, windows, noise) - usual, 0)
    deviation = np.nan_to_num(np.where(above > 0, above / (high - usual), below / (low - usual)))
    deviation *= known_shares(windows)
    families = [
        deviation[..., family == _FAMILY_OF_MEASURE].max(axis=2) for family in range(len(WINDOW_FAMILIES))
    ]
    return np.stack(families, axis=2)


def subsystem_evidence(evidence: Floats) -> Floats:
    """Fuse evidence: mean over families, then the norm over channels (ADR 0031).

    From float64[job, channel, family] to float64[job].
    """
    fused = evidence.mean(axis=2)
    return np.asarray((fused**CHANNEL_NORM).sum(axis=1) ** (1 / CHANNEL_NORM))


def evidence_shares(evidence: Floats, is_judged: npt.NDArray[np.bool_]) -> Floats:
    """Share of each channel and family in a job's evidence, float64[job, channel, family].

    Without any evidence the channels that were judged, bool[job, channel], share alike.
    """
    fused = evidence.mean(axis=2, keepdims=True)
    parts = evidence * fused ** (CHANNEL_NORM - 1)
    total = parts.sum(axis=(1, 2), keepdims=True)
    judged_parts = np.maximum(is_judged.sum(axis=1), 1)[:, None, None] * parts.shape[2]
    uniform = np.where(is_judged[..., None], 1 / judged_parts, np.zeros_like(parts))
    return np.asarray(np.divide(parts, total, out=uniform, where=total > 0))
