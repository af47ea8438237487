"""Which faults count as found, on figures made by hand."""

import numpy as np
import pytest

from training.detectability import summary_rows, top_share
from training.fault_search import Finding, alarm_level, episodes_above, finding, smallest_found


def result(size: float, found_share: float, **changes: object) -> Finding:
    values = {
        "subsystem": "eps",
        "channel": "battery_voltage",
        "kind": "spike",
        "delay_s": 30.0,
        "top_share": 1.0,
    }
    return Finding(size=size, found_share=found_share, **(values | changes))


def test_consecutive_scores_above_the_level_are_one_episode_per_satellite() -> None:
    score = np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.9, 0.1]])
    assert episodes_above(0.5, score) == 3


def test_alarm_level_is_not_fooled_by_episodes_that_merge_below_it() -> None:
    score = np.array([[0.1], [0.8], [0.2], [0.9], [0.3], [0.7], [0.1]])
    assert alarm_level(score, 2) == 0.7
    assert alarm_level(score, 1) == 0.8
    assert alarm_level(score, 0) == 0.9


def test_a_size_counts_only_where_every_larger_one_is_found_too() -> None:
    lucky = [result(0.01, 1.0), result(0.1, 0.5), result(1.0, 0.9), result(3.0, 1.0)]
    assert smallest_found(lucky) == lucky[2]
    assert smallest_found([result(1.0, 0.8)]) is None


def test_delay_counts_from_the_fault_to_the_first_alarm_and_the_struck_channel_is_ranked() -> None:
    flagged = np.array([[False, True, False], [True, True, False]])
    shares = np.zeros((2, 3, 5))
    shares[1, 0] = [0.0, 0.1, 0.2, 0.3, 0.4]
    shares[0, 1] = [0.6, 0.1, 0.1, 0.1, 0.1]
    case = {"subsystem": "eps", "channel": "battery_voltage", "kind": "spike", "size": 1.0}
    found = finding(flagged, shares, index=0, case=case)
    assert found.found_share == pytest.approx(2 / 3)
    assert found.delay_s == pytest.approx(3.0 * (1 + 10 * 0.5))
    assert found.top_share == 0.5


def test_whole_system_faults_do_not_count_for_the_named_channel() -> None:
    single, whole = result(1.0, 1.0, top_share=0.5), result(1.0, 1.0, kind="low_battery", top_share=0.0)
    assert top_share([single, whole]) == 0.5


def test_sizes_of_the_table_are_spans_of_the_channel() -> None:
    ((subsystem, kind, found, least, *_),) = summary_rows([result(0.5, 1.0), result(1.0, 1.0)])
    assert (subsystem, kind, found, least) == ("eps", "spike", "1 of 1", "4")
