"""Suite choice: settings of the retrospective scan, chosen without a label of a recorded anomaly.

Families, the usual peak's quantile and the threshold of the score are chosen on injected faults
(`injected.py`), by merit, every origin alike; then, on stretches with two faults as well, the threshold of
detections by shape. The labelled channels are then a test of what was chosen. Beside it stands what the
labels of one spacecraft choose, tested on the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.detection.choice.candidates import MODEL, candidate_measures
from benchmarks.detection.choice.forms import FORMS, GRID, SHAPE_GRID, Form, Tried, measured, try_forms
from benchmarks.detection.choice.injected import KINDS, nominal_stretches
from benchmarks.detection.evaluation.event_metrics import count_events
from benchmarks.detection.evaluation.recordings import Interval, Recording, load_labels, load_spacecraft
from benchmarks.detection.evaluation.report import Options, Report, config_hash, progress, table
from benchmarks.detection.evaluation.selection import Outcome, Outcomes, figures, rows_chosen_elsewhere
from benchmarks.detection.recorded.nasa import Series, load_or_skip
from scoring.measures.recordings import evidence_of
from scoring.retrospective import ChannelScan, ScanSettings
from training.data.calibration_windows import StepPredictor

HEAD: Final = ("", "TP", "FP", "FN", "F1", "corrected F0.5", "nominal flagged")
Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The labelled channels: outcomes of every form, by setting of GRID and channel."""

    spacecraft: Sequence[str]
    """Of each channel."""
    outcomes: Mapping[Form, Outcomes]
    shipped: Sequence[Outcome]

    @classmethod
    def judge(cls, recordings: Sequence[Recording], directory: Path) -> "Labelled":
        """Scan each channel once, then read its labels."""
        labels, spacecraft = load_labels(directory), load_spacecraft(directory)
        by_form: dict[Form, list[list[Outcome]]] = {form: [] for form in FORMS}
        shipped, predict = [], StepPredictor(MODEL)
        for number, recording in enumerate(recordings, start=1):
            progress(f"scanning {number}/{len(recordings)} {recording.channel}")
            measures = candidate_measures(recording.telemetry, recording.train.size, predict)
            series = Series(recording=recording, evidence=evidence_of(measures))
            true = labels.get(recording.channel, [])
            for form, rows in by_form.items():
                scan = form.scan(measures, recording.train.size)
                rows.append([outcome_of(series, scan, settings, true) for settings in GRID])
            shipped.append(outcome_of(series, series.fused(), ScanSettings(), true))
        return cls(
            spacecraft=[spacecraft.get(recording.channel, "") for recording in recordings],
            outcomes={form: list(zip(*rows, strict=True)) for form, rows in by_form.items()},
            shipped=shipped,
        )

    def rows_by_spacecraft(self, name: str, outcomes: Sequence[Outcome]) -> dict[str, Figures]:
        """Figures of all channels and, where there are several, of each spacecraft's."""
        names = sorted(set(self.spacecraft))
        parts = {
            f"  {craft}": [one for one, own in zip(outcomes, self.spacecraft, strict=True) if own == craft]
            for craft in (names if len(names) > 1 else ())
        }
        return {f"{name}{part}": figures(chosen) for part, chosen in {"": outcomes, **parts}.items()}

    def rows_by_other_spacecraft(self) -> dict[str, dict[str, float]]:
        """What the labels of one spacecraft choose, form and setting, on all other channels."""
        candidates = [of_setting for form in FORMS for of_setting in self.outcomes[form]]
        return rows_chosen_elsewhere(candidates, self.spacecraft)


def outcome_of(
    series: Series, scan: ChannelScan, settings: ScanSettings, true: Sequence[Interval]
) -> Outcome:
    """Detections of a labelled channel; alarms before its first event are suite nasa's."""
    detected = series.detected(scan, settings)
    return Outcome(events=count_events(detected, true, series.recording.test.size), alarms=0, cut_samples=0)


