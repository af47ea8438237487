"""What came of passes, and what is known of those that take the place of others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operation_server.passes.replacing import Known, known_of
from operation_server.passes.schemas import Outcome, PlannedPass
from operation_server.passes.store import outcome_of

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def planned(begin: float, end: float, satellite: str = "SAT-001") -> PlannedPass:
    return PlannedPass(satellite_id=satellite, ground_station="Troll", start_time=at(begin), end_time=at(end))


def row(begin: float, end: float, heard: tuple[float, float] | None = None, **fields: Any) -> dict[str, Any]:
    first, last = (at(heard[0]), at(heard[1])) if heard else (None, None)
    return {
        "satellite_id": "SAT-001", "start_at": at(begin), "end_at": at(end), "planned_at": at(-1_000),
        "first_heard_at": first, "last_heard_at": last, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "changes", "outcome"),
    [
        (-1, {}, "planned"),
        (0, {}, "running"),
        (9, {"first_heard_at": at(1)}, "running"),
        (10, {"first_heard_at": at(1)}, "heard"),
        (10, {}, "missed"),
        (10, {"planned_at": at(1)}, "unknown"),
        (10, {"planned_at": at(1), "first_heard_at": at(2)}, "heard"),
    ],
)
def test_a_pass_is_missed_only_if_a_plan_had_it_before_it_began(
    now: float, changes: dict[str, Any], outcome: Outcome
) -> None:
    assert outcome_of(row(0, 10) | changes, at(now)) == outcome


def test_what_was_heard_belongs_to_the_passes_at_its_time() -> None:
    gone = [row(0, 10, (2, 8)), row(100, 110), row(0, 10, (0, 10), satellite_id="SAT-002")]
    found = known_of([planned(5, 15), planned(9, 15), planned(101, 111), planned(200, 210)], gone)
    assert found == [
        Known(planned=at(-1_000), first_heard=at(5), last_heard=at(8)),
        Known(planned=at(-1_000)),
        Known(planned=at(-1_000)),
        Known(),
    ]


spans = st.tuples(st.integers(0, 3_000), st.integers(1, 1_440)).map(lambda one: (one[0], one[0] + one[1]))


@given(st.lists(spans, max_size=12), st.lists(spans, min_size=1, max_size=12))
def test_each_overlap_is_found_and_nothing_else(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    gone = [row(*span, heard=span) for span in before]
    found = known_of([planned(*span) for span in after], gone)
    for (begin, end), known in zip(after, found, strict=True):
        overlapping = [(first, last) for first, last in before if first < end and last > begin]
        assert (known.planned is not None) == bool(overlapping)
        if overlapping:
            assert known.first_heard == at(max(begin, min(first for first, _ in overlapping)))
            assert known.last_heard == at(min(end, max(last for _, last in overlapping)))
