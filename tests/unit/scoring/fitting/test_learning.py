"""When stored telemetry is too little, too short, too marked or too restless to learn from."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from scoring.fitting.history import PARTS, History, Samples
from scoring.fitting.learning import (
    LEAST_SAMPLES,
    LEAST_SPAN_S,
    MOST_SAMPLES,
    NEEDED_SAMPLES,
    attempt,
    check_span,
    leading_channels,
    needed_samples,
    sampled_enough,
)
from scoring.fitting.outcome import NotLearned
from scoring.fitting.stored import Subject, fit_document, is_settled, settled, spread
from scoring.measures.windows import Windows
from scoring.scores import Scores
from telemetry_core.contract.mission import Window

WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=60)


def history(interval_s: float, **channels: ArrayLike) -> History:
    found = {}
    for name, values in channels.items():
        own = np.asarray(values, float)
        times_us = (np.arange(own.size) * interval_s * 1e6).astype(np.int64)
        found[name] = Samples(times_us=times_us, values=own)
    return History.of_samples(found, WINDOW)


@pytest.mark.parametrize(
    ("interval_s", "needed"), [(None, NEEDED_SAMPLES), (60.0, NEEDED_SAMPLES), (1.0, int(LEAST_SPAN_S) + 1)]
)
def test_two_thousand_samples_are_needed_and_three_orbits(interval_s: float | None, needed: int) -> None:
    assert needed_samples(interval_s) == needed


def test_one_channel_with_samples_enough_brings_those_with_half_as_many() -> None:
    found = history(10, a=range(NEEDED_SAMPLES), b=range(LEAST_SAMPLES), c=range(LEAST_SAMPLES - 1))
    assert sampled_enough(found) == ["a", "b"]


def test_too_few_samples_are_told_with_how_many_are_needed() -> None:
    with pytest.raises(NotLearned, match="1999 of 2000 samples"):
        sampled_enough(history(10, a=range(NEEDED_SAMPLES - 1)))


def test_telemetry_shorter_than_three_orbits_waits_for_more() -> None:
    with pytest.raises(NotLearned, match=r"0\.6 of 4\.8 h$") as refused:
        check_span(history(1, a=range(2_000)))
    assert refused.value.reason == "too_few_samples"


def test_telemetry_too_dense_for_three_orbits_is_not_waited_for() -> None:
    with pytest.raises(NotLearned, match="no more is read") as refused:
        check_span(history(0.1, a=range(MOST_SAMPLES)))
    assert refused.value.reason == "not_settled"


def test_level_that_keeps_rising_is_not_settled_and_a_few_samples_say_nothing() -> None:
    assert not is_settled(np.arange(100.0))
    assert is_settled(np.tile([1.0, 2.0], 50))
    assert is_settled(np.arange(PARTS - 1.0))


def test_marked_stretches_say_nothing_of_a_level() -> None:
    found = history(1, a=np.r_[np.tile([1.0, 2.0], 50), np.full(100, 90.0)])
    assert settled(found, 200).tolist() == [False]
    is_marked = np.arange(200) >= 100
    assert settled(replace(found, is_marked=is_marked), 200).tolist() == [True]


def test_windows_are_chosen_evenly_and_all_of_few() -> None:
    assert spread(np.arange(10), 3).tolist() == [0, 4, 8]
    assert spread(np.arange(3), 3).tolist() == [0, 1, 2]
    assert spread(np.arange(0), 3).tolist() == []


@pytest.mark.parametrize(("alarms", "leading"), [(0, set()), (3, {"b"})])
def test_channel_that_explains_too_many_alarms_leads(alarms: int, leading: set[str]) -> None:
    contributions = np.zeros((10, 2, 1))
    contributions[:, 1] = 1
    scores = Scores(score=np.zeros(10), contributions=contributions)
    assert leading_channels(scores, np.arange(10) < alarms, ["a", "b"]) == leading


def unasked(_: object) -> Windows:
    raise AssertionError("nothing is left to forecast")


SUBJECT = Subject(subsystem="eps", intervals_s={"a": (1.0, 1.0)}, detection={}, predict=unasked)


def test_marks_that_leave_too_few_windows_leave_nothing_to_learn_from() -> None:
    found = history(1, a=range(3_000))
    marked = found.without(np.arange(3_000) % 40 == 0)
    with pytest.raises(NotLearned, match="only 10 windows of 3000 sample sets hold no limit"):
        attempt(marked, SUBJECT)


def test_history_whose_last_fifth_is_shorter_than_a_window_can_not_be_checked() -> None:
    with pytest.raises(NotLearned, match="leave nothing of the last fifth to check"):
        attempt(history(1, a=range(130)), SUBJECT)


def test_levels_that_still_wander_are_not_learned() -> None:
    with pytest.raises(NotLearned, match="the levels of 1 of 1 channels are still drifting") as refused:
        fit_document(history(1, a=range(3_000)), 2_400, SUBJECT)
    assert refused.value.reason == "not_settled"
