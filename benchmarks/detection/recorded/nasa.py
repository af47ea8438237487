"""Suite nasa, offline: the retrospective scan over test arrays, each compared with its training array.

Detections are final before a label is read. Labels then serve three ends: to score, to choose settings on
other channels (nested folds), and to cut each series before its first event, where every detection is a false
alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection.evaluation.controls import (
    flag_at_random,
    flag_everything,
    flag_second_half,
    paired_bootstrap,
)
from benchmarks.detection.evaluation.event_metrics import (
    EventCounts,
    Flags,
    Floats,
    count_events,
    mask,
    mean_areas,
    pooled,
)
from benchmarks.detection.evaluation.recordings import (
    Interval,
    Intervals,
    Recording,
    find_directory,
    load_labels,
    load_published_run,
    load_recordings,
)
from benchmarks.detection.evaluation.report import DataMissingError, Options, Report, config_hash, progress
from benchmarks.detection.evaluation.selection import (
    CUT_BEFORE_EVENT,
    MIN_CUT_SAMPLES,
    Outcome,
    Outcomes,
    best_setting,
    figures,
    nested_choice,
    sharing_groups,
)
from benchmarks.detection.recorded.nasa_table import NestedFigures, report_lines
from scoring import retrospective
from scoring.measures import recordings as recording_measures
from scoring.measures.recordings import SCAN_FAMILIES, STEP, scan_families
from scoring.retrospective import SHAPE_SETTINGS, ChannelScan, ScanSettings, fuse, scan_channel

VUS_WINDOW = 100
LEVELS = np.arange(-0.5, 0.3, 0.05).round(2).tolist()
GRID = [ScanSettings(level=level) for level in LEVELS]
WIDE_GRID = [
    ScanSettings(level=level, usual_share=share)
    for share in np.arange(0.0, 0.75, 0.1).round(2).tolist()
    for level in [-0.8, -0.75, -0.7, -0.65, -0.6, -0.55, *LEVELS]
]
"""With the second number of the threshold chosen on other channels as well."""
Evidence = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A recording with the evidence found in it."""

    recording: Recording
    evidence: Evidence

    @classmethod
    def scan(cls, recording: Recording) -> "Series":
        evidence = scan_families(recording.telemetry, recording.train.size)
        return cls(recording=recording, evidence=evidence)

    def fused(self, families: Sequence[str] | None = None) -> ChannelScan:
        """Fuse these families alone; None: as the product does."""
        first = self.recording.train.size
        if families is None:
            return scan_channel(self.evidence, first_judged=first)
        return fuse(self.evidence, first_judged=first, families=families)

    def detected(self, scan: ChannelScan, settings: ScanSettings) -> list[Interval]:
        """Intervals in test samples."""
        first, last = self.recording.train.size, self.recording.test.size - 1
        return [(max(p.start - first, 0), min(p.end - first, last)) for p in scan.detected(settings)]

    def judged_score(self, scan: ChannelScan) -> Floats:
        """The score at every test sample, float64[time]."""
        steps = np.arange(self.recording.train.size, self.recording.telemetry.size)
        return np.interp(steps, np.arange(scan.score.size) * STEP, scan.score)


