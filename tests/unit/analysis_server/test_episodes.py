"""From scores to alerts."""

import numpy as np
import numpy.typing as npt
import pytest

from analysis_server.episodes import Episode, EpisodeRule, find_episodes, past_quantile, smoothed

RULE = EpisodeRule()
QUIET, HIGH = 0.2, 0.9


def scores(*, events: tuple[tuple[int, int], ...] = (), count: int = 4000) -> npt.NDArray[np.float64]:
    values = np.round(QUIET + 0.02 * np.random.default_rng(5).normal(size=count), 4)
    for start, end in events:
        values[start : end + 1] = HIGH
    return values


def test_quiet_verdicts_raise_no_alert() -> None:
    assert find_episodes(scores(), RULE) == []


def test_a_lasting_rise_is_one_alert_with_its_peak() -> None:
    (alert,) = find_episodes(scores(events=((2000, 2080),)), RULE)
    assert 2000 < alert.start < 2080 < alert.end < 2300
    assert alert.peak == HIGH
    assert alert.count == alert.end - alert.start + 1


def test_a_single_high_verdict_is_no_alert() -> None:
    assert find_episodes(scores(events=((2000, 2000),)), RULE) == []


@pytest.mark.parametrize("known", [2040, 2100, 3000])
def test_an_alert_is_raised_without_the_verdicts_after_it(known: int) -> None:
    values = scores(events=((2000, 2080),))
    assert find_episodes(values[:known], RULE)[0].start == find_episodes(values, RULE)[0].start


def test_a_second_rise_soon_after_belongs_to_the_first_alert() -> None:
    starts = [alert.start for alert in find_episodes(scores(events=((2000, 2080), (2300, 2380))), RULE)]
    assert len(starts) == 1
    later = find_episodes(scores(events=((2000, 2080), (3000, 3080))), RULE)
    assert len(later) == 2


def test_a_restless_channel_must_exceed_its_own_past() -> None:
    rise = np.r_[np.full(80, HIGH), np.full(80, QUIET)]
    after_quiet = np.r_[np.full(2000, QUIET), rise]
    after_many = np.tile(rise, 14)
    assert find_episodes(after_quiet, RULE)
    assert not [alert for alert in find_episodes(after_many, RULE) if alert.start >= 2000]


def test_no_alert_begins_during_warm_up() -> None:
    values = scores(events=((20, 60),), count=600)
    assert all(alert.start >= RULE.warm_up for alert in find_episodes(values, RULE))


def test_verdicts_without_a_score_are_passed_over() -> None:
    values = scores(events=((2000, 2080),))
    padded = np.r_[np.full(50, np.nan), values]
    expected = [
        Episode(start=alert.start + 50, end=alert.end + 50, peak=alert.peak, count=alert.count)
        for alert in find_episodes(values, RULE)
    ]
    assert find_episodes(padded, RULE) == expected
    assert find_episodes(np.full(30, np.nan), RULE) == []


def test_saturated_scores_stay_finite() -> None:
    values = np.r_[np.zeros(1000), np.ones(100), np.zeros(500)]
    assert len(find_episodes(values, RULE)) == 1


def test_smoothing_starts_as_a_plain_mean() -> None:
    assert smoothed(np.array([1.0, 3.0, 5.0]), 100).tolist() == [1, 2, 3]


def test_the_past_ends_before_the_guard() -> None:
    rule = EpisodeRule(past=60, guard=10, past_quantile=0.5)
    level = np.arange(200.0)
    found = past_quantile(level, rule)
    assert found[150] == np.quantile(level[81:141], 0.5)
    assert found[20] == np.quantile(level[:21], 0.5)
