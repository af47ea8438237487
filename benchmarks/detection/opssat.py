"""OPSSAT-AD: which of 1,594 telemetry segments are anomalous, learned from nominal segments alone.

The data: `opssat_ad/dataset_train.csv` (Ruszczak et al., Scientific Data 2025, MIT licence).

Every detector is fitted on the nominal segments of four folds and scores the fifth. Limits come from nominal
segments too, each scored by a detector that never saw it. Labels decide one thing more: which of SETTINGS is
taken, on the four folds only. What is reached without even that is reported beside it, as `unchosen`.

All arrays are [segment]: float64 scores, bool flags, int64 places of segments.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.detection import opssat_detectors
from benchmarks.detection.event_metrics import FIGURES, EventCounts
from benchmarks.detection.opssat_detectors import (
    DETECTORS,
    FILE,
    Flags,
    Floats,
    Integers,
    Segments,
    read_segments,
    standardised,
)
from benchmarks.detection.report import DataMissingError, Options, Report, config_hash, progress, table

NO_PIPELINE = (
    "opssat has no pipeline mode: its file holds features of whole segments, not the telemetry that the "
    "pipeline reads; use --mode offline"
)
FOLDS = 5
CLIP = (-4.0, 6.0)
"""Of one detector's standardised score, so that none decides alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is chosen without the labels of the scored fold."""

    detectors: tuple[str, ...]
    quantile: float
    """Of held-out nominal scores; above it a segment is flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldScores:
    """Standardised scores of one fold, by detector."""

    test: Integers
    """Indices of the scored segments."""
    train: Integers
    scores: dict[str, Floats]
    """float64[test segment]."""
    held_out: dict[str, Floats]
    """float64[train segment], each from detectors fitted without it; anomalous ones are only scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Result of one shuffle."""

    score: Floats
    """float64[segment], 1 = the limit's distance from the nominal median."""
    is_flagged: Flags
    settings: tuple[Setting, ...]
    """One per fold."""


QUANTILES = (0.94, 0.95, 0.96, 0.97, 0.98)
SETTINGS = tuple(
    Setting(detectors=names, quantile=quantile)
    for count in range(1, len(DETECTORS) + 1)
    for names in combinations(DETECTORS, count)
    for quantile in QUANTILES
)


def shuffled_folds(count: int, seed: int, folds: int = FOLDS) -> list[Integers]:
    """Split 0..count-1 at random into `folds` parts."""
    order = np.random.default_rng(seed).permutation(count)
    return [order[start::folds] for start in range(folds)]


def score_fold(segments: Segments, test: Integers, seed: int) -> FoldScores:
    """Score the segments of one fold, and every other segment by detectors that never saw it."""
    train = np.setdiff1d(np.arange(len(segments.number)), test)
    scores, held_out = {}, {}
    for name in DETECTORS:
        final = _fitted_scores(segments, name, _nominal(segments, train), seed)[test]
        aside = np.empty(len(train))
        for part in shuffled_folds(len(train), seed + 1_000):
            nominal = _nominal(segments, np.delete(train, part))
            aside[part] = _fitted_scores(segments, name, nominal, seed)[train[part]]
        scores[name], held_out[name] = _on_nominal_scale(final, aside, ~segments.is_anomalous[train])
    return FoldScores(test=test, train=train, scores=scores, held_out=held_out)


def _nominal(segments: Segments, indices: Integers) -> Integers:
    return indices[~segments.is_anomalous[indices]]


def _fitted_scores(segments: Segments, name: str, nominal: Integers, seed: int) -> Floats:
    """Scores of all segments by a detector fitted on `nominal`; the trees also see which channel it is."""
    rows = standardised(segments, nominal)
    if name == "swapped":
        rows = np.concatenate([rows, np.eye(len(segments.channels))[segments.channel]], axis=1)
    return DETECTORS[name](rows[nominal], seed)(rows)


