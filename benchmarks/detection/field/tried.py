"""The verdicts of a cell of suite field: on nominal telemetry, on each fault, and on the same without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.detection.evaluation.alerts import Verdicts
from benchmarks.detection.field.faults import Case, Injection, cases_of
from benchmarks.detection.field.sources import Cell, Trial
from benchmarks.detection.field.telemetry import satellite_days
from training.data.nominal import SATELLITES


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The verdicts of a cell; each satellite's id occurs once."""

    nominal: Verdicts
    days: float
    """Satellite-days of nominal telemetry."""
    injections: Mapping[str, Sequence[Injection]]
    """By kind of fault."""
    faulty: Verdicts
    unstruck: Sequence[Injection]
    """Faults that were not injected."""
    without_fault: Verdicts

    @property
    def all_verdicts(self) -> Verdicts:
        return {**self.nominal, **self.faulty, **self.without_fault}


def tried_of(cell: Cell, trial: Trial, kinds: Sequence[str]) -> Tried:
    """Judge a cell's telemetry without faults, with one fault each, and what has them without its fault."""
    nominal, days = nominal_verdicts(cell, trial)
    injections: dict[str, list[Injection]] = {}
    faulty: Verdicts = {}
    for kind in kinds:
        cases = cases_in(cell, trial, kind) if kind in trial.kinds else []
        injections[kind] = [case.injection for case in cases]
        faulty = {**faulty, **trial.judge([track for case in cases for track in case.tracks])}
    cases = cases_in(cell, trial, "fill value")
    unstruck = trial.judge([track for case in cases for track in case.unstruck])
    return Tried(
        nominal=nominal,
        days=days,
        injections=injections,
        faulty=faulty,
        unstruck=[
            replace(case.injection, satellite_id=without_fault(case.injection.satellite_id)) for case in cases
        ],
        without_fault={
            (without_fault(satellite_id), subsystem): found
            for (satellite_id, subsystem), found in unstruck.items()
        },
    )


def without_fault(satellite_id: str) -> str:
    """Name a satellite apart from the same one with its fault, whose sample sets are drawn alike."""
    return f"no-{satellite_id}"


def cases_in(cell: Cell, trial: Trial, kind: str) -> list[Case]:
    return list(cases_of(kind, trial.struck, cell.packets, cell.subsystems))


def nominal_verdicts(cell: Cell, trial: Trial) -> tuple[Verdicts, float]:
    """Judge all nominal recordings; return satellite-days, too."""
    found: Verdicts = {}
    days = 0.0
    for number, fleet in enumerate(trial.nominal):
        tracks = [
            track
            for satellite in range(SATELLITES)
            for track in fleet.tracks(
                satellite, f"recording-{number}-{satellite}", cell.packets, cell.subsystems
            )
        ]
        found = {**found, **trial.judge(tracks)}
        days += satellite_days(tracks)
    return found, days
