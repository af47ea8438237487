import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.batches import plan_tasks
from kafka_inference_trigger.dead_letters import DeadLetterTopic
from kafka_inference_trigger.dispatch import Dispatcher, task_id_of
from kafka_inference_trigger.rules import Breach
from kafka_inference_trigger.trigger import DeadLetter, InferenceTrigger, Plan
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import (
    ConflictingDuplicate,
    TelemetryMessage,
    WrongClock,
    generated_us_of,
)
from telemetry_core.contract.mission import Rule
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from telemetry_core.service.observability import SATELLITES_EVICTED
from telemetry_core.service.settings import load_mission
from tests.hostile import json_values

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def record(offset: int, body: object) -> Record:
    received = START + timedelta(seconds=offset)
    return Record(
        value=body if isinstance(body, bytes) else json.dumps(body).encode(),
        key=b"SAT-001",
        partition=0,
        offset=offset,
        received_us=int(received.timestamp() * 1_000_000),
    )


def telemetry(second: float, **eps: float) -> dict[str, Any]:
    timestamp = (START + timedelta(seconds=second)).isoformat()
    return {"timestamp": timestamp, "satellite_id": "SAT-001", "eps": {"battery_soc_percent": 20.0, **eps}}


def new_trigger() -> InferenceTrigger:
    return InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)


def test_job_is_named_after_satellite_and_generation_time() -> None:
    plan = new_trigger().plan([record(0, telemetry(0))])
    assert [job.job.job_id for job in plan.jobs] == [f"kafka-SAT-001-{int(START.timestamp()) * 1000}"]
    assert plan.jobs[0].job.metadata["lane"] == "live"
    assert plan.jobs[0].job.metadata["offset"] == 0


@pytest.mark.parametrize("key", [None, b"", b"SAT-999", b"\xff\x00"])
def test_satellite_is_the_messages_whatever_its_key(key: bytes | None) -> None:
    (planned,) = new_trigger().plan([replace(record(0, telemetry(0)), key=key)]).jobs
    assert planned.job.satellite_id == "SAT-001"


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


def test_six_broken_rules_with_long_reasons_are_all_kept_and_none_is_cut() -> None:
    eps = MISSION.subsystems["eps"]
    reasons = [f"{'x' * 40}_{number}" for number in range(6)]
    rules = tuple(Rule(channel="battery_soc_percent", reason=name, log="", below=30) for name in reasons)
    subsystems = {"eps": eps.model_copy(update={"rules": rules})}
    mission = MISSION.model_copy(update={"subsystems": subsystems})
    trigger = InferenceTrigger(mission, topic="satellite-telemetry", clock=lambda: START)
    job = trigger.plan([record(0, telemetry(0))]).jobs[0].job
    assert job.trigger_reasons == tuple(reasons)
    assert job.trigger_reason == ",".join(reasons[:2])


def test_redelivered_batch_plans_the_same_tasks() -> None:
    records = [record(second, telemetry(second)) for second in range(12)]
    first, second = new_trigger().plan(records), new_trigger().plan(records)
    assert [batch.to_payload() for batch in first.batches] == [batch.to_payload() for batch in second.batches]
    assert task_id_of(first.batches[0]) == task_id_of(second.batches[0])


def test_refused_message_is_a_dead_letter_and_its_neighbours_go_on() -> None:
    plan = new_trigger().plan([record(0, telemetry(0)), record(1, b"{broken"), record(2, telemetry(2))])
    assert [(letter.record.offset, letter.reason) for letter in plan.dead_letters] == [(1, "not_json")]
    assert len(plan.jobs) == 2


