"""How alerts are counted."""

import numpy as np
import pytest

from benchmarks.detection.recorded.streaming import alerts_in, count_alerts, outcome, subsystem_of


@pytest.mark.parametrize(("start", "hits"), [(999, 0), (1000, 1), (1199, 1), (1200, 0)])
def test_an_alert_counts_from_the_events_start_to_100_samples_after_its_end(start: int, hits: int) -> None:
    counts = count_alerts([(start, start + 10)], [(1000, 1099)], 3000)
    assert (counts.tp, counts.fp, counts.fn) == (hits, 1 - hits, 1 - hits)


def test_two_alerts_on_one_event_count_once_and_none_is_false() -> None:
    counts = count_alerts([(1000, 1010), (1050, 1060)], [(1000, 1099)], 3000)
    assert (counts.tp, counts.fp) == (1, 0)


def test_samples_of_an_alert_outside_events_are_falsely_flagged() -> None:
    assert count_alerts([(1090, 1109)], [(1000, 1099)], 3000).falsely_flagged == 10


def test_alerts_100_samples_before_the_first_event_are_alarms() -> None:
    found = outcome([(850, 860), (950, 960)], [(1000, 1099)], 3000)
    assert (found.alarms, found.cut_samples) == (1, 900)


def test_a_short_event_free_part_is_not_counted() -> None:
    assert outcome([(10, 20)], [(300, 400)], 3000).cut_samples == 0


def test_names_of_channels_become_names_of_subsystems() -> None:
    assert subsystem_of("A-1") == "c_a_1"
    assert np.unique([subsystem_of(name) for name in ("P-1", "P-10", "T-1")]).size == 3


def test_scores_become_alerts_by_the_products_rule_and_warming_up_says_nothing() -> None:
    quiet, high = np.full(400, 0.2), np.full(30, 0.8)
    assert alerts_in(np.r_[np.full(40, np.nan), quiet, high, quiet, [0.71], quiet]) == [(444, 469)]
