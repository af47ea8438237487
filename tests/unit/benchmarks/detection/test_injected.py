"""Faults injected into nominal stretches, and the choice that they make."""

import numpy as np
import pytest

from benchmarks.detection.choice.candidates import MODEL, candidate_measures
from benchmarks.detection.choice.forms import CANDIDATES, FORMS, GRID, SHAPE_GRID, SHIPPED, Injected, Tried
from benchmarks.detection.choice.injected import (
    KINDS,
    LEAST_EFFECT,
    MARGIN_SAMPLES,
    Stretch,
    spread_of,
    stretches_of,
    with_faults,
    with_second_faults,
)
from benchmarks.detection.choice.suite import Labelled
from benchmarks.detection.evaluation.event_metrics import EventCounts
from benchmarks.detection.evaluation.selection import Outcome, rows_chosen_elsewhere
from scoring.measures.recordings import SCAN_FAMILIES, STEP, scan_measures
from scoring.retrospective import NO_LIMIT, SHAPE_SETTINGS, ScanSettings
from training.data.calibration_windows import StepPredictor


def measured(stretch: Stretch) -> Injected:
    return Injected(stretch=stretch, measures=scan_measures(stretch.values, stretch.first_judged))


def nominal(samples: int = 3000) -> Stretch:
    values = np.sin(np.arange(samples) / 9) + np.random.default_rng(3).normal(0, 0.3, samples)
    return stretches_of("made here", {"wave": values})[0]


@pytest.mark.parametrize("faulty", with_faults(nominal()), ids=lambda faulty: faulty.kind)
def test_a_fault_changes_its_own_samples_alone(faulty: Stretch) -> None:
    before = nominal()
    ((start, end),) = faulty.faults
    assert before.first_judged + MARGIN_SAMPLES <= start < end < before.values.size - MARGIN_SAMPLES
    change = np.abs(faulty.values - before.values)
    assert change[start : end + 1].mean() >= LEAST_EFFECT * spread_of(before.values)
    assert change[:start].max() == change[end + 1 :].max() == 0


def test_a_second_fault_of_another_kind_lies_apart_and_leaves_the_first_as_it_is() -> None:
    singles = with_faults(nominal())
    both = with_second_faults(nominal(), singles)
    assert len(both) == len(singles)
    for one, two in zip(singles, both, strict=True):
        (first, last), (second, end) = two.faults
        assert two.faults[0] == one.faults[0]
        assert max(first, second) - min(last, end) > MARGIN_SAMPLES
        assert two.kind.split(" + ")[0] == one.kind != two.kind.split(" + ")[1]
        changed = np.flatnonzero(two.values != one.values)
        assert second <= changed.min() <= changed.max() <= end


def test_every_kind_is_injected_and_always_the_same() -> None:
    first, second = with_faults(nominal()), with_faults(nominal())
    assert [one.kind for one in first] == list(KINDS)
    assert [one.faults for one in first] == [one.faults for one in second]


def test_a_constant_has_only_faults_that_change_it() -> None:
    constant = stretches_of("made here", {"constant": np.ones(2000)})[0]
    kinds = {one.kind for one in with_faults(constant)}
    assert {"spikes", "noise", "wander"} <= kinds
    assert not {"flip", "speedup", "scale", "average"} & kinds


def test_series_too_short_to_judge_are_left_out() -> None:
    assert stretches_of("made here", {"short": np.zeros(1000)}) == []


def test_a_found_fault_is_a_hit_and_a_detection_in_a_nominal_stretch_an_alarm() -> None:
    before = nominal()
    values = before.values.copy()
    values[2000:2100] += 6
    faulty = measured(
        Stretch(origin="x", name="y", values=values, first_judged=1000, kind="step", faults=[(2000, 2099)])
    )
    shipped = GRID.index(ScanSettings())
    assert faulty.outcomes(SHIPPED)[shipped].events.tp == 1
    as_nominal = Injected(
        stretch=Stretch(origin="x", name="y", values=values, first_judged=1000), measures=faulty.measures
    )
    outcome = as_nominal.outcomes(SHIPPED)[shipped]
    assert (outcome.events.fp, outcome.alarms, outcome.cut_samples) == (outcome.alarms, outcome.alarms, 2000)
    assert outcome.alarms >= 1


def test_a_detection_by_shape_is_counted_beside_those_of_the_score() -> None:
    one = measured(with_faults(nominal(), ["cutoff"])[0])
    least, most = (ScanSettings(level=level, usual_share=0.0, secondary=NO_LIMIT) for level in (-1.0, 2.0))
    outcomes = one.shape_outcomes()
    low, high = (outcomes[SHAPE_GRID.index(setting)].events for setting in (least, most))
    assert low.tp + low.fp > high.tp + high.fp
    assert outcomes[SHAPE_GRID.index(SHAPE_SETTINGS)].events.tp == 1


@pytest.mark.slow
def test_every_origin_has_the_same_say() -> None:
    many = [measured(one) for one in [nominal(), *with_faults(nominal(), ["spikes", "cutoff"])]]
    other = [
        Injected(
            stretch=Stretch(
                origin="other",
                name="",
                values=one.stretch.values,
                first_judged=1000,
                faults=one.stretch.faults,
            ),
            measures=one.measures,
        )
        for one in many
    ]
    alone, both = Tried.of(SHIPPED, many), Tried.of(SHIPPED, [*many, *other, *other])
    assert both.merits == pytest.approx(alone.merits)


def test_a_spacecraft_is_tested_on_what_the_others_choose() -> None:
    def outcome(tp: int) -> Outcome:
        events = EventCounts(tp=tp, fp=0, fn=1 - tp, falsely_flagged=0, nominal=100)
        return Outcome(events=events, alarms=0, cut_samples=0)

    good_for_a, good_for_b = [outcome(1), outcome(0)], [outcome(0), outcome(1)]
    nothing = [[outcome(0)] * 2] * len(GRID)
    outcomes = dict.fromkeys(FORMS, nothing) | {FORMS[0]: [good_for_a, good_for_b, *nothing[2:]]}
    labelled = Labelled(spacecraft=["A", "B"], outcomes=outcomes, shipped=[])
    rows = labelled.rows_by_other_spacecraft()
    assert all(row["tp"] == 0 for row in rows.values())
    assert len(rows) == 3


def test_the_candidate_of_forecasts_is_high_where_the_forecast_fails() -> None:
    values = np.sin(np.arange(2000) / 9)
    values[1200:1300] = np.random.default_rng(4).normal(size=100)
    measures = candidate_measures(values, 600, StepPredictor(MODEL))
    assert set(measures) == {*SCAN_FAMILIES, *CANDIDATES}
    for measure in measures["forecast"]:
        assert 1150 < STEP * int(measure.argmax()) < 1350


def test_channels_of_a_single_spacecraft_have_no_others_to_choose_for_them() -> None:
    events = EventCounts(tp=1, fp=0, fn=0, falsely_flagged=0, nominal=100)
    outcome = Outcome(events=events, alarms=0, cut_samples=0)
    assert rows_chosen_elsewhere([[outcome, outcome]], ["", ""]) == {}
