import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.detection.evaluation.event_metrics import (
    average_precision,
    count_events,
    intervals_of,
    pooled,
    regions,
    softened,
    vus_pr,
)


def label(samples: int, *events: tuple[int, int]) -> NDArray[np.bool_]:
    flags = np.zeros(samples, dtype=bool)
    for start, end in events:
        flags[start : end + 1] = True
    return flags


def test_a_detection_that_touches_an_event_by_one_sample_is_a_hit() -> None:
    counts = count_events([(90, 100)], [(100, 120)], 200)
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 0)
    assert (counts.falsely_flagged, counts.nominal) == (10, 179)


def test_an_event_found_twice_counts_once_and_both_detections_are_true() -> None:
    counts = count_events([(100, 102), (110, 112)], [(100, 120)], 200)
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 0)


def test_one_detection_over_two_events_hits_both() -> None:
    counts = count_events([(0, 199)], [(10, 20), (100, 120)], 200)
    assert (counts.tp, counts.fp, counts.fn) == (2, 0, 0)


def test_an_untouched_detection_is_false_and_an_untouched_event_missed() -> None:
    counts = count_events([(0, 9)], [(100, 120)], 200)
    assert (counts.tp, counts.fp, counts.fn) == (0, 1, 1)
    assert counts.f1 == 0
    assert counts.corrected_f0_5 == 0


def test_overlapping_detections_flag_a_sample_once() -> None:
    assert count_events([(0, 9), (5, 14)], [], 100).falsely_flagged == 15


def test_flagging_everything_is_worth_nothing_after_the_correction() -> None:
    counts = count_events([(0, 99)], [(10, 20)], 100)
    assert counts.f0_5 == 1
    assert counts.corrected_f0_5 == 0


def test_scores_by_hand() -> None:
    counts = pooled([count_events([(0, 9)], [(5, 9)], 105), count_events([(0, 4)], [(50, 54)], 105)])
    assert (counts.tp, counts.fp, counts.fn) == (1, 1, 1)
    assert counts.f1 == pytest.approx(0.5)
    precision = 0.5 * (1 - 10 / 200)
    assert counts.corrected_f0_5 == pytest.approx(1.25 * precision * 0.5 / (0.25 * precision + 0.5))


def test_no_channel_is_no_error() -> None:
    assert pooled([]).f1 == 0


def test_average_precision_by_hand() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(score, np.array([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)


def test_ties_are_flagged_together() -> None:
    assert average_precision(np.zeros(10), label(10, (0, 4))) == pytest.approx(0.5)


def test_intervals_reach_both_ends() -> None:
    assert intervals_of(label(10, (0, 1), (8, 9))) == [(0, 1), (8, 9)]


def test_labels_soften_over_half_a_buffer() -> None:
    weight = softened(label(20, (8, 10)), 4)
    assert weight[7] == pytest.approx(math.sqrt(3 / 4))
    assert weight[12] == pytest.approx(math.sqrt(2 / 4))
    assert weight[6 - 1] == 0
    assert weight[8:11].tolist() == [1, 1, 1]


def test_regions_whose_buffers_meet_are_one() -> None:
    assert regions(label(40, (10, 12), (16, 18)), 4) == [(8, 20)]
    assert regions(label(40, (10, 12), (17, 18)), 4) == [(8, 14), (15, 20)]


def test_without_a_buffer_the_volume_is_the_area_at_its_thresholds() -> None:
    truth = label(250, (100, 119))
    score = np.linspace(0, 1, 250)
    score[100:120] += 5
    assert vus_pr(score, truth, 0) == pytest.approx(1)


def test_a_constant_score_gets_the_share_of_anomalous_samples() -> None:
    assert vus_pr(np.zeros(1000), label(1000, (100, 199)), 0) == pytest.approx(0.1)


def test_missing_one_of_two_events_halves_the_recall_that_counts() -> None:
    truth = label(1000, (100, 119), (500, 519))
    score = np.linspace(0, 0.1, 1000)
    score[100:120] = 2.0
    score[500:520] = -np.linspace(1, 2, 20)
    # Of 40 samples 20 are found at precision 1, and one of two events: recall 0.25, the rest at the very end.
    assert vus_pr(score, truth, 0) == pytest.approx(0.25, abs=0.05)


def test_a_detection_just_beside_an_event_gains_from_the_buffer() -> None:
    truth = label(2000, (1000, 1019))
    beside = np.random.default_rng(1).normal(size=2000)
    beside[1020:1040] += 9
    assert vus_pr(beside, truth, 80) > vus_pr(beside, truth, 0) + 0.1