def detections(series: Sequence[Series], scans: Sequence[ChannelScan]) -> dict[str, list[Interval]]:
    """Find intervals by the product's settings, by channel, before any label is read."""
    return {
        one.recording.channel: one.detected(scan, ScanSettings())
        for one, scan in zip(series, scans, strict=True)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that scoring needs: series, their labels, and the same series cut before the first event."""

    series: Sequence[Series]
    cuts: Mapping[str, Series]
    labels: Intervals

    def outcomes(self, families: Sequence[str] | None, settings: Sequence[ScanSettings]) -> Outcomes:
        """Outcome by setting and channel; families as in `Series.fused`."""
        full = [one.fused(families) for one in self.series]
        cut = {channel: one.fused(families) for channel, one in self.cuts.items()}
        return [
            [self._outcome(one, scan, cut, setting) for one, scan in zip(self.series, full, strict=True)]
            for setting in settings
        ]

    def _outcome(
        self, one: Series, scan: ChannelScan, cut: Mapping[str, ChannelScan], setting: ScanSettings
    ) -> Outcome:
        channel = one.recording.channel
        events = self.count(channel, one.detected(scan, setting), one.recording.test.size)
        if channel not in cut:
            return Outcome(events=events, alarms=0, cut_samples=0)
        samples = self.cuts[channel].recording.test.size
        return Outcome(events=events, alarms=len(cut[channel].detected(setting)), cut_samples=samples)

    def count(self, channel: str, detected: Sequence[Interval], samples: int) -> EventCounts:
        return count_events(detected, self.labels.get(channel, []), samples)

    def count_all(self, detected: Intervals) -> list[EventCounts]:
        return [
            self.count(
                one.recording.channel, detected.get(one.recording.channel, []), one.recording.test.size
            )
            for one in self.series
        ]


def run(options: Options) -> Report:
    """Scan, detect, then score.

    Raises:
        DataMissingError: No labels or no recordings in the directory.
    """
    directory, recordings = load_or_skip(options)
    series = [scanned(one, f"{n}/{len(recordings)}") for n, one in enumerate(recordings, start=1)]
    scans = [one.fused() for one in series]
    detected = detections(series, scans)
    labels = load_labels(directory)
    evaluation = Evaluation(series=series, cuts=cut_series(recordings, labels), labels=labels)
    progress("choosing settings on other channels")
    nested = nested_figures(evaluation, options.seeds)
    wider = {
        "nested, usual_share too": nested_figures(evaluation, options.seeds, grid=WIDE_GRID),
        "nested, families and usual_share too": nested_figures(
            evaluation, options.seeds, grid=WIDE_GRID, families=[None, *ablations().values()]
        ),
    }
    shipped = evaluation.outcomes(None, [ScanSettings()])[0]
    areas = mean_areas(labelled_scores(evaluation, scans), VUS_WINDOW)
    ablation = {
        name: nested_figures(evaluation, options.seeds, families=[f])
        for name, f in {"without subsequences": SCAN_FAMILIES, **ablations()}.items()
    }
    controls = control_figures(evaluation, detected, options.seeds)
    published = published_figures(evaluation, load_published_run(directory), nested.per_channel)
    return Report(
        totals={**nested.mean, **areas, "config_hash": config_hash(configuration())},
        detected=detected,
        lines=report_lines(
            nested, wider, figures(shipped), ablation, controls, published, cut_samples=CUT_BEFORE_EVENT
        ),
        details={
            "nested": {"mean": nested.mean, "sd": nested.sd, "shuffles": options.seeds},
            "wider": {name: {"mean": one.mean, "sd": one.sd} for name, one in wider.items()},
            "hindsight": nested.hindsight,
            "shipped": {"settings": asdict(ScanSettings()), **figures(shipped)},
            "ablation": {name: {**one.mean, "hindsight": one.hindsight} for name, one in ablation.items()},
            "controls": controls,
            "published": published,
            "configuration": configuration(),
        },
    )


def load_or_skip(options: Options) -> tuple[Path, list[Recording]]:
    """Find the folder with labels and read its channels."""
    directory = find_directory(options.data)
    recordings = load_recordings(directory) if directory else []
    if directory is None or not recordings:
        raise DataMissingError(f"no labels.csv with <channel>.npz files in {options.data}")
    return directory, recordings


def scanned(recording: Recording, position: str) -> Series:
    progress(f"scanning {position} {recording.channel}")
    return Series.scan(recording)


def cut_series(recordings: Sequence[Recording], labels: Intervals) -> dict[str, Series]:
    """Scan again what lies CUT_BEFORE_EVENT before the first event, or all where there is none."""
    cuts = {}
    for recording in recordings:
        starts = [start for start, _ in labels.get(recording.channel, [])]
        samples = min(starts) - CUT_BEFORE_EVENT if starts else recording.test.size
        if samples > MIN_CUT_SAMPLES:
            progress(f"scanning {recording.channel} before its first event")
            cuts[recording.channel] = Series.scan(recording.cut(samples))
    return cuts


def nested_figures(
    evaluation: Evaluation,
    shuffles: int,
    *,
    families: Sequence[Sequence[str] | None] = (None,),
    grid: Sequence[ScanSettings] = GRID,
) -> NestedFigures:
    """Score every shuffle's choice from the grid, for each of the sets of families."""
    choices = [(chosen, setting) for chosen in families for setting in grid]
    outcomes = [of_setting for chosen in families for of_setting in evaluation.outcomes(chosen, grid)]
    groups = sharing_groups([one.recording for one in evaluation.series])
    runs = []
    for seed in range(shuffles):
        choice = nested_choice(outcomes, groups, seed)
        runs.append([outcomes[setting][channel] for channel, setting in enumerate(choice)])
    rows = [figures(one) for one in runs]
    best = best_setting(outcomes, range(len(evaluation.series)))
    return NestedFigures(
        mean={name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]},
        sd={name: round(float(np.std([row[name] for row in rows])), 4) for name in rows[0]},
        hindsight={
            "families": choices[best][0],
            "settings": asdict(choices[best][1]),
            **figures(outcomes[best]),
        },
        per_channel=[
            mean_counts([one.events for one in of_channel]) for of_channel in zip(*runs, strict=True)
        ],
    )


