"""Forms and thresholds of the retrospective scan that are tried, and what each reaches on injected faults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np

from benchmarks.detection.choice.candidates import MODEL, candidate_measures
from benchmarks.detection.choice.injected import Stretch, with_faults, with_second_faults
from benchmarks.detection.evaluation.event_metrics import count_events
from benchmarks.detection.evaluation.report import progress
from benchmarks.detection.evaluation.selection import Outcome, Outcomes, merit
from scoring.measures.recordings import (
    MEASURE_QUANTILE,
    SCAN_FAMILIES,
    Floats,
    evidence_of,
    scan_measures,
)
from scoring.retrospective import NO_LIMIT, ChannelScan, Peak, ScanSettings, fuse, fuse_shape
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
SHAPE_GRID: Final = tuple(
    ScanSettings(level=level, usual_share=share, secondary=secondary)
    for level, share, secondary in product(
        np.arange(-1.0, 2.05, 0.1).round(2).tolist(), (0.0, 0.3, 0.6, 0.8), (0.5, 1.0, NO_LIMIT)
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
    def of(cls, stretch: Stretch, measures: Measures) -> "Injected":
        """Keep the measures as float32: there are some 40,000."""
        return cls(
            stretch=stretch,
            measures={
                name: [one.astype(np.float32) for one in of_family] for name, of_family in measures.items()
            },
        )

    def outcomes(self, form: Form) -> list[Outcome]:
        """By setting of GRID, of the score alone."""
        scan = form.scan(self.measures, self.stretch.first_judged)
        return self._outcomes([scan.detected(settings) for settings in GRID])

    def shape_outcomes(self) -> list[Outcome]:
        """By setting of SHAPE_GRID, of what is shipped with detections by shape."""
        evidence, first = evidence_of(self.measures), self.stretch.first_judged
        score, shape = fuse(evidence, first_judged=first), fuse_shape(evidence, first_judged=first)
        return self._outcomes(
            [
                replace(score, of_shape=shape.detected(settings)).detected(ScanSettings())
                for settings in SHAPE_GRID
            ]
        )

    def _outcomes(self, detected: Sequence[Sequence[Peak]]) -> list[Outcome]:
        """By setting; settings differ in how many of the highest peaks they detect."""
        found = {len(peaks): self._outcome(peaks) for peaks in detected}
        return [found[len(peaks)] for peaks in detected]

    def _outcome(self, peaks: Sequence[Peak]) -> Outcome:
        faults = self.stretch.faults
        samples = self.stretch.values.size
        return Outcome(
            events=count_events([(peak.start, peak.end) for peak in peaks], faults, samples),
            alarms=0 if faults else len(peaks),
            cut_samples=0 if faults else samples - self.stretch.first_judged,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one form reaches on injected faults."""

    form: Form
    settings: Sequence[ScanSettings]
    by_origin: Mapping[str, Outcomes]
    by_kind: Mapping[str, Outcomes]
    merits: Sequence[float]
    """Mean over origins, by setting."""

    @classmethod
    def of(cls, form: Form, cases: Sequence[Injected]) -> "Tried":
        """Judge every stretch by the score."""
        return cls.judged(form, GRID, cases, [case.outcomes(form) for case in cases])

    @classmethod
    def of_shape(cls, cases: Sequence[Injected]) -> "Tried":
        """Judge every stretch by what is shipped, with detections by shape."""
        return cls.judged(SHIPPED, SHAPE_GRID, cases, [case.shape_outcomes() for case in cases])

    @classmethod
    def judged(
        cls,
        form: Form,
        settings: Sequence[ScanSettings],
        cases: Sequence[Injected],
        outcomes: Sequence[Sequence[Outcome]],
    ) -> "Tried":
        """Count outcomes by case and setting."""
        origins = [case.stretch.origin for case in cases]
        kinds = [case.stretch.kind for case in cases]
        by_origin = grouped(origins, outcomes)
        merits = [[merit(of_setting) for of_setting in rows] for rows in by_origin.values()]
        return cls(
            form=form,
            settings=settings,
            by_origin=by_origin,
            by_kind=grouped(kinds, outcomes),
            merits=np.mean(merits, axis=0).tolist(),
        )

    @property
    def best(self) -> int:
        """Index of the setting of highest merit."""
        return int(np.argmax(self.merits))

    @property
    def chosen(self) -> ScanSettings:
        """The setting of highest merit."""
        return self.settings[self.best]


def grouped(names: Sequence[str], outcomes: Sequence[Sequence[Outcome]]) -> dict[str, Outcomes]:
    """By name, setting and stretch."""
    return {
        name: list(zip(*(row for own, row in zip(names, outcomes, strict=True) if own == name), strict=True))
        for name in dict.fromkeys(names)
    }


def measured(stretches: Sequence[Stretch]) -> Iterator[Injected]:
    """Measure every stretch, nominal, with each fault, and with two: these by the scan's families alone."""
    predict = StepPredictor(MODEL)
    for number, stretch in enumerate(stretches, start=1):
        progress(f"injecting {number}/{len(stretches)} {stretch.origin} {stretch.name}")
        singles = with_faults(stretch)
        for one in (stretch, *singles):
            yield Injected.of(one, candidate_measures(one.values, one.first_judged, predict))
        for one in with_second_faults(stretch, singles):
            yield Injected.of(one, scan_measures(one.values, one.first_judged))


def try_forms(cases: Sequence[Injected]) -> list[Tried]:
    """Judge every stretch, nominal or with one fault, by every form."""
    single = [case for case in cases if len(case.stretch.faults) < 2]
    found = []
    for form in FORMS:
        progress(f"{form.families}, usual quantile {form.usual_quantile}")
        found.append(Tried.of(form, single))
    return found
