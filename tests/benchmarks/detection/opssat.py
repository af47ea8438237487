"""OPSSAT-AD: which of 1,594 telemetry segments are anomalous, learned from nominal segments alone.

`python -m tests.benchmarks.detection.opssat --data DIR --seeds N --json FILE`; DIR holds
`opssat_ad/dataset_train.csv` (Ruszczak et al., Scientific Data 2025, MIT licence).

Every detector is fitted on the nominal segments of four folds and scores the fifth. Limits come from nominal
segments too, each scored by a detector that never saw it. Labels decide one thing more: which of SETTINGS is
taken, on the four folds only.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from tests.benchmarks.detection import opssat_detectors
from tests.benchmarks.detection.opssat_detectors import (
    DETECTORS,
    Flags,
    Floats,
    Integers,
    Segments,
    read_segments,
    standardised,
)

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
    return np.mean([scores[name] for name in setting.detectors], axis=0)


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
    """Counts of segments and F scores; the corrected one multiplies precision by the nominal share kept."""
    tp = int((is_flagged & is_anomalous).sum())
    fp, fn = int(is_flagged.sum()) - tp, int(is_anomalous.sum()) - tp
    flagged = fp / max(int((~is_anomalous).sum()), 1)
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "f1": _f_score(precision, recall, 1),
        "f0_5": _f_score(precision, recall, 0.5),
        "corrected_f0_5": _f_score(precision * (1 - flagged), recall, 0.5),
        "nominal_flagged": flagged,
    }


def _f_score(precision: float, recall: float, beta: float) -> float:
    divisor = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / divisor if divisor else 0.0


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


def run(data: Path, *, mode: str, seeds: int) -> dict[str, Any]:
    """Run the suite over `seeds` shuffles; raises `ValueError` for the mode that it cannot have."""
    if mode != "offline":
        raise ValueError(NO_PIPELINE)
    begun = time.perf_counter()
    segments = read_segments(data)
    shuffles = [list(_scored_folds(segments, seed)) for seed in range(seeds)]
    nested = [judge(folds, segments.is_anomalous) for folds in shuffles]
    single = {setting: _mean_figures(segments, shuffles, setting) for setting in SETTINGS}
    best = max(single, key=lambda setting: single[setting]["f1"])
    mean, spread = _mean_and_spread([figures_of(outcome, segments.is_anomalous) for outcome in nested])
    return {
        "totals": {
            "suite": "opssat",
            "mode": mode,
            **mean,
            "vus_pr": None,
            "seconds": round(time.perf_counter() - begun, 1),
            "config_hash": config_hash(),
        },
        "spread": spread,
        "shuffles": seeds,
        "ablation": _ablation(single),
        "best_in_hindsight": _named(best) | single[best],
        "chosen": [[_named(setting) for setting in outcome.settings] for outcome in nested],
        "controls": controls(segments.is_anomalous),
        "detected": detected_segments(segments, nested[0].is_flagged),
    }


def _scored_folds(segments: Segments, seed: int) -> Iterator[FoldScores]:
    for number, test in enumerate(shuffled_folds(len(segments.number), seed)):
        sys.stderr.write(f"shuffle {seed + 1}, fold {number + 1} of {FOLDS}\n")
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


def _named(setting: Setting) -> dict[str, Any]:
    return {"detectors": list(setting.detectors), "quantile": setting.quantile}


def config_hash() -> str:
    """SHA-256 of these two files: all settings stand in them."""
    files = (Path(__file__), Path(str(opssat_detectors.__file__)))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def detected_segments(segments: Segments, is_flagged: Flags) -> dict[str, list[int]]:
    """Numbers of the flagged segments by channel."""
    return {
        name: segments.number[is_flagged & (segments.channel == index)].tolist()
        for index, name in enumerate(segments.channels)
    }


def as_table(result: dict[str, Any]) -> str:
    """Nested figure first, then parts and controls."""
    lines = [f"{'opssat, ' + str(result['shuffles']) + ' shuffles':42} F1     AUC-PR  nominal flagged"]
    lines += [_line("nested", result["totals"]), _line("  standard deviation", result["spread"])]
    lines += [
        _line(f"  {' + '.join(row['detectors'])} at {row['quantile']:.0%}", row) for row in result["ablation"]
    ]
    lines += [_line(f"  control: {name}", row) for name, row in result["controls"].items()]
    return "\n".join(lines)


def _line(name: str, row: dict[str, float]) -> str:
    return f"{name:42} {row['f1']:.4f} {row['auc_pr']:.4f}  {row['nominal_flagged']:.2%}"


def main() -> None:
    """Print the table; write JSON where asked to."""
    parser = argparse.ArgumentParser(prog="opssat", description="Which OPSSAT-AD segments are anomalous.")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder that holds opssat_ad/"
    )
    parser.add_argument("--mode", choices=("offline", "pipeline"), default="offline")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="shuffles (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    try:
        result = run(options.data, mode=options.mode, seeds=options.seeds)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    print(as_table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
