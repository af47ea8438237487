"""Smallest fault that is found, and how soon: `python -m training.detectability --model DIR`."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from training.calibrate import REPOSITORY
from training.detection import Detector
from training.fault_search import (
    CHECK_STEPS,
    FAULT_STEPS,
    INTERVAL_S,
    SPANS,
    TOP_CONTRIBUTIONS,
    UNSIZED,
    Finding,
    alarm_levels,
    findings,
    smallest_found,
)
from training.report import REPORTS, table

REPORT = "detectability"
DOCS = Path(__file__).parents[1] / "docs"


def by_fault(results: Sequence[Finding]) -> dict[tuple[str, str, str], list[Finding]]:
    """Group findings by subsystem, kind and channel, in their order."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for result in results:
        groups.setdefault((result.subsystem, result.kind, result.channel), []).append(result)
    return groups


def summary_rows(results: Sequence[Finding]) -> Iterator[tuple[str, ...]]:
    """One row per subsystem and kind: channels in which it is found, smallest sizes, delay at that size."""
    smallest = {key: smallest_found(group) for key, group in by_fault(results).items()}
    for subsystem, kind in dict.fromkeys((key[0], key[1]) for key in smallest):
        mine = [found for key, found in smallest.items() if key[:2] == (subsystem, kind)]
        found = [finding for finding in mine if finding is not None]
        sizes = sorted(finding.size * SPANS.get(kind, 1.0) for finding in found)
        shown = [sizes[0], np.median(sizes), sizes[-1]] if sizes and kind not in UNSIZED else []
        delays = [finding.delay_s for finding in found if finding.delay_s is not None]
        yield (
            subsystem,
            kind,
            f"{len(found)} of {len(mine)}",
            *([f"{size:.3g}" for size in shown] or ["", "", ""]),
            f"{np.median(delays):.0f}" if delays else "",
        )


def top_share(results: Sequence[Finding]) -> float:
    """Share of found single-channel faults whose channel is among the three largest contributions."""
    single = [one for one in results if one.is_single_channel and one.top_share is not None]
    return float(
        np.average([one.top_share or 0.0 for one in single], weights=[one.found_share for one in single])
    )


def draw(results: Sequence[Finding], path: Path) -> None:
    """Picture of the smallest size found: a row per channel, a column per kind that has a size."""
    kinds = list(SPANS)
    groups = by_fault(results)
    channels = list(dict.fromkeys((key[0], key[2]) for key in groups if key[1] in kinds))
    grid = np.full((len(channels), len(kinds)), np.nan)
    for row, (subsystem, channel) in enumerate(channels):
        for column, kind in enumerate(kinds):
            found = smallest_found(groups[subsystem, kind, channel])
            grid[row, column] = found.size * SPANS[kind] if found else np.nan
    levels = np.log10(grid)
    dark_above = np.nanmean([np.nanmin(levels), np.nanmax(levels)])
    figure, axes = plt.subplots(figsize=(7, 0.28 * len(channels) + 1.6), layout="constrained")
    image = axes.imshow(levels, aspect="auto", cmap="viridis_r")
    for (row, column), spans in np.ndenumerate(grid):
        shown = "not found" if np.isnan(spans) else f"{spans:.2g}"
        color = "white" if levels[row, column] > dark_above else "black"
        axes.text(column, row, shown, ha="center", va="center", fontsize=8, color=color)
    axes.set_xticks(range(len(kinds)), kinds)
    axes.set_yticks(range(len(channels)), [".".join(names) for names in channels], fontsize=8)
    figure.colorbar(image, label="smallest size found, log10 of nominal spans")
    axes.set_title("Smallest fault found at one false alarm per day and satellite", fontsize=10)
    figure.savefig(path, dpi=110)


def page(model: Path, levels: Mapping[str, float], days: int, results: Sequence[Finding]) -> str:
    """The figures as Markdown."""
    thresholds = ", ".join(f"{name} {level:.4f}" for name, level in levels.items())
    head = ("subsystem", "fault", "found in channels", "least size", "median", "most", "delay, s")
    rows = "\n".join(table(head, summary_rows(results)))
    return f"""# Which faults are found

Model {model.parent.name} version {model.name}, simulated satellites, samples every {INTERVAL_S:g} s, one in
{CHECK_STEPS} judged: a verdict every {CHECK_STEPS * INTERVAL_S:.0f} s. Alarm levels at one false alarm per
day and satellite over all subsystems, from {days * 10} nominal satellite-days: {thresholds}.

A fault of a size counts as found when nine of ten satellites are flagged within
{FAULT_STEPS * INTERVAL_S / 60:.0f} minutes, at this size and every larger one. Sizes are in spans (how far
the channel wanders within an orbit): the height of a spike, the end of a drift of two minutes, the standard
deviation of noise; of whole-system faults in parts of the usual one. Delays are medians from the start.

{rows}

In {top_share(results):.1%} of the single-channel faults found, the channel struck is among the
{TOP_CONTRIBUTIONS} largest contributions of the first alarm.

![Smallest size found, by channel and kind](detectability.png)

Posted series, and posted channels without a calibration, are judged [against themselves](posted-series.md).

Made by `python -m training.detectability`; every figure by channel and size stands in
`training/reports/detectability.json`.
"""


def main() -> None:
    """Measure, write table and picture to docs/, all figures beside the other reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    parser.add_argument("--days", type=int, default=4, help="nominal days of ten satellites")
    arguments = parser.parse_args()
    detector = Detector(arguments.model)
    levels = alarm_levels(detector, arguments.days)
    results = [
        finding for subsystem, level in levels.items() for finding in findings(detector, subsystem, level)
    ]
    text = page(arguments.model, levels, arguments.days, results)
    print(text)
    facts = {"levels": levels, "satellite_days": arguments.days * 10, "findings": list(map(asdict, results))}
    (REPORTS / f"{REPORT}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (DOCS / f"{REPORT}.md").write_text(text, encoding="utf-8")
    draw(results, DOCS / f"{REPORT}.png")


if __name__ == "__main__":
    main()
