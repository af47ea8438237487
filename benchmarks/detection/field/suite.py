"""Suite field: telemetry as it may come, by sampling interval, form of packets and source of the constants.

Each cell runs the product's own path in this process, with the default mission: messages, the trigger's
windows and periodic check, tasks, the worker's model call and score; or requests instead of messages.
Nominal satellites give the false alarms, satellites with one fault each what is found, and when.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import product
from time import monotonic
from typing import Any, Final

from benchmarks.detection.alarm_service.reading import read_back, server, told
from benchmarks.detection.evaluation.alerts import Alerts, Verdicts
from benchmarks.detection.evaluation.report import ALARMS, Options, Report, config_hash, progress, table
from benchmarks.detection.field.faults import (
    EVERY_CHANNEL,
    FAULT_STEPS,
    FAULTS,
    LEAD_STEPS,
)
from benchmarks.detection.field.figures import (
    LEARNING,
    NOT_JUDGED,
    Outcome,
    alarms_of,
    detection_document,
    outcomes_of,
    totals_of,
)
from benchmarks.detection.field.posted import POSTED_EVERY
from benchmarks.detection.field.sources import (
    CONSTANTS,
    FAULT_SEED,
    LEARNED_SEED,
    NOMINAL_SEED,
    NOMINAL_STEPS,
    POSTED_STEPS,
    Cell,
)
from benchmarks.detection.field.telemetry import Packets
from benchmarks.detection.field.tried import Tried, tried_of
from scoring.alert_rule import ENOUGH_SCORE, HOLD_US
from telemetry_core.service.settings import Settings
from training.data.nominal import SATELLITES

INTERVALS_S: Final = (0.1, 1.0, 2.0, 5.0, 7.0, 10.0, 30.0, 60.0, 120.0)
MOST_PROCESSES: Final = 4
"""Each holds a model of its own."""
RECORDINGS: Final = 3
HEAD: Final = (
    "constants, packets", "interval, s", "verdicts", "warming up", "learning", "anomalous", "per 1,000",
    "alerts/day", *FAULTS, "no fault", "faults", "delay, s", "samples",
)  # fmt: skip


def matrix(constants: Sequence[str]) -> list[Cell]:
    """The cells of some sources; whole series are posted, whatever packets brought them."""
    return [
        Cell(interval_s=interval_s, packets=packets, constants=source)
        for interval_s, packets, source in product(INTERVALS_S, Packets, constants)
        if source != "posted" or packets is Packets.ONE
    ]


def run(options: Options) -> Report:
    """Judge every cell; a line of each goes to stderr while it runs.

    Raises:
        AlarmsDifferError: What was read back from the alarm service is not what the rule makes.
    """
    is_read_back = options.through == ALARMS
    with ExitStack() as opened:
        template = opened.enter_context(server()) if is_read_back else None
        pool = opened.enter_context(ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1)))
        one = partial(measured, recordings=options.seeds, template=template)
        cells = list(pool.map(one, matrix(options.constants)))
    return report_of(cells, options.seeds)


def measured(
    cell: Cell, *, recordings: int, kinds: Sequence[str] = tuple(FAULTS), template: Settings | None = None
) -> dict[str, Any]:
    """Judge one cell: nominal recordings of ten satellites each, and every kind of fault.

    With the database that is copied for it, alerts are what the alarm service keeps.
    """
    started_s = monotonic()
    trial = CONSTANTS[cell.constants](cell, recordings)
    tried = tried_of(cell, trial, kinds)
    verdicts = tried.all_verdicts
    alerts = trial.alerts(verdicts) if template is None else read_back(template, verdicts)
    nominal = nominal_document(cell, tried, alerts)
    outcomes = {kind: outcomes_of(tried.injections[kind], tried.faulty, alerts) for kind in kinds}
    document = {
        "interval_s": cell.interval_s,
        "packets": str(cell.packets),
        "constants": cell.constants,
        "state": state_of(nominal),
        "learned": trial.learned,
        "nominal": nominal,
        "all_faults": detection_document([one for of_kind in outcomes.values() for one in of_kind]),
        "faults": {
            kind: detection_document(of_kind) | {"channels": results_by_channel(of_kind)}
            for kind, of_kind in outcomes.items()
        },
        "without_fault": detection_document(outcomes_of(tried.unstruck, tried.without_fault, alerts)),
        "read_back": None if template is None else counts_of(verdicts, alerts),
        "seconds": round(monotonic() - started_s, 1),
    }
    progress(line_of(document))
    return document


def counts_of(verdicts: Verdicts, alerts: Alerts) -> dict[str, int]:
    """How many verdicts went through the alarm service, and how many alarms were read back."""
    return {
        "verdicts": sum(map(len, verdicts.values())),
        "alarms": sum(map(len, alerts.values())),
    }


def state_of(nominal: Mapping[str, Any]) -> str:
    """Whether verdicts of a cell were judged, or the word for why none was."""
    if nominal["judged"]:
        return "judged"
    return LEARNING if nominal["learning"] else NOT_JUDGED


def nominal_document(cell: Cell, tried: Tried, alerts: Alerts) -> dict[str, Any]:
    """Counts and rates over all recordings, and of each subsystem."""
    of_subsystem = {
        name: alarms_of(
            {key: found for key, found in tried.nominal.items() if key[1] == name}, alerts, tried.days
        ).document()
        for name in cell.subsystems
    }
    return alarms_of(tried.nominal, alerts, tried.days).document() | {"subsystems": of_subsystem}


def results_by_channel(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {f"{one.injection.subsystem}.{one.injection.channel}": one.result for one in outcomes}


def report_of(cells: Sequence[dict[str, Any]], recordings: int) -> Report:
    """Totals, table and JSON of the cells."""
    config = {
        "recordings": recordings,
        "satellites": SATELLITES,
        "nominal_steps": NOMINAL_STEPS,
        "posted_steps": POSTED_STEPS,
        "posted_every": POSTED_EVERY,
        "lead_steps": LEAD_STEPS,
        "fault_steps": FAULT_STEPS,
        "one_channel_in": EVERY_CHANNEL,
        "seeds": {"nominal": NOMINAL_SEED, "faults": FAULT_SEED, "learned": LEARNED_SEED},
        "alert_rule": {"enough_score": ENOUGH_SCORE, "hold_us": HOLD_US},
    }
    by_constants = {
        source: totals_of([cell for cell in cells if cell["constants"] == source])
        for source in dict.fromkeys(cell["constants"] for cell in cells)
    }
    return Report(
        totals=totals_of(cells) | {"config_hash": config_hash(config)},
        detected={},
        lines=[*table(HEAD, [row_of(cell) for cell in cells]), *read_back_lines(cells)],
        details={"config": config, "totals_by_constants": by_constants, "cells": cells},
    )


def read_back_lines(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say how much was read back, if anything was."""
    found = [cell["read_back"] for cell in cells if cell["read_back"]]
    return (
        [told(*(sum(counts[name] for counts in found) for name in ("verdicts", "alarms")))] if found else []
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
        figure(cell["without_fault"]["found_share"], word),
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
