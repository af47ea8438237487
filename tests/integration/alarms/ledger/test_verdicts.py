"""Verdicts through the service as it is started, killed amid them: its alarms are those of the rule."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.detection.alarm_service.commits import batches_of, delivered
from benchmarks.detection.alarm_service.reading import AlarmsDifferError, read_back, require_equal
from benchmarks.detection.evaluation.alerts import Verdicts, by_rule
from benchmarks.detection.evaluation.report import ALARMS, RULE, Options
from benchmarks.detection.field.sources import Cell
from benchmarks.detection.field.suite import measured
from benchmarks.detection.field.telemetry import Packets
from benchmarks.detection.recorded import causal
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of
from telemetry_core.service.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.slow]

START_US = 1_777_636_800_000_000
SUBSYSTEMS = ("eps", "comm")


@pytest.fixture
def template(postgres_server: Settings, migrated: str) -> Settings:
    return postgres_server.model_copy(update={"postgres_db": migrated})


def verdict(chance: random.Random, satellite_id: str, at_us: int, *, is_odd: bool) -> Judged:
    is_anomalous = chance.random() < (0.6 if is_odd else 0.01)
    score = round(chance.uniform(0.71, 0.99) if is_anomalous else chance.uniform(0.0, 0.7), 4)
    scored = Verdict.ANOMALOUS if is_anomalous else Verdict.NOMINAL
    word = chance.choice([scored] * 30 + [Verdict.WARMING_UP, Verdict.LEARNING, None])
    return Judged(
        job_id=job_id_of(satellite_id, at_us),
        at_us=at_us,
        verdict=word,
        score=score if word is scored else None,
    )


def any_verdicts(satellites: int, each: int) -> Verdicts:
    """Some satellites with stretches of anomalies, twenty seconds and a few microseconds apart."""
    chance = random.Random(5)
    return {
        (f"SAT-{number}", subsystem): [
            verdict(
                chance,
                f"SAT-{number}",
                START_US + step * 20_000_000 + number,
                is_odd=(step + 40 * number) % 150 > 120,
            )
            for step in range(each)
        ]
        for number in range(satellites)
        for subsystem in SUBSYSTEMS
    }


def test_any_verdicts_become_the_rules_alerts_through_a_kill_late_and_repeated_batches(
    template: Settings,
) -> None:
    verdicts = any_verdicts(satellites=4, each=500)
    found = [alert for alerts in read_back(template, verdicts).values() for alert in alerts]
    assert len(found) > 20
    assert {alert.ended_us is None for alert in found} == {True, False}


def test_some_batches_come_twice_and_some_behind_the_next_one() -> None:
    batches = batches_of(any_verdicts(satellites=2, each=500))
    numbers = {id(batch): number for number, batch in enumerate(batches)}
    order = [numbers[id(batch)] for batch in delivered(batches)]
    assert order == [0, 1, 2, 1, 3, 5, 4, 6, 7, 8, 9]


def test_alarms_that_are_not_the_rules_are_refused() -> None:
    verdicts = any_verdicts(satellites=1, each=300)
    found = by_rule(verdicts)
    require_equal(found, verdicts)
    found["SAT-0", "eps"].pop()
    with pytest.raises(AlarmsDifferError, match=r"1 of 2 .* \('SAT-0', 'eps'\)"):
        require_equal(found, verdicts)


def test_a_cell_of_suite_field_has_the_same_figures(template: Settings) -> None:
    cell = Cell(interval_s=1.0, packets=Packets.ONE, constants="shipped", subsystems=("comm",))
    kinds = ["step", "fill value"]
    computed, kept = (
        measured(cell, recordings=1, kinds=kinds, template=through) for through in (None, template)
    )
    counts = kept.pop("read_back")
    assert computed.pop("read_back") is None
    assert counts["verdicts"] > counts["alarms"] >= kept["all_faults"]["found"] > 0
    del computed["seconds"], kept["seconds"]
    assert kept == computed


def test_the_causal_suite_has_the_same_figures(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    lines = ["chan_id,anomaly_sequences"]
    for channel in ("X-1", "X-2"):
        telemetry = generator.normal(size=(4_500, 1))
        telemetry[3_400:3_500] += 6
        np.savez(tmp_path / f"{channel}.npz", train=telemetry[:2_500], test=telemetry[2_500:])
        lines.append(f'{channel},"[[900, 999]]"')
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def totals(through: str) -> dict[str, Any]:
        return dict(causal.run(Options(data=tmp_path, seeds=1, through=through)).totals)

    assert totals(ALARMS) == totals(RULE)
    assert totals(RULE)["tp"] == 2