def mean_counts(counts: Sequence[EventCounts]) -> EventCounts:
    total = pooled(counts)
    return EventCounts(**{name: value / len(counts) for name, value in asdict(total).items()})


def labelled_scores(evaluation: Evaluation, scans: Sequence[ChannelScan]) -> Iterator[tuple[Floats, Flags]]:
    """Score, float64[time], and label, bool[time], of every channel."""
    for one, scan in zip(evaluation.series, scans, strict=True):
        label = mask(evaluation.labels.get(one.recording.channel, []), one.recording.test.size)
        yield one.judged_score(scan), label


def ablations() -> dict[str, list[str]]:
    """Each family alone."""
    return {f"{family} alone": [family] for family in SCAN_FAMILIES}


def control_figures(evaluation: Evaluation, detected: Intervals, seeds: int) -> dict[str, dict[str, float]]:
    """Trivial detectors under the same rule; random ones are the mean over the seeds."""
    samples = {one.recording.channel: one.recording.test.size for one in evaluation.series}
    random = [evaluation.count_all(flag_at_random(samples, detected, seed)) for seed in range(seeds)]
    return {
        "flag everything": pooled(evaluation.count_all(flag_everything(samples))).document(),
        "flag the second half": pooled(evaluation.count_all(flag_second_half(samples))).document(),
        "random intervals": mean_counts([pooled(counts) for counts in random]).document(),
    }


def published_figures(
    evaluation: Evaluation, published: Intervals | None, ours: Sequence[EventCounts]
) -> dict[str, Any]:
    """Telemanom's run of 2018 under the same rule, and the difference to it; empty where it is absent."""
    if published is None:
        return {}
    theirs = evaluation.count_all(published)
    return {**pooled(theirs).document(), "difference": paired_bootstrap(ours, theirs)}


def configuration() -> dict[str, Any]:
    """Everything that decides the result, for the hash."""
    constants = {
        name: value
        for name, value in {**vars(recording_measures), **vars(retrospective)}.items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }
    return {
        "scan": constants,
        "levels": LEVELS,
        "shipped": asdict(ScanSettings()),
        "shape": asdict(SHAPE_SETTINGS),
    }
