"""A plan that is over is missed once the next contact would have come."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operation_server.passes.running_out import has_run_out, joined

END = datetime(2026, 11, 30, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return END + timedelta(minutes=minutes)


def over(*passes: tuple[float, float], after_min: float, covered_min: float = 0) -> bool:
    contacts = [(at(begin), at(end)) for begin, end in passes]
    return has_run_out(contacts, at(covered_min), at(after_min))


ORBITS = [(-295, -285), (-200, -190), (-105, -95), (-10, 0)]


@pytest.mark.parametrize(("after_min", "is_over"), [(1, False), (95, False), (96, True), (10_000, True)])
def test_it_is_missed_after_the_usual_time_between_passes(after_min: float, *, is_over: bool) -> None:
    assert over(*ORBITS, after_min=after_min) is is_over


def test_passes_over_several_stations_are_one_contact_and_a_long_night_is_not_usual() -> None:
    stations = [(begin + 3, end + 3) for begin, end in ORBITS]
    night = [(-1_000, -990), (-905, -895)]
    assert not over(*night, *ORBITS, *stations, after_min=97)
    assert over(*night, *ORBITS, *stations, after_min=99)


def test_a_plan_that_still_says_that_there_is_no_pass_is_not_over() -> None:
    assert not over(*ORBITS, covered_min=600, after_min=500)
    assert over(*ORBITS, covered_min=600, after_min=601)


def test_what_tells_no_distance_is_missed_at_its_end() -> None:
    assert over(after_min=1)
    assert over((-10, 0), after_min=1)
    assert not over((-10, 0), after_min=0)


@given(st.lists(st.tuples(st.integers(-9_000, 0), st.integers(1, 60)), max_size=30))
def test_joined_contacts_lie_apart_in_order_and_hold_every_pass(passes: list[tuple[int, int]]) -> None:
    given_ = [(at(begin), at(begin + length)) for begin, length in passes]
    contacts = joined(given_)
    assert all(one[1] < other[0] for one, other in pairwise(contacts))
    assert all(any(c[0] <= p[0] and p[1] <= c[1] for c in contacts) for p in given_)
    assert {c[0] for c in contacts} <= {p[0] for p in given_}