def test_refused_values_are_noted_once_by_satellite_also_of_messages_that_are_dead_letters() -> None:
    noted = []
    trigger = InferenceTrigger(
        MISSION, topic="t", clock=lambda: START, note_bad_values=lambda *refused: noted.append(refused)
    )
    spoilt = telemetry(0)
    spoilt["eps"]["battery_voltage"] = "3.9 V"
    records = [
        record(0, telemetry(0)),
        record(1, telemetry(1) | {"eps": spoilt["eps"]}),
        record(2, telemetry(2) | {"timestamp": "2036-02-07T06:28:16Z"}),
        record(3, b"{broken"),
    ]
    trigger.fill(records)
    assert noted == []
    assert [letter.record.offset for letter in trigger.plan(records).dead_letters] == [2, 3]
    assert [
        (satellite, [(bad.channel, bad.reason) for bad in bad_values], received_us)
        for satellite, bad_values, received_us in noted
    ] == [
        (telemetry(0)["satellite_id"], [("eps.battery_voltage", "text")], records[1].received_us),
        (telemetry(0)["satellite_id"], [("timestamp", "time_ahead")], records[2].received_us),
    ]


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


def test_duplicate_is_dispatched_again() -> None:
    trigger = new_trigger()
    trigger.plan([record(0, telemetry(0))])
    assert len(trigger.plan([record(1, telemetry(0))]).jobs) == 1


def test_every_window_ends_with_the_sample_set_that_it_judges() -> None:
    seconds = [*range(15), 300, 12.5, 301.000_001]  # then a gap, one that is late, one between milliseconds
    sent = [
        telemetry(second) if number % 3 else telemetry(second, battery_voltage=3.9)
        for number, second in enumerate(seconds)
    ]
    plan = new_trigger().plan([record(number, one) for number, one in enumerate(sent)])
    ends = {
        windowed.job.job_id: windowed.window_end_us
        for batch in plan_tasks(MISSION, plan.jobs)
        for windowed in batch.jobs
    }
    assert len(ends) == len(seconds)
    assert ends == {job_id: generated_us_of(job_id) for job_id in ends}


def test_windows_do_not_depend_on_how_messages_were_batched() -> None:
    records = [record(second, telemetry(second)) for second in range(20)]
    together, apart = new_trigger(), new_trigger()
    expected = [job.windows["eps"].values for job in together.plan(records).jobs]
    found = [job.windows["eps"].values for one in records for job in apart.plan([one]).jobs]
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_rebuilt_windows_equal_those_of_a_trigger_that_never_stopped() -> None:
    records = [record(second, telemetry(second)) for second in range(30)]
    undisturbed, restarted = new_trigger(), new_trigger()
    undisturbed.plan(records[:20])
    assert restarted.fill(records[:20]) == 20
    left, right = undisturbed.plan(records[20:]), restarted.plan(records[20:])
    assert [batch.to_payload() for batch in left.batches] == [batch.to_payload() for batch in right.batches]


class FakeDeadLetters(DeadLetterTopic):
    def __init__(self) -> None:
        self.sent: list[DeadLetter] = []

    def send(self, letters: Sequence[DeadLetter]) -> None:
        self.sent.extend(letters)


class FlakyBroker:
    """Refuses the n-th publish."""

    def __init__(self, refuse: int) -> None:
        self.refuse = refuse
        self.calls = 0
        self.sent: list[str] = []

    def __call__(self, batch: InferenceBatch, task_id: str) -> None:
        self.calls += 1
        if self.calls == self.refuse:
            raise DependencyUnavailable("rabbitmq", "connection refused")
        self.sent.append(task_id)


def test_retry_sends_only_what_the_broker_has_not_confirmed() -> None:
    body = telemetry(0) | {"thermal": {"obc_temp": 20.0}, "comm": {"rssi_dbm": -80.0}}
    plan = new_trigger().plan([record(0, body), record(1, b"garbage")])
    letters, broker = FakeDeadLetters(), FlakyBroker(refuse=2)
    dispatcher = Dispatcher(letters, broker)
    refusals = 0
    while plan.batches or plan.dead_letters:
        try:
            dispatcher.send(plan)
        except DependencyUnavailable:
            refusals += 1
    assert refusals == 1
    assert len(letters.sent) == 1
    assert len(broker.sent) == len(set(broker.sent)) == 3


