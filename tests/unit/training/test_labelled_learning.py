"""What people called nominal is learned, faults are found as before, what they called true among them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.detection.field.faults import FAULTS, Moments
from scoring.alert_rule import is_alert
from scoring.fitting.history import History, Marks, Samples, marked_by_limits
from scoring.fitting.learning import Events, learn, scores_of
from scoring.fitting.outcome import Learned, NotLearned
from scoring.fitting.stored import Subject
from scoring.measures.model_units import Numbers
from scoring.measures.windows import Windows
from simulator.constellation import nominal_arrays
from simulator.physics.sensors import SENSORS
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from telemetry_core.service.settings import load_mission
from training.data.calibration_windows import StepPredictor
from training.data.nominal import MISSION, Sampling

pytestmark = pytest.mark.slow

INTERVAL_S = 20.0
LEARNED_FROM, LATER = 2_600, 450
SLEW = 30
"""Samples that a manoeuvre takes."""
AT = 2_300
"""Of the manoeuvre: in the last fifth, of which nothing else is fitted."""
AGAIN = LEARNED_FROM + 150
FAULT = 100
SUBSYSTEM = "aocs"
DEFAULT = load_mission(MISSION)
SAMPLING = Sampling(seed=960_000, interval_s=INTERVAL_S, steps=LEARNED_FROM + LATER)
MODEL = Path(__file__).parents[3] / "model_repository" / "lstm_timeseries" / "1" / "model.onnx"
STEP = StepPredictor(MODEL)

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]


def predict(windows: Numbers) -> Windows:
    return STEP(windows.astype(np.float32))


def simulated() -> dict[str, Floats]:
    telemetry = nominal_arrays(1, SAMPLING.start, INTERVAL_S, SAMPLING.steps, SAMPLING.seed)[SUBSYSTEM]
    return {name: telemetry[name][:, 0].astype(np.float64) for name in DEFAULT.subsystems[SUBSYSTEM].features}


NOMINAL = simulated()


def with_slew(values: Values, at: int, seed: int) -> dict[str, Floats]:
    """Turn the satellite for ten minutes: three channels swing, each time by another tenth."""
    rng = np.random.default_rng(seed)
    swing = np.sin(np.pi * (np.arange(SLEW) + 0.5) / SLEW)
    turned = {name: own.copy() for name, own in values.items()}
    for name in list(values)[:3]:
        sensor = SENSORS[SUBSYSTEM][name]
        size = 2.5 * sensor.span * rng.uniform(0.9, 1.1)
        moved = turned[name][at : at + SLEW] + size * swing
        turned[name][at : at + SLEW] = np.clip(moved, sensor.low, sensor.high)
    return turned


def with_fault(values: Values, kind: str, channel: str, at: int) -> dict[str, Floats]:
    """Strike a channel with a fifth of a usual fault, or let it stand still."""
    sensor = SENSORS[SUBSYSTEM][channel]
    own = values[channel][at : at + FAULT]
    struck = FAULTS[kind](
        Moments(values=own, since_s=INTERVAL_S * np.arange(own.size, dtype=np.float64), interval_s=INTERVAL_S,
                span=sensor.span, generator=np.random.default_rng(len(kind)))
    )  # fmt: skip
    share = 1.0 if kind == "stuck" else 0.2
    faulty = np.clip(own + share * (struck - own), sensor.low, sensor.high)
    changed = values[channel].copy()
    changed[at : at + FAULT] = faulty
    return {**values, channel: changed}


def history_of(values: Values) -> History:
    times_us = (np.arange(next(iter(values.values())).size) * INTERVAL_S * 1e6).astype(np.int64)
    return History.of_samples(
        {name: Samples(times_us=times_us, values=own) for name, own in values.items()}, DEFAULT.window
    )


def subject(values: Values) -> Subject:
    return Subject(
        subsystem=SUBSYSTEM, intervals_s=dict.fromkeys(values, (INTERVAL_S, INTERVAL_S)), detection={},
        predict=predict,
    )  # fmt: skip


def learned_from(values: Values, marks: Marks) -> Learned:
    history = history_of({name: own[:LEARNED_FROM] for name, own in values.items()})
    limits = marked_by_limits(
        dict(zip(history.channels, history.values, strict=True)), DEFAULT.subsystems[SUBSYSTEM]
    )
    events = Events(history=history, spans_us=marks.events_us)
    return learn(history.marked(limits, marks), subject(values), events)


def anomalous_ends(learned: Learned, values: Values, first: int, last: int) -> list[int]:
    """Where a window ends whose verdict is anomalous, of those from a place to another one."""
    names = [name for name in values if f"{SUBSYSTEM}.{name}" in learned.document["channels"]]
    history = history_of(values).of_channels(names)
    ends = np.arange(first, last, 2)
    scores = scores_of(history, ends, learned.document, subject(values)).score
    found = ends[scores > ANOMALY_THRESHOLD].tolist()
    return found if is_alert(scores, history.times_us[ends]) else []


def places_us(first: int, last: int) -> tuple[int, int]:
    return int(first * INTERVAL_S * 1e6), int(last * INTERVAL_S * 1e6)


def marks_of(ends: list[int]) -> Marks:
    """What an alert of these windows leaves behind, while nobody has said anything of it."""
    return Marks(alerts_us=[places_us(end - 63, end) for end in ends])


def nominal(ends: list[int]) -> Marks:
    return Marks(alerts_us=marks_of(ends).alerts_us, nominal_us=[places_us(ends[0], ends[-1])])


def found(learned: Learned, kinds: list[str]) -> int:
    return sum(
        bool(anomalous_ends(learned, with_fault(NOMINAL, kind, channel, AGAIN), AGAIN, AGAIN + FAULT))
        for kind in kinds
        for channel in list(NOMINAL)[::2]
    )


def test_what_was_called_false_does_not_come_again_and_faults_are_found_as_before() -> None:
    turned = with_slew(NOMINAL, AT, seed=1)
    ends = anomalous_ends(learned_from(NOMINAL, Marks()), turned, AT - 5, AT + 100)
    assert ends, "who never saw it is alarmed"
    unsaid, said = learned_from(turned, marks_of(ends)), learned_from(turned, nominal(ends))
    for seed in (2, 3):
        again = with_slew(NOMINAL, AGAIN, seed)
        assert anomalous_ends(unsaid, again, AGAIN - 5, AGAIN + 100), "nobody said anything"
        assert not anomalous_ends(said, again, AGAIN - 5, AGAIN + 100)
    kinds = ["step", "drift", "stuck", "noise"]
    before = found(unsaid, kinds)
    assert before >= 18, "of 24"
    assert found(said, kinds) >= before - 1, "a weak drift of a channel that turns is like a turn"


def test_constants_that_miss_what_was_called_true_are_refused() -> None:
    first, second = with_slew(NOMINAL, 1_500, seed=1), with_slew(NOMINAL, AT, seed=2)
    turned = {name: np.where(np.arange(own.size) < 2_000, first[name], own) for name, own in second.items()}
    told = nominal(list(range(1_500, 1_560)))
    event = places_us(AT, AT + SLEW)
    marks = Marks(nominal_us=told.nominal_us, anomalous_us=[event], events_us=[event])
    with pytest.raises(NotLearned, match="1 of 1 alerts that were called true would be missed") as why:
        learned_from(turned, marks)
    assert why.value.reason == "check_failed"
    assert why.value.refused is not None
    unsaid = Marks(anomalous_us=[event, places_us(1_500, 1_560)], events_us=[event])
    assert learned_from(turned, unsaid).false_alarms == 0
