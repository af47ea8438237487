"""Silence by a contact plan: in passes, and there alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alarm_server.passes.plan import HORIZON_US, ContactPlan, Window, merged
from alarm_server.readings import Contact
from alarm_server.silence.heard import Heard
from alarm_server.silence.hearing import Span
from alarm_server.silence.telling import (
    NO_DATA,
    SILENT_IN_PASS,
    Silence,
    StandingSilence,
    ended,
    silences,
    untold,
)
from alarm_server.sources import WHOLE
from tests.unit.alarm_server.messages import MISSION, SECOND_US

MINUTE_S = 60
GAP_S = 60
"""As long as the default mission lets a satellite pause."""
HORIZON_S = HORIZON_US // SECOND_US
DAY_S = 86_400
STEP_S = 10


def window(start_s: float, end_s: float, *, planned_s: float = -DAY_S, station: str = "A") -> Window:
    return Window(
        start_us=round(start_s * SECOND_US),
        end_us=round(end_s * SECOND_US),
        planned_us=round(planned_s * SECOND_US),
        ground_stations=(station,),
    )


def plan_of(*windows: Window, covered_s: tuple[int, int] = (0, DAY_S)) -> ContactPlan:
    covered = (covered_s[0] * SECOND_US, covered_s[1] * SECOND_US)
    return ContactPlan(covered_us=(covered,), windows=merged(windows))


@dataclass(frozen=True, kw_only=True)
class Raised:
    at_s: float
    since_s: float
    reason: str


def watched(
    plan: ContactPlan,
    received_s: Collection[float],
    *,
    until_s: int,
    listening_s: float = 0,
    begin_s: int = 0,
) -> list[Raised]:
    """Let time pass in steps, as the service's rounds do, and return the alarms that were raised."""
    raised: list[Raised] = []
    standing: dict[str, StandingSilence] = {}
    for now_s in range(begin_s, until_s, STEP_S):
        before = [at_s for at_s in received_s if at_s <= now_s]
        heard = {"SAT-1": heard_at(max(before))} if before else {}
        standing = {
            name: one for name, one in standing.items() if name not in ended(standing, heard, {WHOLE})
        }
        span = Span(since_us=round(listening_s * SECOND_US), until_us=now_s * SECOND_US)
        if now_s >= listening_s:
            for one in new(heard, plan, span, standing):
                name = f"{one.reason}.{one.since_us}"
                standing[name] = StandingSilence(satellite_id="SAT-1", since_us=one.since_us)
                raised.append(Raised(at_s=now_s, since_s=one.since_us / SECOND_US, reason=one.reason))
    return raised


def new(
    heard: Mapping[str, Heard], plan: ContactPlan, span: Span, standing: Mapping[str, StandingSilence]
) -> list[Silence]:
    return untold(silences(heard, {"SAT-1": plan}, MISSION.window, span), standing.values())


def heard_at(at_s: float) -> Heard:
    at_us = round(at_s * SECOND_US)
    return Heard(generated_us=at_us, received_us=at_us, is_replayed=False)


@st.composite
def orbits(draw: st.DrawFn) -> list[Window]:
    """Passes of 2 to 15 minutes, a few to 90 minutes apart, some over two stations at once."""
    found: list[Window] = []
    at_s = 0
    for _ in range(draw(st.integers(1, 4))):
        start_s = at_s + draw(st.integers(5, 90)) * MINUTE_S
        at_s = start_s + draw(st.integers(2, 15)) * MINUTE_S
        found.append(window(start_s, at_s))
        if draw(st.booleans()):
            found.append(window(start_s + MINUTE_S, at_s + MINUTE_S, station="B"))
            at_s += MINUTE_S
    return found


