"""The table of suite nasa."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.detection.evaluation.event_metrics import EventCounts
from benchmarks.detection.evaluation.report import table
from benchmarks.detection.evaluation.selection import MOST_ALARMS

HEAD = ("", "TP", "FP", "FN", "F1", "F0.5", "corrected F0.5", "nominal flagged", "alarms/1,000")


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedFigures:
    """Settings chosen on other channels, over several shuffles; beside them the best in hindsight."""

    mean: Mapping[str, float]
    sd: Mapping[str, float]
    hindsight: Mapping[str, Any]
    per_channel: Sequence[EventCounts]
    """Mean over the shuffles."""


def report_lines(
    nested: NestedFigures,
    wider: Mapping[str, NestedFigures],
    shipped: Mapping[str, Any],
    ablation: Mapping[str, NestedFigures],
    controls: Mapping[str, Mapping[str, float]],
    published: Mapping[str, Any],
    cut_samples: int,
) -> list[str]:
    rows = [
        line("nested folds, mean", nested.mean),
        line("nested folds, sd", nested.sd),
        *(line(name, one.mean) for name, one in wider.items()),
        *(line(f"{name}, sd", one.sd) for name, one in wider.items()),
        line("best setting in hindsight", nested.hindsight),
        line("shipped setting", shipped),
        *(line(f"{name}, nested", one.mean) for name, one in ablation.items()),
        *(line(f"{name}, hindsight", one.hindsight) for name, one in ablation.items()),
        *(line(name, one) for name, one in controls.items()),
    ]
    lines = table(HEAD, [*rows, line("Telemanom, run of 2018", published)] if published else rows)
    lines.append(
        f"alarms/1,000: on series cut {cut_samples} samples before the first event; aim {MOST_ALARMS}"
    )
    if published:
        d = published["difference"]
        lines.append(
            f"corrected F0.5, nested, minus Telemanom's, paired bootstrap over channels: {d['mean']:+.3f} "
            f"(95 % {d['low']:+.3f} to {d['high']:+.3f}), above zero in {d['share_above_zero']:.0%}"
        )
    return lines


def line(name: str, row: Mapping[str, Any]) -> list[str]:
    alarms = f"{row['alarms_per_1000']:.3f}" if "alarms_per_1000" in row else "-"
    return [
        name,
        *(f"{row[key]:.4g}" for key in ("tp", "fp", "fn")),
        *(f"{row[key]:.3f}" for key in ("f1", "f0_5", "corrected_f0_5")),
        f"{row['nominal_flagged']:.2%}",
        alarms,
    ]
