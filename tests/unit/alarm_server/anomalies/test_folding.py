"""Alarms of the anomaly score do not depend on the order in which verdicts are committed."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alarm_server.anomalies.folding import Head, Key, fold
from alarm_server.anomalies.projection import project
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Verdict
from tests.unit.alarm_server.anomalies.memory_store import (
    COMM,
    EPS,
    PAGE,
    SCORES,
    START,
    MemoryStore,
    assert_history_tells,
    judged,
    nominal,
)

VERDICTS = st.tuples(
    st.sampled_from([EPS, COMM]),
    # Some are committed twice: redelivered after a failure, or revised.
    st.builds(
        judged,
        st.integers(0, 24).map(lambda step: 100 * step),
        st.sampled_from([Verdict.NOMINAL, Verdict.WARMING_UP, *[Verdict.ANOMALOUS] * 3]),
        st.sampled_from([None, None, 0.9999]),
    ).map(
        lambda one: one if one.verdict is Verdict.ANOMALOUS else replace(one, score=SCORES.get(one.verdict))
    ),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(VERDICTS, max_size=12), max_size=8))
@example(
    [
        [(EPS, judged(100 * step, Verdict.ANOMALOUS)) for step in range(24)],
        [(EPS, judged(50, Verdict.NOMINAL))],
    ]
)
def test_any_order_of_commits_leaves_the_alerts_of_the_sorted_verdicts(
    commits: list[list[tuple[Key, Judged]]],
) -> None:
    store = MemoryStore()
    for transaction in commits:
        for key, verdict in transaction:
            store.commit(key, verdict)
        store.catch_up()
        assert store.alerts == store.expected()
    assert store.at.xact == max((row.xact for row in store.rows.values()), default=0)
    assert_history_tells(store)
    before = dict(store.alarms), list(store.history)
    store.at = START
    store.catch_up()
    assert (store.alarms, store.history) == before, "a rebuild changes nothing"


def test_verdicts_in_order_are_not_read_again_and_a_late_one_reads_a_bounded_piece() -> None:
    store = MemoryStore()
    nominal(store, 0)
    store.most_read = 0
    for second in range(1, 100):
        store.commit(EPS, judged(second, Verdict.ANOMALOUS))
        store.catch_up()
    assert store.most_read == 0
    store.commit(EPS, judged(97, Verdict.NOMINAL))
    store.catch_up()
    assert 0 < store.most_read <= 8
    assert store.alerts == store.expected()


def test_long_rewind_goes_on_with_the_next_step_and_ends() -> None:
    store = MemoryStore()
    for second in range(0, 4000, 100):
        store.commit(EPS, judged(second, Verdict.ANOMALOUS if second % 1000 < 500 else Verdict.NOMINAL))
    store.catch_up()
    store.commit(EPS, judged(50, Verdict.ANOMALOUS))
    assert project(store, PAGE).is_behind, "one step folds no more than its piece again"
    store.catch_up()
    assert store.kept_heads[EPS].is_finished
    assert store.alerts == store.expected()


def test_what_alerts_are_not_made_of_moves_the_cursor_alone() -> None:
    store = MemoryStore()
    store.commit(EPS, judged(1, Verdict.ANOMALOUS, 0.9999))
    store.rows = {name: replace(row, judged=None) for name, row in store.rows.items()}
    store.catch_up()
    assert (store.alerts, store.at.xact) == ({}, 1)


def test_a_cursor_at_its_start_begins_without_states() -> None:
    store = MemoryStore()
    store.commit(EPS, judged(1, Verdict.ANOMALOUS, 0.9999))
    store.catch_up()
    assert len(store.alerts) == 1
    store.rows, store.at = {}, replace(START, generation=2)
    store.catch_up()
    assert (store.kept_heads, store.checkpoints) == ({}, {})


def test_a_piece_tells_the_span_that_its_alerts_replace() -> None:
    quiet = fold(Head(), [judged(10, Verdict.NOMINAL), judged(20, Verdict.ANOMALOUS, 0.9999)])
    assert (quiet.first_us, quiet.last_us) == (10_000_000, 20_000_000)
    longer = fold(quiet.head, [judged(30, Verdict.ANOMALOUS)])
    assert (longer.first_us, longer.last_us) == (20_000_000, 30_000_000)
    assert longer.head.folded.generated_us == 30_000_000
    assert [run.started_us for run in longer.raised] == [20_000_000]


def test_a_piece_leaves_its_open_run_to_the_next_one() -> None:
    verdicts = [judged(10, Verdict.NOMINAL), judged(20, Verdict.ANOMALOUS, 0.9999)]
    piece = fold(Head(target_us=900_000_000), verdicts, reaches_target=False)
    assert (piece.last_us, piece.raised) == (19_999_999, ())
    after = fold(piece.head, [judged(900, Verdict.NOMINAL)])
    assert (after.first_us, [run.ended_us for run in after.raised]) == (20_000_000, [900_000_000])
