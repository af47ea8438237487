from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alarms.groups import NEAR_US, Member, groups_joined, groups_of
from testbed.alarm_ledger import SECOND_US, together

begins = st.lists(st.integers(0, 600), min_size=1, max_size=12, unique=True)


def member(second: float, group: float | None = None) -> Member:
    """Return an alarm that has the second of its begin as its name, as groups have."""
    return Member(
        alarm_id=f"{second:04}",
        started_us=round(second * SECOND_US),
        group_id=None if group is None else f"{group:04}",
    )


def told_one_by_one(seconds: Sequence[int]) -> dict[str, str]:
    """Let each alarm come into the groups of those before it, all of which are looked at again."""
    groups: dict[str, str] = {}
    for place in range(len(seconds)):
        members = [member(second) for second in seconds[: place + 1]]
        groups = groups_of(
            Member(alarm_id=one.alarm_id, started_us=one.started_us, group_id=groups.get(one.alarm_id))
            for one in members
        )
    return groups


def told_by_neighbours(seconds: Sequence[int], at_once: int) -> dict[str, str]:
    """Let alarms come into the groups of their neighbours; all are looked at again only where these join."""
    known: dict[str, Member] = {}
    for place in range(0, len(seconds), at_once):
        new = [member(second) for second in seconds[place : place + at_once]]
        groups = groups_joined(new, {near for one in new for near in nearest(one, known.values())})
        if groups is None:
            groups = groups_of([*known.values(), *new])
        for one in [*known.values(), *new]:
            known[one.alarm_id] = replace(one, group_id=groups.get(one.alarm_id, one.group_id))
    return {name: one.group_id or "" for name, one in known.items()}


def nearest(one: Member, known: Iterable[Member]) -> Iterator[Member]:
    near = [other for other in known if abs(other.started_us - one.started_us) <= NEAR_US]
    before = [other for other in near if other.started_us <= one.started_us]
    after = [other for other in near if other.started_us >= one.started_us]
    if before:
        yield max(before, key=lambda other: other.started_us)
    if after:
        yield min(after, key=lambda other: other.started_us)


def parts(groups: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(one for one, group in groups.items() if group == name) for name in groups.values()}


@given(begins)
def test_who_is_together_follows_from_the_begins_in_whatever_order_they_come(seconds: list[int]) -> None:
    found = told_one_by_one(seconds)

    assert parts(found) == {
        frozenset(f"{us // SECOND_US:04}" for us in group)
        for group in together([second * SECOND_US for second in seconds])
    }
    assert all(found[name] == name for name in found.values())


@given(begins, st.integers(1, 4))
def test_neighbours_are_enough_unless_groups_join(seconds: list[int], at_once: int) -> None:
    found = told_by_neighbours(seconds, at_once)

    assert parts(found) == parts(told_one_by_one(seconds))
    assert all(found[name] == name for name in found.values())
    if at_once == 1:
        assert found == told_one_by_one(seconds)


def test_a_minute_apart_is_together_and_more_is_not() -> None:
    assert groups_of([member(0), member(60), member(120.000001)]) == {
        "0000": "0000", "0060": "0000", "120.000001": "120.000001",
    }  # fmt: skip


def test_a_group_keeps_its_name_when_an_earlier_alarm_comes() -> None:
    assert set(groups_of([member(10), member(30, 30), member(80, 30)]).values()) == {"0030"}


def test_a_group_is_renamed_where_the_alarm_of_its_name_is_gone() -> None:
    assert groups_of([member(80, 30), member(90, 30)]) == {"0080": "0080", "0090": "0080"}


def test_of_two_groups_that_become_one_the_earlier_one_keeps_its_name() -> None:
    assert set(groups_of([member(0, 0), member(50), member(100, 100)]).values()) == {"0000"}
