"""OPSSAT-AD: which of 1,594 telemetry segments are anomalous, learned from those that somebody labelled.

The data: `opssat_ad/dataset_train.csv` (Ruszczak et al., Scientific Data 2025, MIT licence).

Five folds. Detectors are fitted on the nominal segments of four and score the fifth; trees then learn from
the labels of the same four what anomalous segments look like, by features and detectors' scores. Their limit
is the one with the best F1 on those four, each segment scored by trees that never saw it. What detectors
reach without the label of any anomalous segment, at fixed quantiles, stands beside it as `unlabelled`.

All arrays are [segment], of all or some segments: float64 scores, bool flags, int64 places.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_curve

from benchmarks.detection.evaluation.report import DataMissingError, Options, Report, config_hash, progress
from benchmarks.detection.recorded import opssat_detectors
from benchmarks.detection.recorded.opssat_detectors import (
    DETECTORS,
    FILE,
    Flags,
    Floats,
    Integers,
    Segments,
    read_segments,
    standardised,
    taught_by_labels,
)
from benchmarks.detection.recorded.opssat_figures import controls, detected_segments, figures_of, report_lines

NO_PIPELINE = (
    "opssat has no pipeline mode: its file holds features of whole segments, not the telemetry that the "
    "pipeline reads; use --mode offline"
)
FOLDS = 5
CLIP = (-4.0, 6.0)
"""Of one detector's standardised score, so that none decides alone."""


QUANTILES = (0.94, 0.95, 0.96, 0.97, 0.98)
"""Of held-out nominal scores, where no label places the limit."""
USUAL_QUANTILE = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldScores:
    """Scores of one fold, by detector, and of the segments it was learned from."""

    test: Integers
    """Indices of the scored segments."""
    train: Integers
    scores: dict[str, Floats]
    """float64[test segment]: standardised by detector, a probability under `LABELLED`."""
    held_out: dict[str, Floats]
    """float64[train segment], each from what was fitted without it."""


LABELLED = "labelled"


def shuffled_folds(count: int, seed: int, folds: int = FOLDS) -> list[Integers]:
    """Split 0..count-1 at random into `folds` parts."""
    order = np.random.default_rng(seed).permutation(count)
    return [order[start::folds] for start in range(folds)]


def score_fold(segments: Segments, test: Integers, seed: int) -> FoldScores:
    """Score the segments of one fold, and every other segment by what never saw it."""
    train = np.setdiff1d(np.arange(len(segments.number)), test)
    parts = shuffled_folds(len(train), seed + 1_000)
    scores, held_out = {}, {}
    for name in DETECTORS:
        final = _fitted_scores(segments, name, _nominal(segments, train), seed)[test]
        aside = np.empty(len(train))
        for part in parts:
            nominal = _nominal(segments, np.delete(train, part))
            aside[part] = _fitted_scores(segments, name, nominal, seed)[train[part]]
        scores[name], held_out[name] = _on_nominal_scale(final, aside, ~segments.is_anomalous[train])
    rows = _with_channel(segments, standardised(segments, _nominal(segments, train)))
    known = np.column_stack([rows[train], *held_out.values()])
    labels = segments.is_anomalous[train]
    scores[LABELLED] = taught_by_labels(known, labels, seed)(np.column_stack([rows[test], *scores.values()]))
    held_out[LABELLED] = _cross_fitted(known, labels, parts, seed)
    return FoldScores(test=test, train=train, scores=scores, held_out=held_out)


def _cross_fitted(rows: Floats, is_anomalous: Flags, parts: list[Integers], seed: int) -> Floats:
    """float64[row], each from trees that were taught by the other parts."""
    scores = np.empty(len(rows))
    for part in parts:
        taught = taught_by_labels(np.delete(rows, part, axis=0), np.delete(is_anomalous, part), seed)
        scores[part] = taught(rows[part])
    return scores


def _nominal(segments: Segments, indices: Integers) -> Integers:
    return indices[~segments.is_anomalous[indices]]


def _fitted_scores(segments: Segments, name: str, nominal: Integers, seed: int) -> Floats:
    """Scores of all segments by a detector fitted on `nominal`; the trees also see which channel it is."""
    rows = standardised(segments, nominal)
    if name == "swapped":
        rows = _with_channel(segments, rows)
    return DETECTORS[name](rows[nominal], seed)(rows)


def _with_channel(segments: Segments, rows: Floats) -> Floats:
    """Rows of features with one more column per channel: 1 where a segment is of it, else 0."""
    return np.concatenate([rows, np.eye(len(segments.channels))[segments.channel]], axis=1)


def _on_nominal_scale(final: Floats, aside: Floats, is_nominal: Flags) -> tuple[Floats, Floats]:
    """Median of held-out nominal scores to 0, their 90 % quantile to 1, then clip."""
    median, high = np.quantile(aside[is_nominal], [0.5, 0.9])
    scale = max(high - median, 1e-12)
    return np.clip((final - median) / scale, *CLIP), np.clip((aside - median) / scale, *CLIP)