@given(orbits(), st.sets(st.integers(0, 400), max_size=60))
@example([window(600, 1_200)], set())
@example([window(600, 1_200), window(660, 1_260, station="B")], {10, 11})
def test_no_alarm_outside_passes_and_one_for_each_without_a_message(
    passes: list[Window], minutes: set[int]
) -> None:
    received_s = {minute * MINUTE_S + 7 for minute in minutes}
    plan = plan_of(*passes)
    until_s = max(one.end_us for one in passes) // SECOND_US + 10 * MINUTE_S
    raised = watched(plan, received_s, until_s=until_s)
    spans_s = [(one.start_us // SECOND_US, one.end_us // SECOND_US) for one in plan.windows]
    for alarm in raised:
        assert alarm.reason == SILENT_IN_PASS
        assert any(
            start <= alarm.since_s <= end and start < alarm.at_s <= end + STEP_S for start, end in spans_s
        )
    for start, end in spans_s:
        if not any(start <= at_s <= end for at_s in received_s):
            assert len([alarm for alarm in raised if alarm.since_s == start]) == 1


@given(orbits(), st.integers(1, GAP_S - STEP_S))
def test_a_satellite_that_is_heard_all_through_its_passes_raises_nothing(
    passes: list[Window], every_s: int
) -> None:
    plan = plan_of(*passes)
    received_s = [
        at_s
        for one in plan.windows
        for at_s in range(one.start_us // SECOND_US, one.end_us // SECOND_US, every_s)
    ]
    assert watched(plan, received_s, until_s=max(map(int, received_s)) + 3_600) == []


@given(orbits(), st.sets(st.integers(0, 400), max_size=30), st.integers(0, 200))
def test_a_restart_between_or_in_passes_raises_no_alarm_that_would_not_have_been(
    passes: list[Window], minutes: set[int], restarted_min: int
) -> None:
    plan = plan_of(*passes)
    received_s = {minute * MINUTE_S + 7 for minute in minutes}
    until_s = max(one.end_us for one in passes) // SECOND_US + MINUTE_S
    restarted_s = restarted_min * MINUTE_S
    whole = {alarm.since_s for alarm in watched(plan, received_s, until_s=until_s)}
    after = watched(plan, received_s, until_s=until_s, begin_s=restarted_s, listening_s=restarted_s)
    assert {alarm.since_s for alarm in after} <= whole


def test_late_acquisition_and_early_loss_are_none_of_its_silence() -> None:
    plan = plan_of(window(600, 1_200))
    heard_s = [600 + HORIZON_S - 10, *range(720, 1_200 - HORIZON_S + 10, 10)]
    assert watched(plan, heard_s, until_s=1_500) == []


def test_a_message_ends_the_silence_of_a_pass_and_a_second_one_is_another_alarm() -> None:
    plan = plan_of(window(600, 1_800))
    raised = watched(plan, [900, 910], until_s=2_000)
    assert [(alarm.since_s, alarm.at_s) for alarm in raised] == [(600, 730), (910, 980)]


def test_a_pass_that_is_shorter_than_the_satellite_may_pause_is_missed_at_its_end() -> None:
    plan = plan_of(window(600, 640))
    assert [alarm.at_s for alarm in watched(plan, [], until_s=900)] == [650]


def test_each_missed_pass_is_an_alarm_while_the_one_before_stands() -> None:
    plan = plan_of(window(600, 1_200), window(6_600, 7_200))
    assert [alarm.since_s for alarm in watched(plan, [30], until_s=8_000)] == [600, 6_600]


def test_an_outage_of_kafka_for_nearly_all_of_a_pass_is_none_of_the_satellite() -> None:
    plan = plan_of(window(600, 1_200))
    assert watched(plan, [], until_s=3_000, begin_s=1_160, listening_s=1_160) == []
    raised = watched(plan, [], until_s=3_000, begin_s=1_100, listening_s=1_100)
    assert [alarm.at_s for alarm in raised] == [1_100 + GAP_S + STEP_S]


def test_nobody_who_listens_only_after_a_pass_tells_of_it() -> None:
    plan = plan_of(window(600, 1_200))
    assert watched(plan, [], until_s=3_000, begin_s=1_300, listening_s=1_300) == []


def test_a_plan_that_comes_when_the_pass_is_over_raises_nothing() -> None:
    plan = plan_of(window(600, 1_200, planned_s=1_210))
    assert watched(plan, [], until_s=3_000) == []


def test_one_that_comes_amid_the_pass_acts_at_once() -> None:
    plan = plan_of(window(600, 1_200, planned_s=1_000))
    assert [alarm.at_s for alarm in watched(plan, [], until_s=3_000, begin_s=1_000)] == [1_000]


def test_a_plan_that_ran_out_is_none_and_silence_counts_from_its_end() -> None:
    plan = plan_of(window(600, 1_200), covered_s=(0, 3_600))
    raised = watched(plan, range(600, 1_210, 10), until_s=4_000)
    assert [(alarm.reason, alarm.at_s) for alarm in raised] == [(NO_DATA, 3_600 + GAP_S + STEP_S)]


def test_a_satellite_is_silent_as_ever_before_its_plan_begins() -> None:
    plan = plan_of(window(6_000, 6_600), covered_s=(5_000, 9_000))
    raised = watched(plan, [30], until_s=5_500)
    assert [(alarm.reason, alarm.at_s) for alarm in raised] == [(NO_DATA, 100)]


def test_a_pass_that_begins_within_the_plan_belongs_to_it_to_its_end() -> None:
    plan = plan_of(window(3_000, 3_900), covered_s=(0, 3_600))
    assert plan.covers(3_800 * SECOND_US)
    assert not plan.covers(3_900 * SECOND_US)
    assert plan.ended_us(5_000 * SECOND_US) == 3_900 * SECOND_US


def test_a_recording_has_no_passes() -> None:
    last = Heard(generated_us=0, received_us=1, is_replayed=True)
    span = Span(since_us=0, until_us=5_000 * SECOND_US)
    plan = plan_of(window(600, 1_200))
    assert list(silences({"SAT-1": last}, {"SAT-1": plan}, MISSION.window, span)) == []


def test_the_history_tells_the_pass() -> None:
    span = Span(since_us=0, until_us=1_000 * SECOND_US)
    (one,) = silences({}, {"SAT-1": plan_of(window(600, 1_200))}, MISSION.window, span)
    assert one.details == {
        "pass_start": "1970-01-01T00:10:00+00:00",
        "pass_end": "1970-01-01T00:20:00+00:00",
        "ground_stations": ["A"],
    }


@pytest.mark.parametrize("order", [1, -1])
def test_passes_that_overlap_or_touch_are_one(order: int) -> None:
    passes = [window(0, 10, planned_s=5), window(10, 20, station="B"), window(12, 15), window(30, 40)]
    found = merged(passes[::order])
    assert [(one.start_us // SECOND_US, one.end_us // SECOND_US) for one in found] == [(0, 20), (30, 40)]
    assert found[0].ground_stations == ("A", "B")
    assert found[0].planned_us == -DAY_S * SECOND_US


@pytest.mark.parametrize(
    ("start_s", "end_s", "is_own"),
    [(610, 700, True), (600, 1_200, True), (300, 610, False), (700, 1_300, False), (1_300, 2_000, False),
     (90_000, 90_100, True), (700, 90_000, False)],
)  # fmt: skip
def test_a_pause_is_the_satellites_own_within_a_pass_or_where_nothing_is_planned(
    start_s: float, end_s: float, *, is_own: bool
) -> None:
    plan = plan_of(window(600, 1_200))
    assert plan.joins(round(start_s * SECOND_US), round(end_s * SECOND_US)) == is_own


@pytest.mark.parametrize(("at_s", "is_expected"), [(599, False), (600, True), (1_200, False), (90_000, True)])
def test_a_satellite_is_expected_in_passes_and_where_nothing_is_planned(
    at_s: float, *, is_expected: bool
) -> None:
    assert plan_of(window(600, 1_200)).expects(round(at_s * SECOND_US)) == is_expected


@pytest.mark.parametrize("is_told", [True, False])
def test_parts_are_silent_in_passes_alone_and_pauses_between_them_are_not_learned(*, is_told: bool) -> None:
    """A subsystem that stops amid a pass: told in it, and not where the satellite is not expected."""
    plan = plan_of(window(0, 600), window(6_000, 6_600))
    asked = plan if is_told else plan_of(window(20_000, 20_600))
    last = Heard(generated_us=0, received_us=0, is_replayed=False)
    both, alone = frozenset({WHOLE, ("comm", "")}), frozenset({WHOLE})
    for at_s in (*range(0, 600, 5), *range(6_000, 6_600, 5)):
        at_us = at_s * SECOND_US
        contact = Contact(
            satellite_id="SAT-1",
            generated_us=at_us,
            received_us=at_us,
            is_replayed=False,
            sources=both if at_s < 6_100 else alone,
        )
        last.hear(contact, MISSION.window, plan)
    span = Span(since_us=-DAY_S * SECOND_US, until_us=6_599 * SECOND_US)
    found = silences({"SAT-1": last}, {"SAT-1": asked}, MISSION.window, span)
    whole = last.pauses_of(WHOLE)
    assert whole is not None
    assert whole.usual_us == 5 * SECOND_US
    assert [one.source for one in found if one.source != WHOLE] == ([("comm", "")] if is_told else [])
