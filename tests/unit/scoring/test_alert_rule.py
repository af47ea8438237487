"""When an alert begins and ends."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.alert_rule import (
    ENOUGH_SCORE,
    HOLD_US,
    Event,
    Judged,
    Run,
    alerts_of,
    evidence_of,
    rejudged,
    runs_of,
    step,
)
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, Verdict
from telemetry_core.contract.messages import generated_us_of, job_id_of

SECOND_US = 1_000_000
HOLD_S = HOLD_US // SECOND_US
QUIET, SUSPICIOUS, CERTAIN = 0.2, 0.75, ENOUGH_SCORE
ENOUGH = math.ceil(evidence_of(CERTAIN) / evidence_of(SUSPICIOUS))
UNJUDGED = (Verdict.WARMING_UP, Verdict.LEARNING)


def judged(second: float, score: float | None, verdict: Verdict | None = None) -> Judged:
    at_us = round(second * SECOND_US)
    if score is not None:
        verdict = Verdict.ANOMALOUS if score > ANOMALY_THRESHOLD else Verdict.NOMINAL
    return Judged(job_id=job_id_of("S", at_us), at_us=at_us, verdict=verdict, score=score)


def every(interval_s: float, *scores: float, since_s: float = 0) -> list[Judged]:
    return [judged(since_s + number * interval_s, score) for number, score in enumerate(scores)]


def spans(verdicts: Sequence[Judged]) -> list[tuple[float, float, float | None]]:
    """When alerts were raised, had their last anomalous verdict and ended, in seconds."""
    return [
        (
            (run.raised_us or 0) / SECOND_US,
            run.last_us / SECOND_US,
            None if run.ended_us is None else run.ended_us / SECOND_US,
        )
        for run in alerts_of(verdicts)
    ]


@pytest.mark.parametrize("interval_s", [0.1, 1, 30, 120, 86_400])
def test_so_many_anomalous_verdicts_raise_an_alert_at_any_cadence(interval_s: float) -> None:
    assert spans(every(interval_s, QUIET, *[SUSPICIOUS] * (ENOUGH - 1))) == []
    raised_s = round(ENOUGH * interval_s, 6)
    assert spans(every(interval_s, QUIET, *[SUSPICIOUS] * ENOUGH)) == [(raised_s, raised_s, None)]


@pytest.mark.parametrize("score", [0.71, 0.75, 0.8, 0.9, 0.9499])
def test_the_higher_the_scores_the_fewer_raise_an_alert(score: float) -> None:
    needed = math.ceil(evidence_of(CERTAIN) / evidence_of(score))
    assert spans(every(1, *[score] * (needed - 1))) == []
    assert len(spans(every(1, *[score] * needed))) == 1


def test_evidence_begins_at_the_threshold_and_is_finite_at_one() -> None:
    assert evidence_of(ANOMALY_THRESHOLD) == evidence_of(0) == 0
    assert evidence_of(0.9) < evidence_of(0.99) < evidence_of(1) < 10
    assert evidence_of(0.9) == pytest.approx(math.log(9) - math.log(7 / 3))


def test_a_certain_verdict_raises_an_alert_at_once() -> None:
    assert spans(every(1, QUIET, CERTAIN)) == [(1, 1, None)]


def test_an_alert_started_with_the_first_anomalous_verdict_of_its_run() -> None:
    (alert,) = alerts_of(every(1, QUIET, *[SUSPICIOUS] * ENOUGH))
    assert (alert.started_us, alert.raised_us) == (SECOND_US, ENOUGH * SECOND_US)


def test_nominal_verdicts_within_the_hold_neither_end_an_alert_nor_start_its_count_anew() -> None:
    flapping = every(10, *[SUSPICIOUS, QUIET] * ENOUGH)
    assert alerts_of(flapping[:-2]) == []
    (alert,) = alerts_of(flapping)
    assert (alert.verdict_count, alert.ended_us) == (ENOUGH, None)


@pytest.mark.parametrize("last", [judged(HOLD_S, QUIET), *(judged(HOLD_S, None, one) for one in UNJUDGED)])
def test_an_alert_ends_with_a_verdict_that_is_not_anomalous_a_hold_after_the_last_one(last: Judged) -> None:
    assert spans([judged(0, CERTAIN), judged(HOLD_S - 1, QUIET)]) == [(0, 0, None)]
    assert spans([judged(0, CERTAIN), judged(HOLD_S - 1, QUIET), last]) == [(0, 0, HOLD_S)]


def test_at_a_slow_cadence_one_nominal_verdict_ends_an_alert_and_none_between_anomalous_ones_keeps_it() -> (
    None
):
    day_s = 86_400
    assert spans(every(day_s, CERTAIN, SUSPICIOUS, QUIET, CERTAIN)) == [
        (0, day_s, 2 * day_s),
        (3 * day_s, 3 * day_s, None),
    ]


def test_silence_ends_no_alert() -> None:
    assert spans([judged(0, CERTAIN), judged(50 * HOLD_S, SUSPICIOUS)]) == [(0, 50 * HOLD_S, None)]


@pytest.mark.parametrize("verdict", [*UNJUDGED, None])
def test_what_is_not_judged_begins_nothing(verdict: Verdict | None) -> None:
    assert runs_of([judged(second, None, verdict) for second in range(9)]) == []


def test_a_failed_verdict_ends_nothing() -> None:
    assert spans([judged(0, CERTAIN), judged(2 * HOLD_S, None)]) == [(0, 0, None)]


def test_a_run_that_ended_without_an_alert_says_nothing_and_the_next_one_counts_anew() -> None:
    first = every(1, *[SUSPICIOUS] * (ENOUGH - 1))
    second = every(1, *[SUSPICIOUS] * (ENOUGH - 1), since_s=2 * HOLD_S)
    assert spans([*first, judged(HOLD_S + ENOUGH, QUIET), *second]) == []
    assert len(alerts_of([*first, *second])) == 1


def test_an_alert_names_its_peak_the_first_of_equals_and_its_newest_verdict() -> None:
    (alert,) = alerts_of(every(1, CERTAIN, 0.97, 0.97, SUSPICIOUS))
    assert (alert.peak_score, alert.verdict_count) == (0.97, 4)
    assert (alert.peak_job_id, alert.newest_job_id) == (
        job_id_of("S", SECOND_US),
        job_id_of("S", 3 * SECOND_US),
    )


def test_a_step_tells_what_a_verdict_did() -> None:
    run: Run | None = None
    events = []
    for one in (
        *every(1, QUIET, SUSPICIOUS, CERTAIN, CERTAIN),
        judged(HOLD_S + 3, QUIET),
        judged(HOLD_S + 4, QUIET),
    ):
        run, event = step(run, one)
        events.append(event)
    assert events == [None, None, Event.RAISED, None, Event.ENDED, None]
    assert run is None


STREAMS = st.lists(
    st.tuples(st.sampled_from([1, 60, 200, 400]), st.sampled_from([QUIET, SUSPICIOUS, CERTAIN, None])),
    max_size=40,
)


@pytest.mark.slow
@given(STREAMS, st.integers(0, 40))
def test_a_stream_and_its_parts_come_to_the_same_runs(
    stream: list[tuple[int, float | None]], cut: int
) -> None:
    at_s, verdicts = 0, []
    for wait_s, score in stream:
        at_s += wait_s
        verdicts.append(judged(at_s, score, Verdict.WARMING_UP))
    before = runs_of(verdicts[:cut])
    state = before[-1] if before else None
    assert [*before[:-1], *runs_of(verdicts[cut:], run=state)] == runs_of(verdicts)


@pytest.mark.parametrize("at_us", [0, 1_761_825_600_000_000, 1_761_825_600_000_123])
def test_the_generation_time_stands_in_the_job_id(at_us: int) -> None:
    assert generated_us_of(job_id_of("SAT-1", at_us)) == at_us


SCORES = st.lists(st.floats(0, 1).map(lambda score: round(score, 4)), max_size=60)
THRESHOLDS = st.floats(0.01, 0.95)


def raised_by(scores: list[float], threshold: float) -> list[Run]:
    verdicts = (
        Judged(job_id=str(place), at_us=place * 100_000_000, verdict=Verdict.NOMINAL, score=score)
        for place, score in enumerate(scores)
    )
    runs = runs_of((rejudged(one, threshold) for one in verdicts), threshold=threshold)
    return [run for run in runs if run.raised_us is not None]


@given(SCORES, THRESHOLDS, THRESHOLDS)
def test_a_higher_threshold_raises_nothing_where_a_lower_one_raised_nothing(
    scores: list[float], one: float, other: float
) -> None:
    lower, higher = sorted([one, other])
    spans = [(run.started_us, run.last_us) for run in raised_by(scores, lower)]
    for run in raised_by(scores, higher):
        assert any(first <= run.started_us and run.last_us <= last for first, last in spans)


def test_by_any_threshold_one_verdict_of_enough_score_is_an_alert_and_one_below_is_none() -> None:
    for threshold in (0.1, 0.7, 0.95):
        assert len(raised_by([ENOUGH_SCORE], threshold)) == 1
        assert not raised_by([0.9599], threshold)


def test_what_was_not_judged_stays_so_by_any_threshold() -> None:
    learning = Judged(job_id="a", at_us=0, verdict=Verdict.LEARNING, score=None)
    assert rejudged(learning, 0.1) is learning
