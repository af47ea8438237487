"""Constants that simulated telemetry of an uncovered cadence gives, and what gives none."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.alert_rule import ENOUGH_SCORE
from scoring.calibration import parse_calibration
from scoring.fitting.history import History, Samples, marked_by_limits
from scoring.fitting.learning import NEEDED_SAMPLES, learn, scores_of
from scoring.fitting.outcome import Learned, NotLearned
from scoring.fitting.stored import Subject
from scoring.measures.model_units import Numbers
from scoring.measures.windows import Windows
from scoring.scores import MIN_SAMPLES
from simulator.constellation import nominal_arrays
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from telemetry_core.service.settings import load_mission
from training.data.calibration_windows import StepPredictor
from training.data.nominal import MISSION, Sampling

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]

INTERVAL_S = 20.0
LATER = 500
DEFAULT = load_mission(MISSION)
SAMPLING = Sampling(seed=91_000, interval_s=INTERVAL_S, steps=NEEDED_SAMPLES + LATER)
TELEMETRY = nominal_arrays(1, SAMPLING.start, INTERVAL_S, SAMPLING.steps, SAMPLING.seed)
STEP = StepPredictor(CHECKOUT / "model_repository" / "lstm_timeseries" / "1" / "model.onnx")

Floats = NDArray[np.float64]


def predict(windows: Numbers) -> Windows:
    return STEP(windows.astype(np.float32))


def simulated(subsystem: str) -> dict[str, Floats]:
    return {
        name: TELEMETRY[subsystem][name][:, 0].astype(np.float64)
        for name in DEFAULT.subsystems[subsystem].features
    }


def history_of(values: dict[str, Floats]) -> History:
    samples = {
        name: Samples(
            times_us=(np.flatnonzero(np.isfinite(own)) * INTERVAL_S * 1e6).astype(np.int64),
            values=own[np.isfinite(own)],
        )
        for name, own in values.items()
    }
    return History.of_samples(samples, DEFAULT.window)


def subject(values: dict[str, Floats], subsystem: str = "thermal", **detection: Detection) -> Subject:
    return Subject(
        subsystem=subsystem,
        intervals_s=dict.fromkeys(values, (INTERVAL_S, INTERVAL_S)),
        detection=detection,
        predict=predict,
    )


def learned_from(values: dict[str, Floats], subsystem: str = "thermal") -> Learned:
    return learn(history_of(first(values)), subject(values, subsystem))


def first(values: dict[str, Floats], count: int = NEEDED_SAMPLES) -> dict[str, Floats]:
    return {name: own[:count] for name, own in values.items()}


def later_scores(learned: Learned, values: dict[str, Floats], subsystem: str = "thermal") -> Floats:
    names = [name for name in values if f"{subsystem}.{name}" in learned.document["channels"]]
    history = history_of({name: values[name] for name in names})
    ends = np.arange(NEEDED_SAMPLES + 64, NEEDED_SAMPLES + LATER, 3)
    return scores_of(history, ends, learned.document, subject(values, subsystem)).score


def test_two_thousand_samples_give_constants_that_hold_and_find_a_fault() -> None:
    values = simulated("thermal")
    learned = learned_from(values)
    assert learned.samples == NEEDED_SAMPLES
    assert learned.false_alarms == 0
    assert learned.verdicts > 200
    assert learned.intervals_s[0] < INTERVAL_S < learned.intervals_s[1]
    calibration = parse_calibration(learned.document, learned.hash)
    assert set(calibration.channels) == {f"thermal.{name}" for name in values}
    assert not (later_scores(learned, values) > ANOMALY_THRESHOLD).any()
    values["obc_temp"][NEEDED_SAMPLES:] += 40
    assert (later_scores(learned, values) > ANOMALY_THRESHOLD).mean() > 0.9


def test_all_of_the_last_fifth_is_checked_however_many_channels_there_are() -> None:
    values = {f"c{number}": noise(number) for number in range(30)}
    last_fifth = (NEEDED_SAMPLES - MIN_SAMPLES + 1) // 5
    assert learned_from(values).verdicts == pytest.approx(last_fifth - 64, abs=2)


def test_fewer_samples_give_none() -> None:
    values = first(simulated("thermal"), NEEDED_SAMPLES - 1)
    with pytest.raises(NotLearned, match=f"{NEEDED_SAMPLES - 1} of {NEEDED_SAMPLES}") as why:
        learn(history_of(values), subject(values))
    assert why.value.reason == "too_few_samples"


def test_the_same_telemetry_gives_the_same_constants() -> None:
    values = {"obc_temp": simulated("thermal")["obc_temp"]}
    assert learned_from(values).hash == learned_from(values).hash


def test_a_constant_channel_is_quiet_and_its_first_change_is_found() -> None:
    values = {"flat": np.full(NEEDED_SAMPLES + LATER, 7.0), "zero": np.zeros(NEEDED_SAMPLES + LATER)}
    learned = learned_from(values)
    assert not (later_scores(learned, values) > ANOMALY_THRESHOLD).any()
    values["flat"][NEEDED_SAMPLES:] = 8.0
    assert (later_scores(learned, values) > ANOMALY_THRESHOLD).mean() > 0.9


def test_a_channel_without_samples_is_left_out_and_the_others_are_learned() -> None:
    values = simulated("thermal")
    values["comm_temp"][:] = np.nan
    values["obc_temp"][::50] = np.nan
    learned = learned_from(values)
    assert "thermal.comm_temp" not in learned.document["channels"]
    assert len(learned.document["channels"]) == len(values) - 1


@pytest.mark.parametrize("factor", [1e-12, 1e30])
def test_values_of_any_size_are_learned(factor: float) -> None:
    wave = 5 + np.sin(np.arange(NEEDED_SAMPLES + LATER) / 9) + 0.1 * noise()
    values = {"wave": wave * factor}
    assert not (later_scores(learned_from(values), values) > ANOMALY_THRESHOLD).any()


def test_a_channel_whose_last_fifth_is_another_one_is_left_out() -> None:
    values = {"a": noise(1), "b": noise(2), "c": noise(3)}
    values["b"][NEEDED_SAMPLES * 9 // 10 :] += 30
    assert set(learned_from(values).document["channels"]) == {"thermal.a", "thermal.c"}


def test_what_does_not_hold_on_the_last_fifth_is_refused_with_its_figures() -> None:
    values = {"a": noise(1)}
    values["a"][NEEDED_SAMPLES * 9 // 10 :] += 30
    with pytest.raises(NotLearned) as why:
        learned_from(values)
    assert why.value.reason == "check_failed"
    assert why.value.refused is not None
    assert why.value.refused.false_alarms > 0
    assert why.value.refused.rates_per_day.expected > 1


def test_levels_that_never_came_back_give_none() -> None:
    with pytest.raises(NotLearned, match="1 of 1 channels") as why:
        learned_from({"a": noise(1) + np.arange(NEEDED_SAMPLES + LATER) / 50})
    assert why.value.reason == "not_settled"


def panel_voltages() -> dict[str, Floats]:
    """Of a panel that lies in sunlight for two thirds of an orbit of 280 samples, with one beside it."""
    steps = np.arange(NEEDED_SAMPLES + LATER)
    return {
        name: np.where((steps + shift) % 280 < 187, 6.9, 0.0) + 0.01 * noise(shift)
        for name, shift in (("a", 40), ("b", 45))
    }


def with_samples_within_jumps(values: dict[str, Floats], start: int, end: int) -> None:
    """Let a sample fall within each jump between two places."""
    for own in values.values():
        jumps = start + np.flatnonzero(np.abs(np.diff(own[start:end])) > 1)
        assert jumps.size > 2
        own[jumps] = np.resize([2.0, 5.0, 3.5, 4.0], jumps.size)


def test_a_sample_within_a_jump_is_nominal_where_none_was_seen() -> None:
    values = panel_voltages()
    learned = learned_from(values)
    with_samples_within_jumps(values, NEEDED_SAMPLES, NEEDED_SAMPLES + LATER)
    assert not (later_scores(learned, values) > ANOMALY_THRESHOLD).any()


def test_a_channel_that_jumps_every_orbit_hides_no_noise() -> None:
    values = panel_voltages()
    with_samples_within_jumps(values, NEEDED_SAMPLES // 2, NEEDED_SAMPLES)
    learned = learned_from(values)
    values["a"][NEEDED_SAMPLES:] = np.maximum(values["a"] + 2.25 * noise(3), 0)[NEEDED_SAMPLES:]
    scores = later_scores(learned, values)
    assert (scores > ANOMALY_THRESHOLD).all()
    assert (scores >= ENOUGH_SCORE).mean() > 0.8, "limits of eleven hours are wide"


def test_a_counter_has_no_usual_level() -> None:
    counter = np.arange(NEEDED_SAMPLES + LATER, dtype=np.float64) % 700.0
    learned = learn(
        history_of(first({"a": counter, "b": noise(1)})),
        subject({"a": counter, "b": noise(1)}, a=Detection(modulo=700)),
    )
    assert learned.false_alarms == 0
    assert "thermal.a" in learned.document["channels"]


def test_a_satellite_that_breaks_its_limits_from_the_start_learns_nothing() -> None:
    values = first(simulated("thermal"))
    values["obc_temp"] += 200
    history = history_of(values)
    limits = marked_by_limits(values, DEFAULT.subsystems["thermal"])
    with pytest.raises(NotLearned) as why:
        learn(history.without(limits), subject(values))
    assert why.value.reason == "left_out"


def noise(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=NEEDED_SAMPLES + LATER)
