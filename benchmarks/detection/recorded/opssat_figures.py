"""Figures of the suite of segments, and how they are shown.

All arrays are [segment], of all or some segments: float64 scores, bool flags.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.detection.evaluation.event_metrics import FIGURES, EventCounts
from benchmarks.detection.evaluation.report import table
from benchmarks.detection.recorded.opssat_detectors import Flags, Floats, Segments


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


def figures_of(score: Floats, is_anomalous: Flags) -> dict[str, float]:
    """Figures of one shuffle, whose limit is 1, with the area under its precision-recall curve."""
    area = float(average_precision_score(is_anomalous, score))
    return figures(score >= 1, is_anomalous) | {"auc_pr": area}


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


def detected_segments(segments: Segments, is_flagged: Flags) -> dict[str, list[tuple[int, int]]]:
    """Flagged segments by channel, each an interval from its number to its number."""
    return {
        name: [(int(n), int(n)) for n in segments.number[is_flagged & (segments.channel == index)]]
        for index, name in enumerate(segments.channels)
    }


def report_lines(mean: Mapping[str, float], details: Mapping[str, Any]) -> list[str]:
    """The labelled figure first, then what no label had a part in, then the controls."""
    unlabelled = {
        f"no label: {' + '.join(row['detectors'])}, {row['quantile']:.0%}": row
        for row in details["unlabelled"]
    }
    rows = {
        "labelled": mean,
        "  standard deviation": details["spread"],
        **unlabelled,
        **{f"control: {name}": row for name, row in details["controls"].items()},
    }
    figures_shown = ("f1", "auc_pr", "corrected_f0_5", "nominal_flagged")
    return table(
        ["", *figures_shown],
        [[name, *(f"{row[key]:.4f}" for key in figures_shown)] for name, row in rows.items()],
    )
