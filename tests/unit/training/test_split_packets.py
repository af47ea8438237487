"""Nominal telemetry is nominal however it is split into packets; a channel that ceases is found."""

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis_server.judging.inference import infer_windows
from analysis_server.windows.window_sets import windows_of_batch
from kafka_inference_trigger.trigger import InferenceTrigger
from recordings.preview import ModelFile
from simulator.constellation import satellite_ids, simulate
from simulator.faults import parse_fault
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.service.settings import load_mission
from tests.unit.training.simulated_records import Message, records_of_messages

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
STEPS = 96
Split = Callable[[Iterable[Message]], Iterator[Message]]

MODEL = ModelFile(CHECKOUT / "model_repository" / "lstm_timeseries" / "1")
DEFAULT = load_mission(CHECKOUT / "missions" / "default.yaml")
MISSION = DEFAULT.model_copy(update={"periodic": DEFAULT.periodic.model_copy(update={"share": 1.0})})


def part(message: Message, *, is_battery: bool) -> Message:
    """The battery's channels of eps, or the eight others."""
    eps = {name: value for name, value in message["eps"].items() if name.startswith("battery_") == is_battery}
    return {name: message[name] for name in ("timestamp", "satellite_id")} | {"eps": eps}


def one_packet(messages: Iterable[Message]) -> Iterator[Message]:
    yield from messages


def by_groups(messages: Iterable[Message]) -> Iterator[Message]:
    for message in messages:
        yield part(message, is_battery=True)
        yield part(message, is_battery=False)


def by_turns(messages: Iterable[Message]) -> Iterator[Message]:
    for number, message in enumerate(messages):
        yield part(message, is_battery=number % 2 == 0)


def battery_alone(messages: Iterable[Message]) -> Iterator[Message]:
    for message in messages:
        yield part(message, is_battery=True)


def judged(split: Split, fault: str | None = None) -> list[SubsystemInference]:
    """Verdicts on eps after every packet: a sample set of which only some came is judged, too."""
    faults = [parse_fault(fault, satellite_ids(1))] if fault else []
    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START)
    rows: list[SubsystemInference] = []
    for record in records_of_messages(split(simulate(1, START, 1.0, STEPS, 11, faults))):
        for batch in trigger.plan([record]).batches:
            if batch.subsystem == "eps":
                rows += infer_windows(
                    windows_of_batch(batch), infer=MODEL.infer, calibration=MODEL.calibration
                )
    return rows


@pytest.mark.parametrize("split", [one_packet, by_groups, by_turns, battery_alone])
def test_nominal_telemetry_is_nominal_however_it_is_split(split: Split) -> None:
    found = [row.verdict for row in judged(split)]
    assert set(found) == {Verdict.WARMING_UP, Verdict.NOMINAL}
    assert found.count(Verdict.WARMING_UP) <= 20


@pytest.mark.parametrize(
    ("split", "channels"), [(battery_alone, 4), (by_turns, 12)], ids=["absent", "by turns"]
)
def test_row_names_the_channels_that_have_no_window(split: Split, channels: int) -> None:
    row = judged(split)[-1]
    without = row.input_data.get("without_window", {})
    assert set(without.values()) <= {"never seen"}
    assert len(row.input_features) - len(without) == channels


@pytest.mark.parametrize("split", [one_packet, by_groups, by_turns, battery_alone])
def test_channel_that_ceases_is_found_within_twelve_of_its_intervals(split: Split) -> None:
    rows = judged(split, "dropout:battery_voltage@60")
    interval_s = 2 if split is by_turns else 1
    after_s = [
        (row.generated_at - START).total_seconds() - 60
        for row in rows
        if row.anomaly_detected and row.generated_at
    ]
    assert after_s
    assert 0 <= after_s[0] <= 12 * interval_s
    assert rows[-1].verdict is Verdict.ANOMALOUS


def as_before(batch: InferenceBatch) -> InferenceBatch:
    """The same windows in the form of the former schema, in which they were calibrated."""
    windows = windows_of_batch(batch).windows.astype("<f4")
    text = base64.b64encode(windows.tobytes()).decode()
    return replace(batch, schema=2, channels_base64="", windows_base64=text)


@pytest.mark.parametrize("interval_s", [0.5, 5.0])
def test_scores_of_one_packet_are_those_that_the_shipped_constants_were_fitted_to(interval_s: float) -> None:
    """Only where float32 holds few digits of a window does the model see another number than it did."""
    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START)
    records = records_of_messages(one_packet(simulate(1, START, interval_s, 90, 12)))
    changes = []
    for batch in trigger.plan(records).batches:
        found, expected = (
            infer_windows(windows_of_batch(one), infer=MODEL.infer, calibration=MODEL.calibration)
            for one in (batch, as_before(batch))
        )
        assert [row.verdict for row in found] == [row.verdict for row in expected]
        changes += [
            abs(now.anomaly_score - before.anomaly_score)
            for now, before in zip(found, expected, strict=True)
            if now.anomaly_score is not None and before.anomaly_score is not None
        ]
    assert len(changes) == 4 * (90 - 9)
    assert max(changes) <= 2e-3
    assert sum(change > 5e-5 for change in changes) <= 0.05 * len(changes)


def test_forecast_of_a_channel_goes_on_from_its_own_last_sample() -> None:
    *_, before, last = judged(by_turns)
    axes = {row.generated_at: row.input_data["axes"] for row in (before, last)}
    for end, channels in axes.items():
        assert end is not None
        assert {axis["interval_s"] for axis in channels.values()} == {2.0}
        ends = [datetime.fromisoformat(axis["end"]) for axis in channels.values()]
        assert {(end - moment).total_seconds() for moment in ends} == {1.0}