def _on_nominal_scale(final: Floats, aside: Floats, is_nominal: Flags) -> tuple[Floats, Floats]:
    """Median of held-out nominal scores to 0, their 90 % quantile to 1, then clip."""
    median, high = np.quantile(aside[is_nominal], [0.5, 0.9])
    scale = max(high - median, 1e-12)
    return np.clip((final - median) / scale, *CLIP), np.clip((aside - median) / scale, *CLIP)


def fused(scores: dict[str, Floats], setting: Setting) -> Floats:
    """Mean of the setting's detectors."""
    mean: Floats = np.mean([scores[name] for name in setting.detectors], axis=0)
    return mean


def limit_of(fold: FoldScores, setting: Setting, is_anomalous: Flags) -> float:
    """The setting's quantile of held-out nominal scores."""
    return float(np.quantile(fused(fold.held_out, setting)[~is_anomalous[fold.train]], setting.quantile))


def chosen_setting(fold: FoldScores, is_anomalous: Flags) -> Setting:
    """The setting with the best F1 on the other folds' segments."""

    def f1_of(setting: Setting) -> float:
        is_flagged = fused(fold.held_out, setting) > limit_of(fold, setting, is_anomalous)
        return figures(is_flagged, is_anomalous[fold.train])["f1"]

    return max(SETTINGS, key=f1_of)


def judge(folds: list[FoldScores], is_anomalous: Flags, setting: Setting | None = None) -> Outcome:
    """Flag every segment by `setting`, or by the one that its fold chooses."""
    score, settings = np.empty(len(is_anomalous)), []
    for fold in folds:
        own = setting or chosen_setting(fold, is_anomalous)
        score[fold.test] = fused(fold.scores, own) / max(limit_of(fold, own, is_anomalous), 1e-12)
        settings.append(own)
    return Outcome(score=score, is_flagged=score > 1, settings=tuple(settings))


def figures(is_flagged: Flags, is_anomalous: Flags) -> dict[str, float]:
    """Counts of segments and F scores; a nominal segment that is flagged is an event and a sample."""
    false = int((is_flagged & ~is_anomalous).sum())
    counts = EventCounts(
        tp=int((is_flagged & is_anomalous).sum()),
        fp=false,
        fn=int((~is_flagged & is_anomalous).sum()),
        falsely_flagged=false,
        nominal=int((~is_anomalous).sum()),
    )
    return {name: getattr(counts, name) for name in FIGURES}


def figures_of(outcome: Outcome, is_anomalous: Flags) -> dict[str, float]:
    """Figures of one shuffle with the area under its precision-recall curve."""
    area = float(average_precision_score(is_anomalous, outcome.score))
    return figures(outcome.is_flagged, is_anomalous) | {"auc_pr": area}


def controls(is_anomalous: Flags, seed: int = 0) -> dict[str, dict[str, float]]:
    """What flagging without looking reaches."""
    count = len(is_anomalous)
    guess = np.random.default_rng(seed).random(count)
    rules = {
        "everything": np.ones(count),
        "second half": (np.arange(count) >= count / 2).astype(np.float64),
        "random": (guess < is_anomalous.mean()).astype(np.float64),
    }
    return {
        name: figures(score > 0, is_anomalous)
        | {"auc_pr": float(average_precision_score(is_anomalous, score))}
        for name, score in rules.items()
    }


def run(options: Options) -> Report:
    """Judge every segment in `seeds` shuffles; raises `DataMissingError` where there are none."""
    if not (options.data / FILE).is_file():
        raise DataMissingError(f"{options.data / FILE} is not there")
    segments = read_segments(options.data)
    shuffles = [list(_scored_folds(segments, seed)) for seed in range(options.seeds)]
    nested = [judge(folds, segments.is_anomalous) for folds in shuffles]
    single = {setting: _mean_figures(segments, shuffles, setting) for setting in SETTINGS}
    best = max(single, key=lambda setting: single[setting]["f1"])
    mean, spread = _mean_and_spread([figures_of(outcome, segments.is_anomalous) for outcome in nested])
    details = {
        "spread": spread,
        "best_in_hindsight": _named(best) | single[best],
        "unchosen": _unchosen(single),
        "ablation": _ablation(single),
        "controls": controls(segments.is_anomalous),
        "chosen": [[_named(setting) for setting in outcome.settings] for outcome in nested],
    }
    return Report(
        totals={**mean, "config_hash": config_hash(configuration())},
        detected=detected_segments(segments, nested[0].is_flagged),
        lines=report_lines(mean, details),
        details=details,
    )


