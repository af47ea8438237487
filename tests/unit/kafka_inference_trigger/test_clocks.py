"""Clocks that are wrong or jump: what is said of them, and what is judged all the same."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kafka_inference_trigger.rules import Breach
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.messages import ConflictingDuplicate, WrongClock
from telemetry_core.kafka.records import Record
from tests.unit.kafka_inference_trigger.records import MISSION, START, new_trigger, record, telemetry


@pytest.mark.parametrize(("is_replayed", "lane"), [(False, "stored"), (True, "live")])
def test_dump_that_comes_first_of_a_satellite_is_judged_and_raises_no_live_alarm(
    lane: str, *, is_replayed: bool
) -> None:
    late = [
        replace(record(0, telemetry(second)), received_us=record(0, {}).received_us + 6 * 3_600_000_000)
        for second in range(40)
    ]
    plan = new_trigger().plan([replace(one, is_replayed=is_replayed) for one in late])
    assert len(plan.jobs) == 40
    assert {job.job.metadata["lane"] for job in plan.jobs} == {lane}


@pytest.mark.parametrize(
    ("timestamp", "behind"),
    [("2000-01-01T00:00:05Z", {"clock_behind_s": 830_951_995.0}),
     ("2006-08-22T12:00:00Z", {"clock_behind_s": 621_388_800.0}),
     ("2026-05-01T11:00:00Z", {}), ("2025-06-01T12:00:00Z", {})],
    ids=["epoch", "GPS week rollover", "an hour", "within what is kept"],
)  # fmt: skip
def test_clock_jump_beyond_the_retention_is_distinguished_from_a_dump(
    timestamp: str, behind: dict[str, float]
) -> None:
    body = telemetry(0, battery_soc_percent=12) | {"timestamp": timestamp}
    for is_replayed in (False, True):
        (planned,) = new_trigger().plan([replace(record(0, body), is_replayed=is_replayed)]).jobs
        metadata = planned.job.metadata
        assert planned.job.trigger_reasons == ("low_battery",)
        assert metadata["lane"] == ("live" if is_replayed else "stored")
        said = {name: metadata[name] for name in ("clock_behind_s", "is_replayed") if name in metadata}
        assert said == ({"is_replayed": True} if is_replayed else behind)


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [("1970-01-01T00:00:05Z", "time_too_early"), ("1980-01-06T00:00:00Z", "time_too_early"),
     ("2026-05-01T12:05:02Z", "time_ahead"), ("2036-02-07T06:28:16Z", "time_ahead"),
     ("2038-01-19T03:14:08Z", "time_ahead")],
)  # fmt: skip
def test_clock_outside_of_all_missions_is_a_dead_letter_and_live_telemetry_goes_on(
    timestamp: str, reason: str
) -> None:
    trigger = new_trigger()
    plan = trigger.plan(
        [record(0, telemetry(0)), record(1, telemetry(0) | {"timestamp": timestamp}), record(2, telemetry(2))]
    )
    assert [letter.reason for letter in plan.dead_letters] == [reason]
    assert [planned.job.metadata["lane"] for planned in plan.jobs] == ["live", "live"]


def test_message_of_a_wrong_clock_is_noted_with_the_limits_that_it_breaks() -> None:
    noted = []

    def note(clock: WrongClock | ConflictingDuplicate, breaches: Sequence[Breach], received_us: int) -> None:
        broken = [(breach.subsystem, breach.rule.reason, breach.value) for breach in breaches]
        noted.append((clock.satellite_id, clock.reason, clock.behind_s, broken, received_us))

    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START, note_wrong_clock=note)
    low = telemetry(0, battery_soc_percent=12.0) | {"timestamp": "2027-05-01T12:00:00Z"}
    records = [
        record(0, telemetry(0, battery_soc_percent=12.0)),
        record(1, low),
        replace(record(2, low), is_replayed=True),
        record(3, telemetry(0, battery_soc_percent=80.0) | {"timestamp": "1980-01-06T00:00:00Z"}),
        record(4, telemetry(4) | {"timestamp": "now"}),
    ]
    trigger.fill(records)
    assert noted == []
    assert [letter.record.offset for letter in trigger.plan(records).dead_letters] == [1, 2, 3, 4]
    ahead, early = noted
    assert ahead == (
        "SAT-001", "time_ahead", 1.0 - 365 * 86_400, [("eps", "low_battery", 12.0)], records[1].received_us,
    )  # fmt: skip
    assert (early[1], early[3], early[4]) == ("time_too_early", [], records[3].received_us)
    noted.clear()
    assert trigger.outcome(records[1]).reason == "time_ahead"
    assert noted == [ahead], "intake is paused, and its probe sees the satellite go on"


def noted_clocks(
    records: Sequence[Record], *, planned_from: int = 0
) -> list[tuple[float | None, list[str], int]]:
    """What a trigger notes that rebuilds its windows from the first records, and works from one on."""
    noted: list[tuple[float | None, list[str], int]] = []

    def note(clock: WrongClock | ConflictingDuplicate, breaches: Sequence[Breach], received_us: int) -> None:
        noted.append((clock.behind_s, [breach.rule.reason for breach in breaches], received_us))

    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START, note_wrong_clock=note)
    trigger.fill(records[:planned_from])
    trigger.plan(records[planned_from:])
    return noted


def test_clock_set_back_is_noted_and_limits_broken_at_times_that_came_before_reach_the_operator() -> None:
    nominal = [record(second, telemetry(second, battery_soc_percent=80.0)) for second in range(60)]
    low = [
        record(offset, telemetry(offset - 45, battery_soc_percent=12.0 - offset / 100))
        for offset in range(60, 90)
    ]
    noted = noted_clocks(nominal + low)
    assert [behind_s for behind_s, _, _ in noted] == [None] * 4 + [45.0] * 26
    assert {tuple(broken) for _, broken, _ in noted} == {("low_battery",)}
    assert [received_us for *_, received_us in noted] == [one.received_us for one in low]
    for restarted_at in (60, 62, 64, 75):
        assert noted_clocks(nominal + low, planned_from=restarted_at) == noted[restarted_at - 60 :]


@pytest.mark.parametrize(
    ("corrected", "is_replayed", "expected"),
    [
        ([5], False, [None]),
        ([5] * 9, False, [None] * 9),
        ([9, 8, 7, 6, 5, 4, 3], False, [None] * 7),
        ([1, 2, 3, "new", 4, 5, 6, "new", 7, 8, 9], False, [None] * 9),
        ([3, 4, 5, 6, 7, 8], True, []),
    ],
    ids=["one correction", "repeated", "not in time order", "newer sample sets between", "a recording"],
)
def test_corrected_sample_sets_are_no_clock_that_was_set_back(
    corrected: list[int | str],
    is_replayed: bool,  # noqa: FBT001
    expected: list[None],
) -> None:
    bodies = [telemetry(second, battery_soc_percent=80.0) for second in range(10)]
    for second in corrected:
        if isinstance(second, int):
            bodies.append(telemetry(second, battery_soc_percent=81.0))
        else:
            bodies.append(telemetry(len(bodies), battery_soc_percent=80.0))
    records = [replace(record(offset, body), is_replayed=is_replayed) for offset, body in enumerate(bodies)]
    assert [behind_s for behind_s, _, _ in noted_clocks(records)] == expected
