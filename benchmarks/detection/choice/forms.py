"""Forms and thresholds of the retrospective scan that are tried, and what each reaches on injected faults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from benchmarks.detection.choice.candidates import MODEL, candidate_measures
from benchmarks.detection.choice.injected import Stretch, with_faults
from benchmarks.detection.evaluation.event_metrics import count_events
from benchmarks.detection.evaluation.report import progress
from benchmarks.detection.evaluation.selection import Outcome, Outcomes, merit
from scoring.measures.recordings import (
    MEASURE_QUANTILE,
    SCAN_FAMILIES,
    Floats,
    evidence_of,
)
from scoring.retrospective import ChannelScan, ScanSettings, fuse
from training.data.calibration_windows import StepPredictor

CANDIDATES: Final = ("subsequence", "forecast")
PRODUCT: Final = " + ".join(SCAN_FAMILIES)
FAMILY_SETS: Final[Mapping[str, Sequence[str]]] = {
    " + ".join(names): names
    for names in (
        *((one,) for one in (*SCAN_FAMILIES, *CANDIDATES)),
        SCAN_FAMILIES,
        *((*SCAN_FAMILIES, one) for one in CANDIDATES),
        (*SCAN_FAMILIES, *CANDIDATES),
    )
}
QUANTILES: Final = (0.7, 0.8, 0.9)
GRID: Final = tuple(
    ScanSettings(level=level, usual_share=share, secondary=secondary)
    for level, share, secondary in product(
        np.arange(-0.6, 0.35, 0.05).round(2).tolist(), (0.0, 0.2, 0.4, 0.5, 0.6, 0.7), (0.5, 0.8, 1.2)
    )
)
Measures = Mapping[str, Sequence[Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How measures become a score."""

    families: str
    """One of FAMILY_SETS."""
    usual_quantile: float

    def scan(self, measures: Measures, first_judged: int) -> ChannelScan:
        """Fuse what a recording's measures say."""
        names = FAMILY_SETS[self.families]
        evidence = evidence_of({name: measures[name] for name in names}, self.usual_quantile)
        return fuse(evidence, first_judged=first_judged, families=names)


SHIPPED: Final = Form(families=PRODUCT, usual_quantile=MEASURE_QUANTILE)
FORMS: Final = tuple(
    Form(families=name, usual_quantile=quantile) for name, quantile in product(FAMILY_SETS, QUANTILES)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A nominal or faulty stretch and what is measured of it."""

    stretch: Stretch
    measures: Measures

    @classmethod
    def measure(cls, stretch: Stretch, predict: StepPredictor) -> "Injected":
        """Keep the measures as float32: there are some 20,000."""
        found = candidate_measures(stretch.values, stretch.first_judged, predict)
        return cls(
            stretch=stretch,
            measures={
                name: [one.astype(np.float32) for one in of_family] for name, of_family in found.items()
            },
        )

    def outcomes(self, form: Form) -> list[Outcome]:
        """By setting of GRID; settings differ in how many of the highest peaks they detect."""
        scan = form.scan(self.measures, self.stretch.first_judged)
        counts = [len(scan.detected(settings)) for settings in GRID]
        found = {count: self._outcome(scan, count) for count in set(counts)}
        return [found[count] for count in counts]

    def _outcome(self, scan: ChannelScan, count: int) -> Outcome:
        fault = self.stretch.fault
        detected = [(peak.start, peak.end) for peak in scan.peaks[:count]]
        samples = self.stretch.values.size
        return Outcome(
            events=count_events(detected, [fault] if fault else [], samples),
            alarms=0 if fault else count,
            cut_samples=0 if fault else samples - self.stretch.first_judged,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one form reaches on injected faults."""

    form: Form
    by_origin: Mapping[str, Outcomes]
    by_kind: Mapping[str, Outcomes]
    merits: Sequence[float]
    """Mean over origins, by setting."""

    @classmethod
    def of(cls, form: Form, cases: Sequence[Injected]) -> "Tried":
        """Judge every stretch."""
        outcomes = [case.outcomes(form) for case in cases]
        origins = [case.stretch.origin for case in cases]
        kinds = [case.stretch.kind for case in cases]
        by_origin = grouped(origins, outcomes)
        merits = [[merit(of_setting) for of_setting in rows] for rows in by_origin.values()]
        return cls(
            form=form,
            by_origin=by_origin,
            by_kind=grouped(kinds, outcomes),
            merits=np.mean(merits, axis=0).tolist(),
        )

    @property
    def best(self) -> int:
        """Index of the setting of highest merit."""
        return int(np.argmax(self.merits))


def grouped(names: Sequence[str], outcomes: Sequence[Sequence[Outcome]]) -> dict[str, Outcomes]:
    """By name, setting and stretch."""
    return {
        name: list(zip(*(row for own, row in zip(names, outcomes, strict=True) if own == name), strict=True))
        for name in dict.fromkeys(names)
    }


def measured(stretches: Sequence[Stretch]) -> Iterator[Injected]:
    """Measure every stretch, nominal and with each fault."""
    predict = StepPredictor(MODEL)
    for number, stretch in enumerate(stretches, start=1):
        progress(f"injecting {number}/{len(stretches)} {stretch.origin} {stretch.name}")
        for one in (stretch, *with_faults(stretch)):
            yield Injected.measure(one, predict)


def try_forms(cases: Sequence[Injected]) -> list[Tried]:
    """Judge every stretch by every form."""
    found = []
    for form in FORMS:
        progress(f"{form.families}, usual quantile {form.usual_quantile}")
        found.append(Tried.of(form, cases))
    return found
