"""What of stored telemetry is learned from: the present cadence, without what limits and alerts mark."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from scoring.fitting.history import (
    MARGIN_SAMPLES,
    History,
    Marks,
    Samples,
    held_samples,
    is_usual,
    marked_by_limits,
    marked_by_spans,
)
from scoring.fitting.stored import window_ends
from telemetry_core.contract.mission import Subsystem, Window
from telemetry_core.contract.rules import Condition

SECOND = 1_000_000
WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=60)


def samples(times_s: ArrayLike, values: ArrayLike | None = None) -> Samples:
    times_s = np.asarray(times_s, float)
    own = np.arange(times_s.size) if values is None else values
    return Samples(times_us=(times_s * SECOND).astype(np.int64), values=np.asarray(own, float))


def history(**channels: Samples) -> History:
    return History.of_samples(channels, WINDOW)


def test_samples_of_an_earlier_cadence_are_left_out() -> None:
    fast, slow = np.arange(500), 500 + 20 * np.arange(100)
    found = samples([*fast, *slow]).of_present_cadence()
    assert 100 <= found.times_us.size <= 105
    assert found.intervals_s(WINDOW) == pytest.approx((20, 20), rel=0.1)


def test_value_of_a_channel_sent_on_change_holds_for_the_span() -> None:
    seconds = np.arange(12_000)
    found = held_samples(
        {"steady": samples(seconds), "mode": samples([5, 100], [1, 2])}, ["mode", "absent"], WINDOW
    )
    assert found["steady"].times_us.size == seconds.size
    assert found["mode"].times_us.tolist() == [second * SECOND for second in range(5, 10_101)]
    assert found["mode"].values.tolist() == [1.0] * 95 + [2.0] * 10_001


def test_lost_and_late_samples_belong_to_the_cadence() -> None:
    times_s = 20 * np.arange(200.0)
    times_s[50] += 7
    kept = samples(np.delete(times_s, [20, 21, 90])).of_present_cadence()
    assert kept.times_us.size == 197


@pytest.mark.parametrize(("lost", "kept"), [(0.1, 0.999), (0.3, 0.98), (0.5, 0.9)])
def test_many_lost_samples_leave_the_others_in_the_cadence(lost: float, kept: float) -> None:
    chance = np.random.default_rng(3).random(3_000)
    found = samples(20 * np.flatnonzero(chance >= lost)).of_present_cadence()
    assert found.times_us.size >= kept * (chance >= lost).sum()


def test_an_earlier_cadence_of_twice_the_present_interval_is_none_with_lost_samples() -> None:
    earlier, now = 40 * np.arange(500), 40 * 500 + 20 * np.arange(500)
    assert 500 <= samples([*earlier, *now]).of_present_cadence().times_us.size <= 505
    now = now[np.random.default_rng(3).random(now.size) >= 0.3]
    kept = samples([*earlier, *now]).of_present_cadence().times_us
    assert 0.95 * now.size <= (kept >= now[0] * SECOND).sum()
    assert (kept < now[0] * SECOND).sum() <= 5


def test_few_samples_are_all_of_the_present_cadence() -> None:
    assert samples([1, 2, 30]).of_present_cadence().times_us.size == 3


def test_channels_sampled_at_different_times_share_one_axis() -> None:
    found = history(a=samples([0, 20, 40]), b=samples([10, 30]))
    assert (found.times_us / SECOND).tolist() == [0, 10, 20, 30, 40]
    assert np.isfinite(found.values).tolist() == [
        [True, False, True, False, True],
        [False, True, False, True, False],
    ]


def test_a_window_holds_each_channels_own_last_steps() -> None:
    found = history(a=samples(range(0, 40, 2)), b=samples(range(1, 40, 2)))
    (window,) = found.windows(np.array([39]), 3)
    assert window.tolist() == [[17, 18, 19], [17, 18, 19]]


def test_a_sample_that_one_channel_misses_is_a_missing_step() -> None:
    found = history(a=samples(range(20)), b=samples([*range(10), *range(11, 20)]))
    (window,) = found.windows(np.array([11]), 3)
    assert window[0].tolist() == [9, 10, 11]
    assert window[1, 0] == 9
    assert np.isnan(window[1, 1])


def test_a_sample_set_that_was_lost_as_a_whole_is_a_missing_step() -> None:
    times = np.delete(np.arange(30.0), [12, 13])
    times[5] += 0.2
    found = history(a=samples(times), b=samples(times))
    assert found.times_us.size == 30
    assert np.flatnonzero(found.is_lost).tolist() == [12, 13]
    (window,) = found.windows(np.array([15]), 5)
    assert np.isfinite(window).tolist() == [[True, False, False, True, True]] * 2
    assert found.sample_counts(5)[:, 15].tolist() == [3, 3]


def test_channels_that_come_by_turns_or_in_groups_lose_nothing() -> None:
    for delay in (0.1, 1.0):
        found = history(a=samples(range(0, 60, 2)), b=samples(delay + np.arange(0, 60, 2)))
        assert not found.is_lost.any()


def test_learned_are_windows_that_would_be_judged() -> None:
    lost = history(a=samples(np.delete(np.arange(60), [*range(20, 40), 50])))
    ends = window_ends(lost, 10)
    assert not set(range(20, 44)) & set(ends.tolist()), "more steps are missing than are there"
    assert 50 not in ends, "no verdict is due where no sample set came"
    assert {44, 49, 51, 59} <= set(ends.tolist())


def test_no_window_reaches_across_a_gap() -> None:
    found = history(a=samples([*range(15), *range(200, 215)]))
    assert found.step_counts().tolist() == [[*range(1, 16), *range(1, 16)]]
    (window,) = found.windows(np.array([16]), 4)
    assert window[0, 2:].tolist() == [15, 16]
    assert np.isnan(window[0, :2]).all()


def test_pause_of_a_slow_channel_is_no_gap_unless_longer_than_three_of_its_intervals() -> None:
    slow = samples([*range(0, 3_000, 300), *range(3_600, 6_000, 300), *range(7_200, 9_000, 300)])
    assert history(a=slow).step_counts().tolist() == [[*range(1, 21), *range(1, 7)]]
    assert slow.intervals_s(WINDOW) == pytest.approx((300, 327.3), rel=1e-3), "apart from the gap"
    by_turns = history(a=samples(range(0, 3_000, 300)), b=samples(range(150, 3_000, 300)))
    assert by_turns.step_counts().max(axis=1).tolist() == [10, 10]


def test_no_window_holds_what_is_marked_nor_what_is_near() -> None:
    marked = np.zeros(100, bool)
    marked[50] = True
    found = history(a=samples(range(100))).without(marked)
    assert found.is_marked.sum() == 2 * MARGIN_SAMPLES + 1
    assert found.step_counts()[0, 50 + MARGIN_SAMPLES + 1] == 1
    assert found.step_counts()[0, 50] == 0


@pytest.mark.parametrize("size", [1, 5, 100])
def test_margins_fit_short_histories(size: int) -> None:
    marked = np.zeros(size, bool)
    marked[0] = True
    assert history(a=samples(range(size))).without(marked).is_marked.sum() == min(size, MARGIN_SAMPLES + 1)


SUBSYSTEM = Subsystem.model_validate(
    {
        "horizon": 3,
        "channels": {
            "a": {"unit": "V", "nominal": [0, 10]},
            "flag": {"unit": "flag", "kind": "flag", "feature": False},
        },
        "rules": [
            {"channel": "a", "above": 20, "reason": "high", "log": "{value}"},
            {"channel": "flag", "equals": 1, "reason": "flagged", "log": "{value}"},
        ],
    }
)


def marked(a: ArrayLike, flag: ArrayLike | None = None) -> list[int]:
    values = {"a": np.asarray(a, float)}
    if flag is not None:
        values["flag"] = np.asarray(flag, float)
    return np.flatnonzero(marked_by_limits(values, SUBSYSTEM)).tolist()


def test_rules_and_nominal_ranges_mark_their_breaches_and_missing_samples_none() -> None:
    assert marked([1, 11, np.nan, 21, 1], [0, 0, 0, 0, 1]) == [1, 3, 4]


def test_a_range_left_again_and_again_for_a_while_marks_nothing() -> None:
    wave = np.tile([5.0] * 9 + [11.0], 20)
    assert marked(wave) == []
    assert marked([21.0 if value > 10 else value for value in wave]) != []


def test_a_satellite_that_is_outside_from_the_start_is_marked_all_along() -> None:
    assert len(marked([11.0] * 100)) == 100
    assert not is_usual(np.ones(100, bool))


def test_alerts_mark_their_windows() -> None:
    times_us = np.arange(10) * SECOND
    spans = [(2 * SECOND, 4 * SECOND), (8 * SECOND, 99 * SECOND)]
    assert np.flatnonzero(marked_by_spans(times_us, spans)).tolist() == [2, 3, 4, 8, 9]


@pytest.mark.parametrize(("when", "is_marked"), [((), True), ((Condition(channel="flag", equals=1),), False)])
def test_a_rule_of_a_context_marks_nothing_of_other_modes(
    when: tuple[Condition, ...], *, is_marked: bool
) -> None:
    rule = SUBSYSTEM.rules[1].model_copy(update={"when": when})
    subsystem = SUBSYSTEM.model_copy(update={"rules": (rule,)})

    assert bool(marked_by_limits({"flag": np.array([1.0])}, subsystem).any()) is is_marked


def test_what_people_say_stands_above_limits_and_alerts() -> None:
    size = 1_000
    limits = np.zeros(size, bool)
    limits[[295, 305, 500]] = True
    marks = Marks(
        alerts_us=[(240 * SECOND, 300 * SECOND), (640 * SECOND, 700 * SECOND)],
        nominal_us=[(300 * SECOND, 310 * SECOND), (805 * SECOND, 810 * SECOND)],
        anomalous_us=[(800 * SECOND, 806 * SECOND)],
    )
    found = history(a=samples(range(size))).marked(limits, marks)
    left_out = {*range(480, 521), *range(620, 721), *range(780, 827)}
    assert set(np.flatnonzero(found.is_marked)) == left_out
    assert set(np.flatnonzero(found.is_confirmed)) == {*range(280, 331), *range(785, 831)}
    assert (found.stretch[:480] == 0).all()


def test_nobody_said_anything() -> None:
    told = history(a=samples(range(100))).marked(np.zeros(100, bool), Marks())
    assert not told.is_marked.any()
    assert not told.is_confirmed.any()
