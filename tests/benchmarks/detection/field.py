"""Suite field: telemetry as it may come, by sampling interval, form of packets and source of the constants.

Each cell runs the product's own path in this process, with the default mission: messages, the trigger's
windows and periodic check, tasks, the worker's model call and score. Nominal satellites give the false
alarms, satellites with one fault each what is found, and when.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from time import monotonic
from typing import Any, Final

from analysis_server.calibration import Calibration
from telemetry_core.alert_rule import ENOUGH_SCORE, HOLD_US
from telemetry_core.settings import load_mission
from telemetry_core.stream import Record
from tests.benchmarks.detection.field_faults import EVERY_CHANNEL, FAULT_STEPS, FAULTS, LEAD_STEPS, cases_of
from tests.benchmarks.detection.field_figures import (
    LEARNING,
    NOT_JUDGED,
    Judgement,
    Outcome,
    alarms_of,
    detection_document,
    judgements,
    outcomes_of,
    totals_of,
)
from tests.benchmarks.detection.field_telemetry import (
    FEATURES,
    Fleet,
    Packets,
    records_of,
    satellite_days,
)
from tests.benchmarks.detection.report import Options, Report, config_hash, progress, table
from training.calibrate import REPOSITORY
from training.nominal import MISSION, SATELLITES
from training.preview import ModelFile, verdicts

INTERVALS_S: Final = (0.1, 1.0, 2.0, 5.0, 7.0, 10.0, 30.0, 60.0, 120.0)
CONSTANTS: Final[Mapping[str, Callable[[Calibration], Calibration]]] = {"shipped": lambda shipped: shipped}
"""Where the constants of the score come from, as what is made of the shipped ones."""
MOST_PROCESSES: Final = 4
"""Each holds a model of its own."""
RECORDINGS: Final = 3
NOMINAL_STEPS: Final = 160
NOMINAL_SEED: Final = 110_000
FAULT_SEED: Final = 100_000
"""Nothing was trained, calibrated or chosen on recordings of these seeds."""
HEAD: Final = (
    "constants, packets", "interval, s", "verdicts", "warming up", "learning", "anomalous", "per 1,000",
    "alerts/day", *FAULTS, "faults", "delay, s", "samples",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One way in which telemetry may come."""

    interval_s: float
    packets: Packets
    constants: str

    @property
    def seed(self) -> int:
        """The same for all forms of packets and constants: they are compared on the same telemetry."""
        return round(self.interval_s * 10)


class Judge:
    """The default mission's path from messages to verdicts."""

    def __init__(self, constants: str) -> None:
        self._mission = load_mission(MISSION)
        model = self._mission.model
        self._model = ModelFile(REPOSITORY / model.name / model.version)
        self._model.calibration = CONSTANTS[constants](self._model.calibration)

    def __call__(self, records: Sequence[Record]) -> list[Judgement]:
        """Judge what rules and the periodic check pick of these messages."""
        return judgements(verdicts(records, self._mission, self._model))


def matrix() -> list[Cell]:
    return [
        Cell(interval_s=interval_s, packets=packets, constants=constants)
        for interval_s, packets, constants in product(INTERVALS_S, Packets, CONSTANTS)
    ]


def run(options: Options) -> Report:
    """Judge every cell; a line of each goes to stderr while it runs."""
    with ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1)) as pool:
        cells = list(pool.map(partial(measured, recordings=options.seeds), matrix()))
    return report_of(cells, options.seeds)


def measured(cell: Cell, *, recordings: int, kinds: Sequence[str] = tuple(FAULTS)) -> dict[str, Any]:
    """Judge one cell: nominal recordings of ten satellites each, and every kind of fault."""
    started_s = monotonic()
    judge = Judge(cell.constants)
    nominal = nominal_document(cell, judge, recordings)
    outcomes = {kind: fault_outcomes(cell, judge, kind) for kind in kinds}
    document = {
        "interval_s": cell.interval_s,
        "packets": str(cell.packets),
        "constants": cell.constants,
        "state": state_of(nominal),
        "nominal": nominal,
        "all_faults": detection_document([one for of_kind in outcomes.values() for one in of_kind]),
        "faults": {
            kind: detection_document(of_kind) | {"channels": results_by_channel(of_kind)}
            for kind, of_kind in outcomes.items()
        },
        "seconds": round(monotonic() - started_s, 1),
    }
    progress(line_of(document))
    return document


