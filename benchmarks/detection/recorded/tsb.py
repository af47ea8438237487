"""Suite tsb, offline: VUS-PR of the retrospective scan's score on the series of TSB-AD-U.

The series is the test array alone, all of it is scored, and nothing is chosen: families, smoothing and
settings are those of the product. TSB-AD allows to train on the first samples; the scan compares the series
with itself.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.detection.evaluation.event_metrics import (
    Flags,
    average_precision,
    count_events,
    mask,
    pooled,
    vus_pr,
)
from benchmarks.detection.evaluation.recordings import (
    TSB_SERIES,
    Recording,
    TsbSeries,
    find_directory,
    load_labels,
    load_recording,
    load_tsb_series,
)
from benchmarks.detection.evaluation.report import (
    DataMissingError,
    Options,
    Report,
    config_hash,
    progress,
    table,
)
from benchmarks.detection.recorded.nasa import Series, ablations, configuration, detections
from scoring.measures.recordings import SCAN_FAMILIES


def series_directory(data: Path) -> Path:
    """Return the folder with the list of series; raises `DataMissingError` where there is none."""
    directory = find_directory(data)
    if directory is None or not (directory / TSB_SERIES).is_file():
        raise DataMissingError(f"no labels.csv with {TSB_SERIES} in {data}")
    return directory


def run(options: Options) -> Report:
    """Score every series, then compare with its labels.

    Raises:
        DataMissingError: The directory has no list of series.
    """
    directory = series_directory(options.data)
    listed = load_tsb_series(directory)
    series = []
    for one in listed:
        progress(f"scanning {one.channel}")
        recording = load_recording(directory / f"{one.channel}.npz")
        series.append(Series.scan(Recording(channel=one.channel, train=np.empty(0), test=recording.test)))
    scans = [one.fused() for one in series]
    detected = detections(series, scans)
    labels = load_labels(directory)
    counts = pooled(
        count_events(detected[one.recording.channel], labels[one.recording.channel], one.recording.test.size)
        for one in series
    )
    truth = [mask(labels[one.recording.channel], one.recording.test.size) for one in series]
    progress("computing VUS-PR")
    by_families = {
        name: vus_of(series, listed, truth, families)
        for name, families in {"the score": SCAN_FAMILIES, **ablations()}.items()
    }
    auc = [
        average_precision(one.judged_score(scan), label)
        for one, scan, label in zip(series, scans, truth, strict=True)
    ]
    return Report(
        totals={
            **counts.document(),
            "vus_pr": round(float(np.mean(by_families["the score"])), 4),
            "auc_pr": round(float(np.mean(auc)), 4),
            "config_hash": config_hash(configuration()),
        },
        detected=detected,
        lines=report_lines(listed, by_families),
        details={
            "vus_pr": {name: dict(zip(detected, values, strict=True)) for name, values in by_families.items()}
        },
    )


def vus_of(
    series: Sequence[Series], listed: Sequence[TsbSeries], truth: Sequence[Flags], families: Sequence[str]
) -> list[float]:
    """VUS-PR of every series with these families; `truth` is bool[time] each."""
    return [
        round(vus_pr(one.judged_score(one.fused(families)), label, about.vus_window), 4)
        for one, about, label in zip(series, listed, truth, strict=True)
    ]


def report_lines(listed: Sequence[TsbSeries], by_families: dict[str, list[float]]) -> list[str]:
    """Ours, then the published detectors, best mean first."""
    published = {name: [one.published[name] for one in listed] for name in listed[0].published}
    ranked = sorted(published.items(), key=lambda item: -float(np.mean(item[1])))
    rows = [
        [name, f"{np.mean(values):.3f}", *(f"{value:.2f}" for value in values)]
        for name, values in [
            *by_families.items(),
            *((f"published {name}", values) for name, values in ranked),
        ]
    ]
    return table(("VUS-PR", "mean", *(one.channel for one in listed)), rows)
