"""Telemetry sampled in a way that the constants were not fitted to is learning on the product's own path."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recordings.preview import ModelFile, learning, verdicts
from simulator.constellation import simulate
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.service.settings import load_mission
from tests.unit.training.simulated_records import Message, records_of_messages

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
STEPS = 90
REPOSITORY = CHECKOUT / "model_repository"
MODEL = ModelFile(REPOSITORY / "lstm_timeseries" / "1")
DEFAULT = load_mission(CHECKOUT / "missions" / "default.yaml")
MISSION = DEFAULT.model_copy(update={"periodic": DEFAULT.periodic.model_copy(update={"share": 1.0})})


def judged(messages: Iterable[Message], model: ModelFile = MODEL) -> list[SubsystemInference]:
    return list(verdicts(records_of_messages(messages), MISSION, model))


def with_rare_battery(messages: Iterable[Message]) -> Iterator[Message]:
    """The battery's channels of eps ten times more rarely than the others."""
    for number, message in enumerate(messages):
        eps = {
            name: value
            for name, value in message["eps"].items()
            if number % 10 == 0 or not name.startswith("battery_")
        }
        yield message | {"eps": eps}


@pytest.mark.parametrize(
    ("name", "interval_s", "calibrated_s"),
    [
        ("lstm_timeseries", 0.05, [0.1, 240.0]),
        ("lstm_timeseries", 300.0, [0.1, 240.0]),
        ("moving_average", 0.1, [0.5, 5.0]),
        ("transformer_timeseries", 10.0, [0.5, 5.0]),
        ("vae_timeseries", 120.0, [0.5, 5.0]),
    ],
)
def test_nominal_telemetry_at_other_intervals_is_learning_and_never_anomalous(
    name: str, interval_s: float, calibrated_s: list[float]
) -> None:
    model = ModelFile(REPOSITORY / name / "1")
    rows = judged(simulate(1, START, interval_s, STEPS, 11), model)
    assert {row.verdict for row in rows} == {Verdict.WARMING_UP, Verdict.LEARNING}
    found = [row for row in rows if row.verdict is Verdict.LEARNING]
    for row in found:
        assert (row.status, row.anomaly_score, row.anomaly_detected) == ("completed", None, None)
        assert row.predictions is not None
        assert None not in row.predictions[0]
        assert row.calibration_hash == model.calibration.hash
        told = row.input_data["not_calibrated"]
        assert set(told) == set(row.input_features)
        assert all(one == {"interval_s": interval_s, "calibrated_s": calibrated_s} for one in told.values())


@pytest.mark.parametrize("interval_s", [0.1, 10.0, 61.0, 120.0])
def test_nominal_telemetry_from_a_tenth_of_a_second_to_two_minutes_is_judged(interval_s: float) -> None:
    rows = judged(simulate(1, START, interval_s, STEPS, 11))
    assert {row.verdict for row in rows} == {Verdict.WARMING_UP, Verdict.NOMINAL}
    assert all("not_calibrated" not in row.input_data for row in rows)


@pytest.mark.parametrize("interval_s", [1.0, 5.0])
def test_what_is_covered_scores_as_with_constants_that_say_nothing(interval_s: float) -> None:
    former = ModelFile(REPOSITORY / "lstm_timeseries" / "1")
    former.calibration = replace(MODEL.calibration, format=1)
    now, before = (judged(simulate(1, START, interval_s, STEPS, 12), model) for model in (MODEL, former))
    columns = ("verdict", "anomaly_score", "contributions", "predictions", "input_data")
    assert [[getattr(row, name) for name in columns] for row in now] == [
        [getattr(row, name) for name in columns] for row in before
    ]
    assert Verdict.NOMINAL in {row.verdict for row in now}


def test_a_subsystem_is_judged_on_those_of_its_channels_that_are_covered() -> None:
    rows = [
        row for row in judged(with_rare_battery(simulate(1, START, 30.0, 150, 11))) if row.subsystem == "eps"
    ]
    last = rows[-1]
    battery = {name for name in last.input_features if name.startswith("battery_")}
    assert {row.verdict for row in rows} == {Verdict.WARMING_UP, Verdict.NOMINAL}
    assert last.input_data["without_window"] == dict.fromkeys(battery, "not calibrated")
    assert set(last.input_data["not_calibrated"]) == battery
    assert last.contributions is not None
    assert not battery & set(last.contributions)
    assert last.predictions is not None
    assert None not in last.predictions[0]


def test_preview_says_how_many_verdicts_are_learning_why_and_what_to_do() -> None:
    rows = judged(simulate(1, START, 300.0, 20, 11))
    assert len(learning(rows)) == len(MISSION.subsystems)
    assert learning(rows)[0].startswith(
        "11 verdicts on aocs are learning: samples every 300 s, calibrated for 0.1 to 240 s;"
        " run make calibrate RECORDING=..."
    )
    assert learning(judged(simulate(1, START, 1.0, 20, 11))) == []
