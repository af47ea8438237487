"""A value that is none is a missing sample, and is named with what was sent."""

import math

import pytest

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import (
    BadValue,
    UnusableSampleSet,
)
from telemetry_core.contract.values import MAX_FLOAT32, Refusal
from tests.unit.telemetry_core.contract.parsing import TIME, message, parse


@pytest.mark.parametrize(
    "value",
    [None, "3.9 V", True, math.nan, math.inf, -math.inf, [3.9], {}, MAX_FLOAT32 * 2, -MAX_FLOAT32 * 2],
)
def test_bad_value_is_one_missing_sample_and_counted(value: object) -> None:
    parsed = parse(message(eps={"voltage": value, "soc": 80}))
    assert math.isnan(parsed.samples["eps"][0])
    assert parsed.samples["eps"][1] == 80.0
    assert len(parsed.bad_values) == 1


def test_bad_values_are_named_with_channel_reason_and_what_was_sent() -> None:
    parsed = parse(message(eps={"voltage": "3.9 V", "soc": 80}, aocs={"gyro": -9999, "thruster": None}))
    assert parsed.bad_values == [
        BadValue(channel="eps.voltage", reason=Refusal.TEXT, value="3.9 V"),
        BadValue(channel="aocs.gyro", reason=Refusal.FILL_VALUE, value="-9999"),
        BadValue(channel="aocs.thruster", reason=Refusal.NULL, value="null"),
    ]
    (whole,) = parse(message(aocs=[1, 2])).bad_values
    assert whole == BadValue(channel="aocs", reason=Refusal.NO_OBJECT, value="a list of 2")


def test_refusal_of_a_message_without_a_sample_names_what_was_sent() -> None:
    with pytest.raises(InvalidTelemetryMessage) as raised:
        parse(message(eps={"voltage": "off\x1b[2J\n", "soc": None}))
    assert raised.value.detail == (
        r"eps.voltage is 'off\x1b[2J\n' (text); eps.soc is 'null' (null);"
        " no usable value in any of: eps, aocs"
    )


@pytest.mark.parametrize(
    ("sent", "channel", "reason", "value"),
    [
        ({"timestamp": "2036-02-07T06:28:16Z"}, "timestamp", Refusal.TIME_AHEAD, "2036-02-07T06:28:16Z"),
        ({"timestamp": "1980-01-06T00:00:00Z"}, "timestamp", Refusal.TIME_TOO_EARLY, "1980-01-06T00:00:00Z"),
        ({"timestamp": "now" * 50}, "timestamp", Refusal.INVALID_TIMESTAMP, ("now" * 50)[:100]),
        ({"timestamp": 12}, "timestamp", Refusal.INVALID_TIMESTAMP, "12"),
        ({"eps": {"voltage": "off"}}, "eps.voltage", Refusal.TEXT, "off"),
    ],
)
def test_message_that_is_refused_for_a_value_names_satellite_and_value(
    sent: dict[str, object], channel: str, reason: Refusal, value: str
) -> None:
    with pytest.raises(UnusableSampleSet) as raised:
        parse(message(**sent))
    assert raised.value.satellite_id == "SAT-001"
    assert raised.value.bad_values == [BadValue(channel=channel, reason=reason, value=value)]


def test_number_sent_as_text_is_the_number() -> None:
    parsed = parse(message(eps={"voltage": "3.9", "soc": "12.0"}))
    assert parsed.samples["eps"] == (3.9, 12.0)
    assert parsed.bad_values == []


@pytest.mark.parametrize("value", [-9999, -9999.0, "-9999", "-9.999e3", 1e30, 10**30, 0.1, "1e-1"])
def test_fill_value_of_a_channel_is_one_missing_sample_and_counted(value: object) -> None:
    parsed = parse(message(aocs={"gyro": value, "thruster": 1}, eps={"voltage": value, "soc": 80}))
    assert math.isnan(parsed.samples["aocs"][0])
    assert parsed.samples["eps"] == (float(str(value)), 80.0)
    assert len(parsed.bad_values) == 1


@pytest.mark.parametrize("value", [-9999.000000000002, 9999, 1.0000000150474662e30, 0.10000000149011612])
def test_number_next_to_a_fill_value_is_a_sample(value: float) -> None:
    assert parse(message(aocs={"gyro": value})).samples["aocs"][0] == value


def test_flag_may_have_a_fill_value() -> None:
    assert math.isnan(parse(message(aocs={"gyro": 1, "thruster": 255})).samples["aocs"][1])
    parsed = parse(message(aocs={"gyro": True, "latch": False}))
    assert [(bad.channel, bad.reason) for bad in parsed.bad_values] == [
        ("aocs.gyro", Refusal.BOOLEAN),
        ("aocs.latch", Refusal.FILL_VALUE),
    ]


@pytest.mark.parametrize(("value", "sample"), [(True, 1.0), (False, 0.0), (1, 1.0), (0, 0.0)])
def test_flag_may_be_boolean_or_number(*, value: object, sample: float) -> None:
    assert parse(message(aocs={"thruster": value})).samples["aocs"][1] == sample


@pytest.mark.parametrize("value", [[], "text", 3, True])
def test_subsystem_of_wrong_type_is_left_out_and_counted(value: object) -> None:
    parsed = parse(message(aocs=value))
    assert set(parsed.samples) == {"eps"}
    assert len(parsed.bad_values) == 1


def test_subsystem_without_any_value_is_left_out() -> None:
    assert set(parse(message(aocs={"gyro": None})).samples) == {"eps"}


@pytest.mark.parametrize(
    "spoilt", ['"voltage": ' + 5_000 * "9", '"voltage": -' + 400 * "9", '"note": "\\ud800"']
)
def test_value_that_nobody_can_hold_spoils_no_other_of_its_message(spoilt: str) -> None:
    head = f'"satellite_id": "SAT-1", "timestamp": "{TIME}"'
    body = f'{{{head}, "eps": {{"soc": 88.5, {spoilt}}}}}'
    values = parse(body.encode()).samples["eps"]
    assert 88.5 in values
    assert sum(not math.isnan(value) for value in values) == 1