def run(options: Options) -> Report:
    """Choose, then test.

    Raises:
        DataMissingError: No labels or no recordings in the directory.
    """
    directory, recordings = load_or_skip(options)
    cases = list(measured(nominal_stretches(options.data)))
    tried = try_forms(cases)
    best = max(tried, key=lambda one: max(one.merits))
    chosen = {**asdict(best.form), **asdict(best.chosen)}
    progress("detections by shape")
    shape = Tried.of_shape(cases)
    labelled = Labelled.judge(recordings, directory)
    rows = {
        **labelled.rows_by_spacecraft("chosen on injected faults", labelled.outcomes[best.form][best.best]),
        **labelled.rows_by_spacecraft("shipped", labelled.shipped),
        **labelled.rows_by_other_spacecraft(),
    }
    return Report(
        totals={**rows["chosen on injected faults"], "config_hash": config_hash(configuration())},
        detected={},
        lines=[
            *injected_lines(tried),
            "",
            *kind_lines(best),
            "",
            f"chosen on injected faults: {chosen}",
            "",
            *shape_lines(shape),
            f"chosen on one and on two injected faults: {asdict(shape.chosen)}",
            "",
            *table(HEAD, [line(name, row) for name, row in rows.items()]),
        ],
        details={
            "chosen": chosen,
            "chosen_of_shape": asdict(shape.chosen),
            "rows": rows,
            "injected": injected_figures([*tried, shape]),
        },
    )


def injected_figures(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    """Of every form, at its best setting."""
    return [
        {
            **asdict(one.form),
            **asdict(one.chosen),
            "merit": round(one.merits[one.best], 4),
            "by_origin": {origin: figures(outcomes[one.best]) for origin, outcomes in one.by_origin.items()},
        }
        for one in tried
    ]


def injected_lines(tried: Sequence[Tried]) -> list[str]:
    """Merit of every form at its best setting, with F1 / corrected F0.5 / alarms by origin."""
    return tried_lines("chosen on injected faults", tried)


def shape_lines(shape: Tried) -> list[str]:
    """The same of the best setting of detections by shape."""
    return tried_lines("with detections by shape, chosen on one and two faults", [shape])


def tried_lines(title: str, tried: Sequence[Tried]) -> list[str]:
    rows = injected_figures(tried)
    origins = list(rows[0]["by_origin"])
    head = (title, "quantile", "level", "share", "secondary", "merit", *origins)
    return table(
        head,
        [
            [
                *(row[name] for name in ("families", "usual_quantile", "level", "usual_share", "secondary")),
                f"{row['merit']:.3f}",
                *(
                    f"{one['f1']:.2f} / {one['corrected_f0_5']:.2f} / {one['alarms_per_1000']:.3f}"
                    for one in row["by_origin"].values()
                ),
            ]
            for row in rows
        ],
    )


def kind_lines(best: Tried) -> list[str]:
    """Share of each kind of fault that the chosen setting finds."""
    found = {kind: figures(best.by_kind[kind][best.best]) for kind in KINDS if kind in best.by_kind}
    shares = {kind: row["tp"] / max(row["tp"] + row["fn"], 1) for kind, row in found.items()}
    return table(("found", *shares), [["share of faults", *(f"{share:.0%}" for share in shares.values())]])


def line(name: str, row: Figures) -> list[str]:
    return [
        name,
        *(f"{row[key]:.4g}" for key in ("tp", "fp", "fn")),
        *(f"{row[key]:.3f}" for key in ("f1", "corrected_f0_5")),
        f"{row['nominal_flagged']:.2%}",
    ]


def configuration() -> dict[str, Any]:
    """Everything that decides the choice, for the hash."""
    return {
        "forms": [asdict(form) for form in FORMS],
        "grid": [asdict(one) for one in GRID],
        "shape_grid": [asdict(one) for one in SHAPE_GRID],
        "kinds": list(KINDS),
    }
