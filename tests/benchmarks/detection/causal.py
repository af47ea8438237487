"""Suites nasa and tsb, causal: what the pipeline's scores and alerts are worth, computed without its servers.

Constants come from the training arrays and alerts are final before a label is read. Labels then serve three
ends: to score, to choose rules on other channels (nested folds), and to tell where each series is free of
events: there every alert is a false one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis_server import changes
from analysis_server.changes import parse_changes
from analysis_server.episodes import Episode, EpisodeRule, find_episodes
from tests.benchmarks.detection.event_metrics import (
    EventCounts,
    Floats,
    average_precision,
    mask,
    mean_areas,
    pooled,
    vus_pr,
)
from tests.benchmarks.detection.nasa import VUS_WINDOW, load_or_skip
from tests.benchmarks.detection.recordings import (
    Intervals,
    Recording,
    find_directory,
    load_labels,
    load_recording,
    load_spacecraft,
    load_tsb_series,
)
from tests.benchmarks.detection.report import Options, Report, config_hash, table
from tests.benchmarks.detection.selection import (
    best_setting,
    figures,
    nested_choice,
    rows_chosen_elsewhere,
    sharing_groups,
)
from tests.benchmarks.detection.streaming import (
    GRACE,
    RULES,
    all_row_scores,
    calibrated,
    count_alerts,
    outcome,
    outcomes,
)
from tests.benchmarks.detection.tsb import series_directory

HEAD = ("", "TP", "FP", "FN", "F1", "F0.5", "corrected F0.5", "nominal flagged", "alarms/1,000")


def run(options: Options) -> Report:
    """Score every test array sample by sample and judge the alerts.

    Raises:
        DataMissingError: No labels or no recordings in the directory.
    """
    recordings = load_or_skip(options)[1]
    scores = all_row_scores(recordings, parse_changes(calibrated(recordings)))
    return evaluate(options, recordings, scores)


def evaluate(options: Options, recordings: Sequence[Recording], scores: Mapping[str, Floats]) -> Report:
    """Turn scores into alerts by the shipped rule, then read the labels and count."""
    alerts = {channel: find_episodes(score, EpisodeRule()) for channel, score in scores.items()}
    directory = find_directory(options.data)
    labels = load_labels(directory) if directory else {}
    spacecraft = load_spacecraft(directory) if directory else {}
    shipped = [outcome(alerts[one], labels.get(one, []), scores[one].size) for one in scores]
    rules = outcomes(scores, labels)
    groups = sharing_groups(recordings)
    runs = []
    for seed in range(options.seeds):
        choice = nested_choice(rules, groups, seed)
        runs.append(figures([rules[rule][channel] for channel, rule in enumerate(choice)]))
    best = best_setting(rules, range(len(recordings)))
    rows = {
        "nested folds, mean": summary(runs, np.mean),
        "nested folds, sd": summary(runs, np.std),
        "best rule in hindsight": figures(rules[best]),
        "shipped rule": figures(shipped),
        **rows_chosen_elsewhere(rules, [spacecraft.get(channel, "") for channel in scores]),
        **controls(scores, alerts, labels, options.seeds),
    }
    return Report(
        totals={
            **rows["nested folds, mean"],
            **mean_areas(
                # No verdict counts as score 0.
                ((np.nan_to_num(one), mask(labels.get(name, []), one.size)) for name, one in scores.items()),
                VUS_WINDOW,
            ),
            "config_hash": config_hash(configuration()),
        },
        detected={channel: [(a.start, a.end) for a in found] for channel, found in alerts.items()},
        lines=report_lines(rows),
        details={"rows": rows, "hindsight_rule": asdict(RULES[best]), "configuration": configuration()},
    )


def summary(runs: Sequence[Mapping[str, float]], statistic: Any) -> dict[str, float]:
    """Mean or deviation of each figure over the shuffles."""
    return {name: round(float(statistic([run[name] for run in runs])), 4) for name in runs[0]}


def controls(
    scores: Mapping[str, Floats], alerts: Mapping[str, Sequence[Episode]], labels: Intervals, seeds: int
) -> dict[str, dict[str, float]]:
    """Trivial alerts under the same rule: one after the other, and as many as ours anywhere."""
    steady = [
        counted(np.arange(0, score.size, GRACE), GRACE, labels.get(channel, []), score.size)
        for channel, score in scores.items()
    ]
    length = int(np.mean([a.end - a.start + 1 for found in alerts.values() for a in found] or [GRACE]))
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
    made = [
        Episode(start=int(first), end=min(int(first) + length, samples) - 1, peak=1.0, count=length)
        for first in starts
    ]
    return count_alerts(made, true, samples)


def configuration() -> dict[str, Any]:
    """Everything that decides the result, for the hash."""
    constants = {
        name: value for name, value in vars(changes).items() if name.isupper() and not callable(value)
    }
    return {"changes": constants, "rules": [asdict(rule) for rule in RULES], "shipped": asdict(EpisodeRule())}


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
    alerts = {channel: find_episodes(score, EpisodeRule()) for channel, score in scores.items()}
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
        detected={channel: [(a.start, a.end) for a in found] for channel, found in alerts.items()},
        lines=table(
            ("VUS-PR", "mean", *areas), [["causal", f"{mean:.3f}", *(f"{v:.2f}" for v in areas.values())]]
        ),
        details={"vus_pr": areas},
    )