def judge_by_labels(folds: list[FoldScores], is_anomalous: Flags) -> Floats:
    """float64[segment]: score over the limit that the labels of the other folds place; flagged from 1 on."""
    limits = [best_limit(fold.held_out[LABELLED], is_anomalous[fold.train]) for fold in folds]
    return _over_limits([fold.scores[LABELLED] for fold in folds], folds, limits)


def best_limit(score: Floats, is_anomalous: Flags) -> float:
    """Midway between the score from which on F1 is best, at a tie the highest, and the next lower one."""
    precision, recall, limits = precision_recall_curve(is_anomalous, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = len(limits) - 1 - int(np.argmax(f1[-2::-1]))
    return float(limits[[best, max(best - 1, 0)]].mean())


def judge_by_nominal(
    folds: list[FoldScores], is_anomalous: Flags, detectors: tuple[str, ...], quantile: float
) -> Floats:
    """float64[segment]: mean of detectors over a quantile of held-out nominal scores; flagged from 1 on."""
    scores = [_mean_of(fold.scores, detectors) for fold in folds]
    limits = [nominal_limit(fold, is_anomalous, detectors, quantile) for fold in folds]
    return _over_limits(scores, folds, limits)


def nominal_limit(
    fold: FoldScores, is_anomalous: Flags, detectors: tuple[str, ...], quantile: float
) -> float:
    """The quantile of held-out nominal scores."""
    held_out = _mean_of(fold.held_out, detectors)[~is_anomalous[fold.train]]
    return float(np.quantile(held_out, quantile))


def _mean_of(scores: Mapping[str, Floats], detectors: tuple[str, ...]) -> Floats:
    mean: Floats = np.mean([scores[name] for name in detectors], axis=0)
    return mean


def _over_limits(scores: list[Floats], folds: list[FoldScores], limits: list[float]) -> Floats:
    """float64[segment]: score over the limit of its fold."""
    ratio = np.empty(sum(len(fold.test) for fold in folds))
    for of_fold, fold, limit in zip(scores, folds, limits, strict=True):
        ratio[fold.test] = of_fold / max(limit, 1e-12)
    return ratio


def run(options: Options) -> Report:
    """Judge every segment in `seeds` shuffles; raises `DataMissingError` where there are none."""
    if not (options.data / FILE).is_file():
        raise DataMissingError(f"{options.data / FILE} is not there")
    segments = read_segments(options.data)
    is_anomalous = segments.is_anomalous
    shuffles = [_scored_folds(segments, seed) for seed in range(options.seeds)]
    labelled = [judge_by_labels(folds, is_anomalous) for folds in shuffles]
    mean, spread = _mean_and_spread([figures_of(score, is_anomalous) for score in labelled])
    details = {
        "spread": spread,
        "unlabelled": _unlabelled(shuffles, is_anomalous),
        "controls": controls(is_anomalous),
    }
    return Report(
        totals={**mean, "config_hash": config_hash(configuration())},
        detected=detected_segments(segments, labelled[0] >= 1),
        lines=report_lines(mean, details),
        details=details,
    )


def refuse_pipeline(_options: Options) -> Report:
    """End with the reason: there is no telemetry to replay."""
    raise SystemExit(NO_PIPELINE)


def _scored_folds(segments: Segments, seed: int) -> list[FoldScores]:
    folds = []
    for number, test in enumerate(shuffled_folds(len(segments.number), seed)):
        progress(f"shuffle {seed + 1}, fold {number + 1} of {FOLDS}")
        folds.append(score_fold(segments, test, seed))
    return folds


def _unlabelled(shuffles: list[list[FoldScores]], is_anomalous: Flags) -> list[dict[str, Any]]:
    """All detectors at every quantile, and their other combinations at the usual one."""
    every = tuple(DETECTORS)
    fewer = [names for count in range(1, len(every)) for names in combinations(every, count)]
    ways = [(every, quantile) for quantile in QUANTILES] + [(names, USUAL_QUANTILE) for names in fewer]
    return [
        {"detectors": list(names), "quantile": quantile}
        | _mean_and_spread(
            [
                figures_of(judge_by_nominal(folds, is_anomalous, names, quantile), is_anomalous)
                for folds in shuffles
            ]
        )[0]
        for names, quantile in ways
    ]


def _mean_and_spread(rows: list[dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and standard deviation over shuffles, 4 decimals."""
    table = np.array([list(row.values()) for row in rows])
    mean, deviation = table.mean(axis=0).round(4).tolist(), table.std(axis=0).round(4).tolist()
    return dict(zip(rows[0], mean, strict=True)), dict(zip(rows[0], deviation, strict=True))


def configuration() -> dict[str, Any]:
    """All that decides a verdict."""
    return {
        "quantiles": QUANTILES,
        "folds": FOLDS,
        "clip": CLIP,
        "detectors": hashlib.sha256(Path(str(opssat_detectors.__file__)).read_bytes()).hexdigest(),
    }