def test_valid_telemetry_is_sent_while_the_dead_letters_of_its_batch_wait() -> None:
    def hold(_plan: Plan) -> None:
        raise DependencyUnavailable("valid telemetry", "99% invalid")

    plan = new_trigger().plan([record(0, telemetry(0)), record(1, b"garbage")])
    letters, broker = FakeDeadLetters(), FlakyBroker(refuse=0)
    with pytest.raises(DependencyUnavailable):
        Dispatcher(letters, broker, check=hold).send(plan)
    assert (len(broker.sent), letters.sent, len(plan.dead_letters)) == (1, [], 1)


class UnsendableJob:
    """Fails for good on every batch that holds one job, as a serialiser might."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.sent: list[str] = []

    def __call__(self, batch: InferenceBatch, _task_id: str) -> None:
        names = [windowed.job.job_id for windowed in batch.jobs]
        if self.job_id in names:
            raise TypeError("not serialisable")
        self.sent += names


def test_job_that_can_not_be_sent_is_a_dead_letter_and_its_neighbours_go_on() -> None:
    plan = new_trigger().plan([record(second, telemetry(second)) for second in range(5)])
    names = [job.job.job_id for job in plan.jobs]
    letters, broker = FakeDeadLetters(), UnsendableJob(names[2])
    Dispatcher(letters, broker).send(plan)
    assert sorted(broker.sent) == sorted(set(names) - {names[2]})
    assert [(letter.record.offset, letter.reason) for letter in letters.sent] == [(2, "internal_error")]


class BrokenTrigger(InferenceTrigger):
    """Has a fault that some messages reach."""

    def _parse(self, record: Record) -> TelemetryMessage:
        if record.offset == 1:
            raise ZeroDivisionError("a fault of ours")
        return super()._parse(record)


def test_unexpected_error_costs_one_message_and_neither_batch_nor_look_back() -> None:
    trigger = BrokenTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    records = [record(second, telemetry(second)) for second in range(3)]
    assert trigger.fill(records) == 2
    plan = trigger.plan(records)
    assert [(letter.record.offset, letter.reason) for letter in plan.dead_letters] == [(1, "internal_error")]
    assert len(plan.jobs) == 2
    assert [trigger.outcome(one).reason for one in records] == [None, None, None], (
        "the sender is not to blame"
    )


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()), max_size=8)
)
def test_any_bytes_are_jobs_or_dead_letters(values: list[bytes]) -> None:
    plan = new_trigger().plan([record(offset, value) for offset, value in enumerate(values)])
    assert {letter.reason for letter in plan.dead_letters}.isdisjoint({"internal_error"})
    assert len(plan.dead_letters) == len(values)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["battery_soc_percent", "battery_voltage"]), json_values))
def test_any_value_of_a_channel_is_a_sample_or_missing(fields: dict[str, object]) -> None:
    body = {**telemetry(0), "eps": {**fields, "battery_temperature": 20.0}}
    plan = new_trigger().plan([record(0, json.dumps(body).encode())])
    assert {letter.reason for letter in plan.dead_letters} <= {"not_json", "no_usable_channel"}


def test_invented_satellites_are_bounded_and_the_longest_silent_one_goes() -> None:
    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START, max_satellites=3)
    evicted_before = SATELLITES_EVICTED._value.get()
    bodies = [telemetry(number) | {"satellite_id": f"SAT-{number}"} for number in range(20)]
    trigger.plan([record(number, body) for number, body in enumerate(bodies)])
    assert len(trigger._windows) == 3
    assert SATELLITES_EVICTED._value.get() - evicted_before == 17


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.data())
def test_restart_equals_no_restart_where_satellites_make_room(order: list[int], data: st.DataObject) -> None:
    records = [
        record(second, telemetry(second) | {"satellite_id": f"SAT-{number}"})
        for second, number in enumerate(order)
    ]
    at = data.draw(st.integers(1, len(order) - 1))
    one, other = (
        InferenceTrigger(MISSION, topic="t", clock=lambda: START, max_satellites=3) for _ in range(2)
    )
    one.plan(records[:at])
    other.fill(records[:at])
    left, right = one.plan(records[at:]), other.plan(records[at:])
    assert [batch.to_payload() for batch in left.batches] == [batch.to_payload() for batch in right.batches]
