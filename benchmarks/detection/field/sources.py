"""Where the constants of suite field come from: the telemetry that each source judges, and by what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from benchmarks.detection.evaluation.alerts import AlertsOf, Verdicts, by_rule
from benchmarks.detection.field.faults import FAULTS, steps_of
from benchmarks.detection.field.figures import judgements
from benchmarks.detection.field.learned import Key, history_steps, lessons_of
from benchmarks.detection.field.posted import answers, judged_posts
from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, Track, records_of
from recordings.preview import ModelFile, verdicts
from scoring.calibration import Calibration
from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import load_mission
from training.calibrate import REPOSITORY
from training.data.nominal import MISSION

NOMINAL_STEPS: Final = 160
POSTED_STEPS: Final = 320
"""Nominal ones for posted series: they give as many verdicts as the periodic check of NOMINAL_STEPS."""
NOMINAL_SEED: Final = 110_000
FAULT_SEED: Final = 100_000
LEARNED_SEED: Final = 300_000
"""Nothing was trained, calibrated or chosen on recordings of these seeds."""
POSTED_KINDS: Final = tuple(kind for kind in FAULTS if kind != "dropout")
"""The API takes numbers only: of a drop-out a client posts nothing, or fill values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One way in which telemetry may come."""

    interval_s: float
    packets: Packets
    constants: str
    subsystems: tuple[str, ...] = tuple(FEATURES)
    """Those that are judged."""

    @property
    def seed(self) -> int:
        """The same for all forms of packets: they are compared on the same telemetry."""
        return round(self.interval_s * 10)

    def simulated(self, seed: int, steps: int) -> Fleet:
        """Simulate a fleet of this interval."""
        return Fleet.simulated(seed=seed + self.seed, interval_s=self.interval_s, steps=steps)

    @property
    def fault_steps(self) -> int:
        """Number of steps of the longest telemetry with a fault."""
        return max(steps_of(kind, self.interval_s) for kind in FAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The telemetry of a cell and what judges it."""

    nominal: Sequence[Fleet]
    struck: Fleet
    """Faults strike it from its beginning on."""
    judge: Callable[[Sequence[Track]], Verdicts]
    alerts: AlertsOf = by_rule
    kinds: tuple[str, ...] = tuple(FAULTS)
    learned: Mapping[str, Any] = field(default_factory=dict)
    """By subsystem, what became of the fleet's learning."""


def shipped(cell: Cell, recordings: int) -> Trial:
    """The model's constants, on the pipeline's path."""
    mission, model = product()
    return Trial(
        nominal=nominal_fleets(cell, recordings, NOMINAL_STEPS),
        struck=cell.simulated(FAULT_SEED, cell.fault_steps),
        judge=lambda tracks: judged_telemetry(tracks, mission, model),
    )


def learned(cell: Cell, recordings: int) -> Trial:
    """What each satellite learned of its own history, on what it sent next."""
    mission, model = product()
    model.calibration = without_constants(model.calibration)
    known_steps = history_steps(cell.packets, cell.interval_s)
    nominal_steps = recordings * NOMINAL_STEPS
    fleet = cell.simulated(LEARNED_SEED, known_steps + max(nominal_steps, cell.fault_steps))
    lessons = lessons_of(fleet.part(0, known_steps), cell.packets, cell.subsystems, mission, model)
    constants = lessons.calibrations()
    return Trial(
        nominal=[fleet.part(known_steps, nominal_steps)],
        struck=fleet.part(known_steps, cell.fault_steps),
        judge=lambda tracks: judged_telemetry(tracks, mission, model, constants),
        learned=lessons.document(),
    )


def posted(cell: Cell, recordings: int) -> Trial:
    """None: series that a client posts, of channels that the model's constants do not know."""
    mission, model = product()
    model.calibration = without_constants(model.calibration)
    return Trial(
        nominal=nominal_fleets(cell, recordings, POSTED_STEPS),
        struck=cell.simulated(FAULT_SEED, cell.fault_steps),
        judge=lambda tracks: judged_posts(tracks, mission, model),
        alerts=answers,
        kinds=POSTED_KINDS,
    )


CONSTANTS: Final[Mapping[str, Callable[[Cell, int], Trial]]] = {
    "shipped": shipped,
    "learned": learned,
    "posted": posted,
}
"""By source, from a cell and the number of its nominal recordings to what is tried."""
RAISING: Final = ("shipped", "learned")
"""Verdicts on posted series raise no alarms."""


def product() -> tuple[Mission, ModelFile]:
    """The default mission and its model."""
    mission = load_mission(MISSION)
    return mission, ModelFile(REPOSITORY / mission.model.name / mission.model.version)


def without_constants(calibration: Calibration) -> Calibration:
    """What a model's constants are for a mission whose channels they do not cover."""
    return replace(calibration, channels={}, subsystems={})


def nominal_fleets(cell: Cell, recordings: int, steps: int) -> list[Fleet]:
    return [cell.simulated(NOMINAL_SEED + 10_000 * number, steps) for number in range(recordings)]


def judged_telemetry(
    tracks: Sequence[Track],
    mission: Mission,
    model: ModelFile,
    constants: Mapping[Key, Calibration] | None = None,
) -> Verdicts:
    """Judge what rules and the periodic check pick of the messages that carry these samples."""
    places = {track.satellite_id: track.satellite for track in tracks}
    known = constants or {}

    def learned(satellites: Sequence[str], subsystem: str) -> Mapping[str, Calibration]:
        keys = {satellite: (places[satellite], subsystem) for satellite in satellites}
        return {satellite: known[key] for satellite, key in keys.items() if key in known}

    model.learned = learned
    return judgements(verdicts(records_of(tracks), mission, model))
