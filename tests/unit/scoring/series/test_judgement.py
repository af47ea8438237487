"""A series without history is judged against itself."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from scoring.series.judgement import LEVEL_LENGTHS
from scoring.window_score import score_unknown
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from training.data.nominal_series import NOMINAL
from training.data.posted_series import (
    CHOOSING,
    FAULTS,
    FITTING,
    OFFSETS,
    REPORTING,
    SCALES,
    Example,
    faulty_examples,
    nominal_examples,
)

Floats = npt.NDArray[np.float64]
STEPS = np.arange(64, dtype=np.float64)


def scores(series: Sequence[Sequence[float] | Floats]) -> Floats:
    longest = max(len(values) for values in series)
    rows = np.full((len(series), 1, longest), np.nan)
    for row, values in zip(rows, series, strict=True):
        row[0, longest - len(values) :] = values
    return score_unknown(rows, np.ones((len(rows), 1), np.bool_), np.zeros(1, np.bool_)).score


def score(values: Sequence[float] | Floats) -> float:
    return float(scores([values])[0])


def noise(seed: int = 1, length: int = 64) -> Floats:
    return np.random.default_rng(seed).normal(size=length)


def wave() -> Floats:
    return np.sin(STEPS / 7) + 0.02 * noise()


def changed(values: Floats, places: slice | int, to: float) -> Floats:
    faulty = values.copy()
    faulty[places] = to
    return faulty


@pytest.mark.parametrize("value", [0, 25, -3.7, 0.1, 101325.37, 1e12, 1e-9])
@pytest.mark.parametrize("length", [10, 64])
def test_flat_line_is_clearly_nominal(value: float, length: int) -> None:
    assert score([value] * length) == 0


@pytest.mark.parametrize("place", [5, 40, 63])
@pytest.mark.parametrize(("level", "spike"), [(0, 10), (0, 0.01), (25, 40), (24.486790859, -9999)])
def test_outlier_in_a_flat_line_is_anomalous(level: float, spike: float, place: int) -> None:
    assert score(changed(np.full(64, float(level)), place, spike)) > ANOMALY_THRESHOLD


@pytest.mark.parametrize("carrier", [noise(), wave(), wave() + 0.1 * STEPS, noise().cumsum()])
@pytest.mark.parametrize("place", [20, 50, 63])
@pytest.mark.parametrize("spike", [100.0, -9999.0, 1e30])
def test_outlier_is_anomalous_anywhere(carrier: Floats, place: int, spike: float) -> None:
    assert score(changed(carrier, place, spike)) > ANOMALY_THRESHOLD


@pytest.mark.parametrize("carrier", [noise(), wave(), wave() + 0.1 * STEPS, noise().cumsum()])
def test_step_stuck_dropout_and_gap_are_anomalous(carrier: Floats) -> None:
    faulty = [
        np.concatenate([carrier[:40], carrier[40:] + 20]),
        changed(carrier, slice(50, 64), carrier[50]),
        changed(carrier + 50, slice(54, 60), 0.0),
        changed(carrier, slice(54, 60), np.nan),
    ]
    assert (scores(faulty) > ANOMALY_THRESHOLD).all()


def test_several_fill_values_are_as_odd_as_one() -> None:
    assert score(changed(noise(), slice(10, 60, 7), -9999.0)) > ANOMALY_THRESHOLD


@pytest.mark.parametrize("modulo", [64, 256, 360, 1000, 65536])
@pytest.mark.parametrize("wrap_at", [8, 32, 60])
def test_wrap_of_a_counter_is_no_event(modulo: int, wrap_at: int) -> None:
    assert score((STEPS + modulo - wrap_at) % modulo) < ANOMALY_THRESHOLD


def test_wrap_of_an_angle_is_no_event() -> None:
    assert score((STEPS * 2.0 + 120 + 180) % 360 - 180) < ANOMALY_THRESHOLD


@pytest.mark.parametrize(
    "values",
    [
        np.repeat([20.0, 20.1], 32),
        np.repeat([20.0, 20.1, 20.2, 20.3], 16),
        np.where(STEPS % 10 < 5, 0.0, 28.0),
        np.where(STEPS == 40, 1.0, 0.0),
        np.arange(10.0),
    ],
    ids=["one step of a converter", "staircase", "switching", "flag", "short ramp"],
)
def test_usual_forms_are_nominal(values: Floats) -> None:
    assert score(values) < ANOMALY_THRESHOLD


@pytest.mark.parametrize(
    "values",
    [
        [(240 + i - (i > 20)) % 256 for i in range(40)],
        [(250 + i // 2) % 256 for i in range(40)],
        [(240 + 3 * i // 4) % 256 for i in range(40)],
    ],
    ids=["one pause", "every second sample", "three of four"],
)
def test_counter_that_pauses_before_it_wraps_is_nominal(values: list[float]) -> None:
    assert score(values) < ANOMALY_THRESHOLD


@pytest.mark.parametrize("level", [997, 998, 32766, 9998])
@pytest.mark.parametrize("counts", [(50, 14), (12, 1), (40, 1, 23)])
def test_value_beside_a_fill_value_is_a_measurement(level: float, counts: tuple[int, ...]) -> None:
    values = np.concatenate([np.full(count, level + place % 2) for place, count in enumerate(counts)])
    assert score(values) < ANOMALY_THRESHOLD


@pytest.mark.parametrize("fill", [999.0, -9999.0, 32767.0])
@pytest.mark.parametrize("level", [0.0, 20.0, 500.0])
def test_fill_value_in_a_flat_line_is_anomalous(level: float, fill: float) -> None:
    assert score(changed(np.full(64, level), slice(40, 44), fill)) > ANOMALY_THRESHOLD


@pytest.mark.parametrize(
    "values",
    [
        *(np.round(np.maximum(0, np.cos(2 * np.pi * (STEPS - 20) / orbit)), 3) for orbit in (20, 31, 62)),
        *(np.clip(np.sin(2 * np.pi * STEPS / period), -0.5, 0.5) for period in (8, 20, 31)),
        *(np.round(4 * (1 - np.exp(-STEPS / samples)), 1) for samples in (5, 8, 20, 60)),
        *(np.round(np.exp(-STEPS / samples), 6) for samples in (3, 6, 20)),
        np.exp(-STEPS / 3),
        np.array([0.0, 5, 12])[[0] * 9 + [1] * 4 + [2] * 20 + [0] * 3 + [1] * 28],
        np.isin(STEPS, (9, 30)) + 2.0 * (STEPS == 50),
        np.where(STEPS % 10 == 4, 1.0, 0.0) + 0.02 * noise(),
        np.random.default_rng(1).exponential(size=64),
    ],
)
def test_eclipse_saturation_settling_modes_pulses_and_waiting_times_are_nominal(values: Floats) -> None:
    assert score(values) < ANOMALY_THRESHOLD


def test_drift_and_steep_passage_are_as_the_page_says() -> None:
    drift = noise() + np.maximum(0, STEPS - 31) * 50 / 32
    turn = 2 * np.pi * STEPS / 93 + 0.3
    longitude = np.degrees(np.arctan2(np.cos(1.7) * np.sin(turn), np.cos(turn)))
    assert score(drift) < ANOMALY_THRESHOLD
    assert score((longitude + 280) % 360 - 180) > ANOMALY_THRESHOLD


def test_no_kind_of_nominal_series_is_flagged_often() -> None:
    examples = list(nominal_examples(CHOOSING[0], 200))
    carriers, flagged = np.array([example.carrier for example in examples]), found(examples)
    shares = {kind: flagged[carriers == kind].mean() for kind in NOMINAL}
    assert max(shares.values()) <= 0.02, shares  # 200 series tell 1 % to within 1 %


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_offset_and_scale_leave_the_verdict(offset: float, scale: float) -> None:
    series = [noise(), wave(), changed(noise(), 60, 15.0), changed(wave(), slice(50, 64), wave()[50])]
    moved = [(values + offset) * scale for values in series]
    assert scores(moved) == pytest.approx(scores(series), abs=0.01)


def test_verdict_of_a_series_does_not_depend_on_its_neighbours() -> None:
    series = [noise(seed) for seed in range(5)]
    assert scores(series).tolist() == [score(values) for values in series]


def found(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    return np.asarray(scores([example.values for example in examples]) > ANOMALY_THRESHOLD)


def test_reversed_nominal_series_stays_nominal() -> None:
    examples = list(nominal_examples(CHOOSING[0], 20))
    reversed_examples = [
        Example(carrier=example.carrier, fault=None, values=example.values[::-1])
        for example in examples
        if example.carrier != "counter"
    ]
    assert found(reversed_examples).mean() <= 0.01


def test_one_nominal_series_in_a_hundred_is_flagged_at_most() -> None:
    examples = list(nominal_examples(CHOOSING[0], 50))
    assert len({example.carrier for example in examples}) == len(NOMINAL)
    assert found(examples).mean() <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_nine_of_ten_faults_are_found(fault: str) -> None:
    faulty = [example for seed in CHOOSING[:3] for example in faulty_examples(seed, 40)]
    assert found([example for example in faulty if example.fault == fault]).mean() >= 0.9


def test_nothing_is_fitted_to_or_chosen_on_seeds_that_are_reported() -> None:
    assert not set(REPORTING) & {*FITTING, *CHOOSING}
    assert len(FITTING) > max(LEVEL_LENGTHS)