def state_of(nominal: Mapping[str, Any]) -> str:
    """Whether verdicts of a cell were judged, or the word for why none was."""
    if nominal["judged"]:
        return "judged"
    return LEARNING if nominal["learning"] else NOT_JUDGED


def nominal_document(cell: Cell, judge: Judge, recordings: int) -> dict[str, Any]:
    """Counts and rates over all recordings, and of each subsystem."""
    found: list[Judgement] = []
    days = 0.0
    for number in range(recordings):
        seed = NOMINAL_SEED + 10_000 * number + cell.seed
        fleet = Fleet(seed=seed, interval_s=cell.interval_s, steps=NOMINAL_STEPS)
        tracks = [
            track
            for satellite in range(SATELLITES)
            for track in fleet.tracks(satellite, f"recording-{number}-{satellite}", cell.packets)
        ]
        found += judge(records_of(tracks))
        days += satellite_days(tracks)
    of_subsystem = {
        name: alarms_of([one for one in found if one.subsystem == name], days).document() for name in FEATURES
    }
    return alarms_of(found, days).document() | {"subsystems": of_subsystem}


def fault_outcomes(cell: Cell, judge: Judge, kind: str) -> list[Outcome]:
    """Inject a kind of fault, judge, and compare with what was injected."""
    seed = FAULT_SEED + cell.seed
    cases = list(cases_of(kind, seed=seed, interval_s=cell.interval_s, packets=cell.packets))
    found = judge(records_of([track for case in cases for track in case.tracks]))
    return outcomes_of([case.injection for case in cases], found)


def results_by_channel(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {f"{one.injection.subsystem}.{one.injection.channel}": one.result for one in outcomes}


def report_of(cells: Sequence[dict[str, Any]], recordings: int) -> Report:
    """Totals, table and JSON of the cells."""
    config = {
        "recordings": recordings,
        "satellites": SATELLITES,
        "nominal_steps": NOMINAL_STEPS,
        "lead_steps": LEAD_STEPS,
        "fault_steps": FAULT_STEPS,
        "one_channel_in": EVERY_CHANNEL,
        "seeds": {"nominal": NOMINAL_SEED, "faults": FAULT_SEED},
        "alert_rule": {"enough_score": ENOUGH_SCORE, "hold_us": HOLD_US},
    }
    return Report(
        totals=totals_of(cells) | {"config_hash": config_hash(config)},
        detected={},
        lines=table(HEAD, [row_of(cell) for cell in cells]),
        details={"config": config, "cells": cells},
    )


def row_of(cell: Mapping[str, Any]) -> list[str]:
    """A line of the table; of faults the share found."""
    nominal, together = cell["nominal"], cell["all_faults"]
    word = LEARNING if state_of(nominal) == LEARNING else NOT_JUDGED
    return [
        f"{cell['constants']}, {cell['packets']}",
        f"{cell['interval_s']:g}",
        *(str(nominal[name]) for name in ("verdicts", "warming_up", "learning", "anomalous")),
        *(figure(nominal[name], word) for name in ("false_alarms_per_1000", "alerts_per_day")),
        *(figure(of_kind["found_share"], word) for of_kind in cell["faults"].values()),
        str(together["faults"]),
        *(figure(together[name], word) for name in ("delay_median_s", "delay_median_samples")),
    ]


def figure(value: float | None, word: str) -> str:
    return word if value is None else f"{value:.4g}"


def line_of(cell: Mapping[str, Any]) -> str:
    """One cell while the others still run."""
    nominal, together = cell["nominal"], cell["all_faults"]
    head = f"{cell['constants']}, {cell['packets']}, {cell['interval_s']:g} s"
    tail = f"({cell['seconds']:.0f} s)"
    if not nominal["judged"]:
        unjudged = f"{nominal['warming_up']} warming up, {nominal['learning']} learning"
        return f"{head}: {cell['state']}, of {nominal['verdicts']} verdicts {unjudged} {tail}"
    return (
        f"{head}: {nominal['anomalous']} of {nominal['judged']} nominal verdicts anomalous,"
        f" {together['found']} of {together['faults']} faults found {tail}"
    )