def refuse_pipeline(_options: Options) -> Report:
    """End with the reason: there is no telemetry to replay."""
    raise SystemExit(NO_PIPELINE)


def _scored_folds(segments: Segments, seed: int) -> Iterator[FoldScores]:
    for number, test in enumerate(shuffled_folds(len(segments.number), seed)):
        progress(f"shuffle {seed + 1}, fold {number + 1} of {FOLDS}")
        yield score_fold(segments, test, seed)


def _mean_figures(segments: Segments, shuffles: list[list[FoldScores]], setting: Setting) -> dict[str, float]:
    outcomes = [judge(folds, segments.is_anomalous, setting) for folds in shuffles]
    return _mean_and_spread([figures_of(outcome, segments.is_anomalous) for outcome in outcomes])[0]


def _mean_and_spread(rows: list[dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and standard deviation over shuffles, 4 decimals."""
    table = np.array([list(row.values()) for row in rows])
    mean, deviation = table.mean(axis=0).round(4).tolist(), table.std(axis=0).round(4).tolist()
    return dict(zip(rows[0], mean, strict=True)), dict(zip(rows[0], deviation, strict=True))


def _ablation(single: dict[Setting, dict[str, float]]) -> list[dict[str, Any]]:
    """Every combination of detectors, each at the quantile of QUANTILES that suits it best in hindsight."""
    groups: dict[tuple[str, ...], list[Setting]] = {}
    for setting in single:
        groups.setdefault(setting.detectors, []).append(setting)
    best = [max(group, key=lambda setting: single[setting]["f1"]) for group in groups.values()]
    return [_named(setting) | single[setting] for setting in best]


def _unchosen(single: dict[Setting, dict[str, float]]) -> list[dict[str, Any]]:
    """All detectors at every quantile: no label takes part in these, unless one picks among them."""
    every = tuple(DETECTORS)
    return [_named(setting) | single[setting] for setting in single if setting.detectors == every]


def _named(setting: Setting) -> dict[str, Any]:
    return {"detectors": list(setting.detectors), "quantile": setting.quantile}


def configuration() -> dict[str, Any]:
    """All that decides a verdict."""
    return {
        "settings": [_named(setting) for setting in SETTINGS],
        "folds": FOLDS,
        "clip": CLIP,
        "detectors": hashlib.sha256(Path(str(opssat_detectors.__file__)).read_bytes()).hexdigest(),
    }


def detected_segments(segments: Segments, is_flagged: Flags) -> dict[str, list[tuple[int, int]]]:
    """Flagged segments by channel, each an interval from its number to its number."""
    return {
        name: [(int(n), int(n)) for n in segments.number[is_flagged & (segments.channel == index)]]
        for index, name in enumerate(segments.channels)
    }


def report_lines(mean: Mapping[str, float], details: Mapping[str, Any]) -> list[str]:
    """Nested figure first, then what no label chose, the best in hindsight, the parts and the controls."""
    unchosen = {f"no label: all, {row['quantile']:.0%}": row for row in details["unchosen"]}
    parts = {f"{' + '.join(row['detectors'])}, {row['quantile']:.0%}": row for row in details["ablation"]}
    rows = {
        "nested": mean,
        "  standard deviation": details["spread"],
        **unchosen,
        "best in hindsight": details["best_in_hindsight"],
        **parts,
        **{f"control: {name}": row for name, row in details["controls"].items()},
    }
    figures_shown = ("f1", "auc_pr", "corrected_f0_5", "nominal_flagged")
    return table(
        ["", *figures_shown],
        [[name, *(f"{row[key]:.4f}" for key in figures_shown)] for name, row in rows.items()],
    )
