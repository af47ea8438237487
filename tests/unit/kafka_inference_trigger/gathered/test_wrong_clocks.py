"""Messages of a wrong on-board clock: since when they come, and what they break."""

import pytest

from kafka_inference_trigger.gathered.wrong_clocks import Run, WrongClocks, saving
from kafka_inference_trigger.rules import Breach
from telemetry_core.contract.messages import (
    TIMESTAMP,
    ConflictingDuplicate,
    MessageHeader,
    TelemetryMessage,
    WrongClock,
)
from telemetry_core.contract.rules import Rule
from telemetry_core.contract.values import Refusal
from tests.unit.postgres import Statements

MINUTE_US = 60_000_000
LOW_BATTERY = Rule(channel="soc", reason="low_battery", log="", below=30)


def wrong_clock(satellite_id: str = "A", *, behind_s: float) -> WrongClock:
    body = {TIMESTAMP: "2036-02-07T06:28:16Z"}
    header = MessageHeader(satellite_id=satellite_id, generated_us=0, body=body)
    return WrongClock(Refusal.TIME_AHEAD, "", header=header, behind_s=behind_s, samples={})


def low_battery(value: float) -> Breach:
    return Breach(subsystem="eps", rule=LOW_BATTERY, value=value)


def conflict(behind_s: float | None) -> ConflictingDuplicate:
    message = TelemetryMessage(satellite_id="A", generated_us=0, samples={}, bad_values=())
    return ConflictingDuplicate("", message=message, behind_s=behind_s)


def run(value: float, first_minute: int, last_minute: int) -> Run:
    return Run(value=value, first_us=first_minute * MINUTE_US, last_us=last_minute * MINUTE_US)


def test_clock_and_each_broken_limit_have_their_first_and_last_reception_and_last_value() -> None:
    clocks = WrongClocks()
    clocks.add(wrong_clock(behind_s=-400.0), [], 0)
    clocks.add(wrong_clock(behind_s=-401.0), [low_battery(12.0)], MINUTE_US)
    clocks.add(wrong_clock(behind_s=-402.0), [low_battery(11.0)], 2 * MINUTE_US)
    clocks.add(wrong_clock("B", behind_s=-9e9), [], 3 * MINUTE_US)
    assert clocks.take() == {
        ("A", "timestamp", "time_ahead"): run(-402.0, 0, 2),
        ("A", "eps", "low_battery"): run(11.0, 1, 2),
        ("B", "timestamp", "time_ahead"): run(-9e9, 3, 3),
    }


def test_contradicting_message_tells_of_its_limits_and_of_the_clock_only_once_that_was_set_back() -> None:
    clocks = WrongClocks()
    clocks.add(conflict(None), [low_battery(12.0)], MINUTE_US)
    assert clocks.take() == {("A", "eps", "low_battery"): run(12.0, 1, 1)}
    clocks.add(conflict(45.0), [], 2 * MINUTE_US)
    assert clocks.take() == {("A", "timestamp", "conflicting_duplicate"): run(45.0, 2, 2)}


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        (run(1, 0, 2), run(2, 7, 9), run(2, 0, 9)),
        (run(1, 0, 2), run(2, 8, 9), run(2, 8, 9)),
        (run(1, 3, 9), run(2, 4, 5), run(1, 3, 9)),
        (run(1, 3, 9), run(2, 1, 2), run(1, 1, 9)),
        (run(1, 20, 21), run(2, 1, 2), run(1, 20, 21)),
    ],
    ids=["within patience", "after a pause it begins anew", "redelivered within", "redelivered before",
         "redelivered from a former one"],
)  # fmt: skip
def test_runs_within_five_minutes_of_each_other_are_one(first: Run, second: Run, joined: Run) -> None:
    assert first.and_later(second) == joined


def test_invented_satellites_are_bounded() -> None:
    clocks = WrongClocks(max_gathered=4)
    for number in range(20):
        clocks.add(wrong_clock(f"X{number}", behind_s=-400.0), [low_battery(1.0)], number)
    assert {satellite for satellite, _, _ in clocks.take()} == {"X18", "X19"}


def test_runs_are_saved_in_the_order_of_their_keys_and_the_oldest_beyond_the_ceiling_go() -> None:
    statements = Statements()
    runs = {("B", "eps", "clock"): run(2, 0, 1), ("A", "eps", "clock"): run(1, 2, 3)}
    saving(statements.pool, max_rows=7)(runs)
    (_, saved), (_, forgotten) = statements.asked
    assert (saved["satellite_ids"], saved["values"]) == (["A", "B"], [1, 2])
    assert (forgotten, statements.committed) == ({"ceiling": 7}, 1)
