"""Suites nasa and tsb, causal: what the pipeline's scores and alerts are worth, computed without its servers.

Constants come from the training arrays, alerts follow the product's rule; both are final before a label is
read. Labels then serve two ends: to score, and to tell where each series is free of events: there every alert
is a false one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.detection.alarm_service.reading import read_back, server, told
from benchmarks.detection.evaluation.event_metrics import (
    EventCounts,
    Floats,
    average_precision,
    mask,
    mean_areas,
    pooled,
    vus_pr,
)
from benchmarks.detection.evaluation.recordings import (
    Intervals,
    Recording,
    find_directory,
    load_labels,
    load_recording,
    load_tsb_series,
)
from benchmarks.detection.evaluation.report import ALARMS, Options, Report, config_hash, table
from benchmarks.detection.evaluation.selection import figures
from benchmarks.detection.recorded.nasa import VUS_WINDOW, load_or_skip
from benchmarks.detection.recorded.streaming import (
    GRACE,
    alerts_in,
    all_row_scores,
    calibrated,
    count_alerts,
    intervals_of,
    key_of,
    outcome,
    verdicts_on,
)
from benchmarks.detection.recorded.tsb import series_directory
from scoring.alert_rule import ENOUGH_SCORE, HOLD_US
from scoring.measures import changes
from scoring.measures.changes import parse_changes

HEAD = ("", "TP", "FP", "FN", "F1", "F0.5", "corrected F0.5", "nominal flagged", "alarms/1,000")


def run(options: Options) -> Report:
    """Score every test array sample by sample and judge the alerts.

    Raises:
        DataMissingError: No labels or no recordings in the directory.
    """
    recordings = load_or_skip(options)[1]
    scores = all_row_scores(recordings, parse_changes(calibrated(recordings)))
    return evaluate(options, scores)


def evaluate(options: Options, scores: Mapping[str, Floats]) -> Report:
    """Turn scores, float64[time] by channel, into alerts, then read the labels and count.

    Raises:
        AlarmsDifferError: What was read back from the alarm service is not what the rule makes.
    """
    is_read_back = options.through == ALARMS
    alerts = (read_back_alerts if is_read_back else alerts_by_rule)(scores)
    directory = find_directory(options.data)
    labels = load_labels(directory) if directory else {}
    shipped = [outcome(alerts[one], labels.get(one, []), scores[one].size) for one in scores]
    product = figures(shipped)
    name = "read back from ops.alarms" if is_read_back else "the product's rule"
    rows = {name: product, **controls(scores, alerts, labels, options.seeds)}
    return Report(
        totals={
            **product,
            **mean_areas(
                # No verdict counts as score 0.
                ((np.nan_to_num(one), mask(labels.get(name, []), one.size)) for name, one in scores.items()),
                VUS_WINDOW,
            ),
            "config_hash": config_hash(configuration()),
        },
        detected=alerts,
        lines=[*report_lines(rows), *([read_back_line(scores, alerts)] if is_read_back else [])],
        details={"rows": rows, "configuration": configuration()},
    )


def alerts_by_rule(scores: Mapping[str, Floats]) -> Intervals:
    """The product's alerts on scores, float64[time] by channel."""
    return {channel: alerts_in(score) for channel, score in scores.items()}


def read_back_alerts(scores: Mapping[str, Floats]) -> Intervals:
    """The alerts that the alarm service keeps of scores, float64[time] by channel."""
    with server() as template:
        found = read_back(template, {key_of(one): verdicts_on(score) for one, score in scores.items()})
    return {channel: intervals_of(found.get(key_of(channel), [])) for channel in scores}


def read_back_line(scores: Mapping[str, Floats], alerts: Intervals) -> str:
    """Say how much was read back of scores, float64[time] by channel."""
    return told(sum(score.size for score in scores.values()), sum(map(len, alerts.values())))


def controls(
    scores: Mapping[str, Floats], alerts: Intervals, labels: Intervals, seeds: int
) -> dict[str, dict[str, float]]:
    """Trivial alerts, counted alike: one after the other, and as many as ours anywhere.

    Scores are float64[time] by channel.
    """
    steady = [
        counted(np.arange(0, score.size, GRACE), GRACE, labels.get(channel, []), score.size)
        for channel, score in scores.items()
    ]
    lengths = [last - raised + 1 for found in alerts.values() for raised, last in found]
    length = int(np.mean(lengths or [GRACE]))
    random = []
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        for channel, score in scores.items():
            starts = generator.integers(0, score.size, len(alerts[channel]))
            random.append(counted(starts, length, labels.get(channel, []), score.size))
    mean = {name: value / seeds for name, value in asdict(pooled(random)).items()}
    return {
        f"an alert every {GRACE} samples": pooled(steady).document(),
        "as many alerts at random": EventCounts(**mean).document(),
    }


def counted(starts: Any, length: int, true: Sequence[tuple[int, int]], samples: int) -> EventCounts:
    """Counts of alerts of one length."""
    made = [(int(first), min(int(first) + length, samples) - 1) for first in starts]
    return count_alerts(made, true, samples)


def configuration() -> dict[str, Any]:
    """Everything that decides the result, for the hash."""
    constants = {
        name: value for name, value in vars(changes).items() if name.isupper() and not callable(value)
    }
    return {"changes": constants, "rule": {"enough_score": ENOUGH_SCORE, "hold_us": HOLD_US}}


def report_lines(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The table; alarms are counted on the samples before each first event."""
    return [*table(HEAD, [line(name, row) for name, row in rows.items()])]


def line(name: str, row: Mapping[str, float]) -> list[str]:
    """One row of the table."""
    return [
        name,
        *(f"{row[key]:.4g}" for key in ("tp", "fp", "fn")),
        *(f"{row[key]:.3f}" for key in ("f1", "f0_5", "corrected_f0_5")),
        f"{row['nominal_flagged']:.2%}",
        f"{row['alarms_per_1000']:.3f}" if "alarms_per_1000" in row else "-",
    ]


def run_tsb(options: Options) -> Report:
    """Causal VUS-PR of the series of TSB-AD-U: constants from the first `train_length` samples of each.

    Raises:
        DataMissingError: The directory has no list of series.
    """
    directory = series_directory(options.data)
    listed = load_tsb_series(directory)
    recordings = []
    for one in listed:
        test = load_recording(directory / f"{one.channel}.npz").test
        recordings.append(Recording(channel=one.channel, train=test[: one.train_length], test=test))
    scores = all_row_scores(recordings, parse_changes(calibrated(recordings)))
    alerts = {channel: alerts_in(score) for channel, score in scores.items()}
    labels = load_labels(directory)
    areas, auc, counts = {}, [], []
    for one in listed:
        true = labels[one.channel]
        label, score = mask(true, scores[one.channel].size), np.nan_to_num(scores[one.channel])
        areas[one.channel] = round(vus_pr(score, label, one.vus_window), 4)
        auc.append(average_precision(score, label))
        counts.append(count_alerts(alerts[one.channel], true, score.size))
    mean = round(float(np.mean(list(areas.values()))), 4)
    return Report(
        totals={
            **pooled(counts).document(),
            "vus_pr": mean,
            "auc_pr": round(float(np.mean(auc)), 4),
            "config_hash": config_hash(configuration()),
        },
        detected=alerts,
        lines=table(
            ("VUS-PR", "mean", *areas), [["causal", f"{mean:.3f}", *(f"{v:.2f}" for v in areas.values())]]
        ),
        details={"vus_pr": areas},
    )
