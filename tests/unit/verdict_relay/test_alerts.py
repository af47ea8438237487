"""Alerts do not depend on the order in which verdicts are committed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import verdict_relay.alerts as projection
from scoring.alert_rule import Judged, Run, alerts_of
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of
from verdict_relay import alert_folding
from verdict_relay.alert_folding import Checkpoint, Head, Key, Piece, fold
from verdict_relay.alert_store import AlertStore, Committed
from verdict_relay.alerts import project
from verdict_relay.relay import Cursor

EPS, COMM = ("SAT-1", "eps"), ("SAT-2", "comm")
SCORES: dict[Verdict | None, float] = {Verdict.NOMINAL: 0.2, Verdict.ANOMALOUS: 0.85}
PAGE = 7


def judged(second: int, verdict: Verdict, score: float | None = None) -> Judged:
    at_us = second * 1_000_000
    return Judged(
        job_id=job_id_of("SAT-1", at_us), at_us=at_us, verdict=verdict, score=score or SCORES.get(verdict)
    )


class MemoryStore(AlertStore):
    """The tables in memory; a verdict that is committed again moves to the end, as a revised row does."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Key, int], Committed] = {}
        self.committed = 0
        self.at = Cursor(generation=1, xact=0, id=0, relayed=0)
        self.kept_heads: dict[Key, Head] = {}
        self.checkpoints: dict[Key, dict[int, Checkpoint]] = {}
        self.alerts: dict[tuple[Key, int], Run] = {}
        self.most_read = 0

    def commit(self, key: Key, verdict: Judged) -> None:
        self.committed += 1
        self.rows[key, verdict.at_us] = Committed(
            xact=self.committed, id=1, completed_at=None, key=key, judged=verdict
        )

    def lock_cursor(self) -> Cursor:
        return self.at

    def clear(self) -> None:
        self.kept_heads, self.checkpoints, self.alerts = {}, {}, {}

    def page(self, cursor: Cursor, size: int) -> list[Committed]:
        waiting = [row for row in self.rows.values() if row.xact > cursor.xact]
        return sorted(waiting, key=lambda row: row.xact)[:size]

    def advance(self, cursor: Cursor, page: Sequence[Committed]) -> None:
        self.at = replace(cursor, xact=page[-1].xact, relayed=cursor.relayed + len(page))

    def heads(self, keys: Iterable[Key]) -> dict[Key, Head]:
        return {key: self.kept_heads[key] for key in keys if key in self.kept_heads}

    def unfinished(self, limit: int) -> dict[Key, Head]:
        waiting = {key: head for key, head in self.kept_heads.items() if not head.is_finished}
        return dict(list(waiting.items())[:limit])

    def rewind(self, key: Key, generated_us: int) -> Checkpoint:
        kept = {at_us: one for at_us, one in self.checkpoints.get(key, {}).items() if at_us < generated_us}
        self.checkpoints[key] = kept
        return kept[max(kept)] if kept else Checkpoint()

    def verdicts(self, key: Key, head: Head, limit: int) -> list[Judged]:
        found = [
            row.judged
            for (owner, at_us), row in sorted(self.rows.items())
            if owner == key and head.folded.generated_us < at_us <= head.target_us and row.judged
        ]
        self.most_read = max(self.most_read, len(found[:limit]))
        return found[:limit]

    def save(self, pieces: Mapping[Key, Piece]) -> None:
        for key, piece in pieces.items():
            gone = [
                name for name in self.alerts if name[0] == key and piece.first_us <= name[1] <= piece.last_us
            ]
            for name in gone:
                del self.alerts[name]
            self.alerts |= {(key, run.started_us): run for run in piece.alerts}
            self.kept_heads[key] = piece.head
            self.checkpoints.setdefault(key, {}).update({one.generated_us: one for one in piece.checkpoints})

    def expected(self) -> dict[tuple[Key, int], Run]:
        """What the rule makes of all verdicts in order of generation."""
        by_key: dict[Key, list[Judged]] = {}
        for (key, _), row in sorted(self.rows.items()):
            if row.judged:
                by_key.setdefault(key, []).append(row.judged)
        return {(key, run.started_us): run for key, verdicts in by_key.items() for run in alerts_of(verdicts)}

    def catch_up(self) -> None:
        while project(self, PAGE)[1]:
            pass


@pytest.fixture(autouse=True, scope="module")
def short_pieces() -> Iterable[None]:
    """Little is folded at a time, so that a short stream meets every border."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "PIECE", 5)
        patch.setattr(alert_folding, "CHECKPOINT_EVERY", 4)
        yield


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


def test_verdicts_in_order_are_not_read_again_and_a_late_one_reads_a_bounded_piece() -> None:
    store = MemoryStore()
    for second in range(100):
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
    assert project(store, PAGE)[1], "one step folds no more than its piece again"
    store.catch_up()
    assert store.kept_heads[EPS].is_finished
    assert store.alerts == store.expected()


def test_what_alerts_are_not_made_of_moves_the_cursor_alone() -> None:
    store = MemoryStore()
    store.commit(EPS, judged(1, Verdict.ANOMALOUS, 0.9999))
    store.rows = {name: replace(row, judged=None) for name, row in store.rows.items()}
    store.catch_up()
    assert (store.alerts, store.at.xact) == ({}, 1)


def test_a_cursor_at_its_start_begins_with_empty_tables() -> None:
    store = MemoryStore()
    store.commit(EPS, judged(1, Verdict.ANOMALOUS, 0.9999))
    store.catch_up()
    assert len(store.alerts) == 1
    store.rows, store.at = {}, Cursor(generation=2, xact=0, id=0, relayed=0)
    store.catch_up()
    assert (store.alerts, store.kept_heads) == ({}, {})


def test_a_piece_tells_the_span_that_its_alerts_replace() -> None:
    quiet = fold(Head(), [judged(10, Verdict.NOMINAL), judged(20, Verdict.ANOMALOUS, 0.9999)])
    assert (quiet.first_us, quiet.last_us) == (0, 20_000_000)
    longer = fold(quiet.head, [judged(30, Verdict.ANOMALOUS)])
    assert (longer.first_us, longer.last_us) == (20_000_000, 30_000_000)
    assert longer.head.folded.generated_us == 30_000_000
