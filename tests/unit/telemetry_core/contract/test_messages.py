"""From the bytes on Kafka to validated samples: every input is usable or refused with a stable reason."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import (
    MAX_CLOCK_LEAD_S,
    MAX_MESSAGE_BYTES,
    TelemetryMessage,
    WrongClock,
    job_id_of,
    microseconds_of,
    parse_header,
    parse_telemetry_message,
    time_of,
)
from telemetry_core.service.settings import load_mission
from tests.unit.telemetry_core.contract.parsing import (
    MISSION,
    REASONS,
    TIME,
    TIME_US,
    message,
    parse,
    refusal,
)


def test_message_becomes_samples_in_channel_order() -> None:
    parsed = parse(message(eps={"soc": 80, "voltage": 3.9}))
    assert parsed == TelemetryMessage(
        satellite_id="SAT-001", generated_us=TIME_US, samples={"eps": (3.9, 80.0)}, bad_values=[]
    )


def test_absent_channel_is_a_missing_sample_and_no_bad_value() -> None:
    parsed = parse(message(eps={"soc": 80}))
    assert math.isnan(parsed.samples["eps"][0])
    assert parsed.bad_values == []


def test_unknown_objects_and_fields_are_ignored() -> None:
    parsed = parse(message(beacon={"alive": True}, eps={"soc": 80, "voltage": 3.9, "new": "x"}, extra=[1]))
    assert set(parsed.samples) == {"eps"}
    assert parsed.bad_values == []


@pytest.mark.parametrize(
    ("timestamp", "behind_s"),
    [
        ("2026-10-30T05:34:56.789Z", -365 * 86_400.0),
        ("2025-10-30T05:39:57.789Z", -(MAX_CLOCK_LEAD_S + 1.0)),
        ("1999-12-31T23:59:59.789Z", 815_117_697.0),
    ],
)
def test_message_of_a_wrong_clock_has_its_samples_and_tells_how_wrong_it_is(
    timestamp: str, behind_s: float
) -> None:
    sent = message(timestamp=timestamp, aocs={"gyro": -9999}, comm=3)
    with pytest.raises(WrongClock) as raised:
        parse(sent)
    assert (raised.value.behind_s, raised.value.samples) == (behind_s, {"eps": (3.9, 80.0)})


@pytest.mark.parametrize("timestamp", ["2036-02-07T06:28:16Z", "1980-01-06T00:00:00Z"])
def test_wrong_clock_is_why_a_message_without_a_sample_is_refused(timestamp: str) -> None:
    with pytest.raises(WrongClock) as raised:
        parse(message(timestamp=timestamp, eps={"voltage": "off"}))
    assert raised.value.samples == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b'{"satellite_id":"SAT-001"} trailing',
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(body) == "not_json"


def test_tombstone_is_refused() -> None:
    with pytest.raises(InvalidTelemetryMessage, match="no value"):
        parse_telemetry_message(None, mission=MISSION, received_us=TIME_US)


def test_message_over_a_megabyte_is_refused_before_it_is_parsed() -> None:
    assert refusal(b"[" * (MAX_MESSAGE_BYTES + 1)) == "too_large"


@pytest.mark.parametrize(
    "satellite_id", [None, 7, "", "-SAT", "SAT 1", 'SAT"', "SAT\n", "S" * 51, "SÄT", ["SAT"], "../SAT"]
)
def test_satellite_id_outside_the_pattern_is_refused(satellite_id: object) -> None:
    assert refusal(message(satellite_id=satellite_id)) == "invalid_satellite_id"


@pytest.mark.parametrize("satellite_id", ["S", "SAT-001", "sat_1.b", "S" * 50, "1"])
def test_satellite_id_of_the_pattern_is_taken(satellite_id: str) -> None:
    assert parse(message(satellite_id=satellite_id)).satellite_id == satellite_id


@pytest.mark.parametrize(
    "timestamp",
    [
        None,
        1761802496,
        "",
        "now",
        "1761802496",
        "1761802496789",
        "2025-10-30",
        "2025-10-30T05:34:56",
        "2025-13-30T05:34:56Z",
        "2025-10-30T24:00:01Z",
        "2025-10-30T05:34:56Z\u0000",
        "٢٠٢٥-10-30T05:34:56Z",
    ],
)
def test_time_without_zone_or_not_iso_8601_is_refused(timestamp: object) -> None:
    with pytest.raises(
        InvalidTelemetryMessage, match=r"a time is written as 2026-11-28T12:00:00\.5Z"
    ) as raised:
        parse(message(timestamp=timestamp))
    assert raised.value.reason == "invalid_timestamp"


@pytest.mark.parametrize(
    ("timestamp", "generated_us"),
    [
        ("2025-10-30T05:34:56.789Z", TIME_US),
        ("2025-10-30T14:34:56.789+09:00", TIME_US),
        ("2025-10-30T05:34:56.789001+00:00", TIME_US + 1),
        ("2025-10-30T05:34:56+00:00", TIME_US - 789_000),
    ],
)
def test_time_is_exact_to_the_microsecond_in_any_zone(timestamp: str, generated_us: int) -> None:
    assert parse(message(timestamp=timestamp)).generated_us == generated_us


def test_clock_may_lead_by_five_minutes_and_no_more() -> None:
    limit_us = TIME_US - MAX_CLOCK_LEAD_S * 1_000_000
    assert parse(message(), received_us=limit_us).generated_us == TIME_US
    assert refusal(message(), received_us=limit_us - 1) == "time_ahead"


def test_time_before_the_mission_is_refused() -> None:
    assert refusal(message(timestamp="1999-12-31T23:59:59.999999Z")) == "time_too_early"
    assert parse(message(timestamp="2000-01-01T00:00:00Z")).generated_us == 946_684_800_000_000


@pytest.mark.parametrize(
    "body", [{"eps": None}, {"eps": {}}, {"eps": {"voltage": None}}, {"eps": {"other": 1}}, {"eps": [1]}]
)
def test_message_without_usable_channel_is_refused(body: dict[str, object]) -> None:
    assert refusal(message(**body)) == "no_usable_channel"


def test_header_of_message_without_usable_channel_is_still_read() -> None:
    raw = json.dumps(message(eps=None, beacon={"alive": True})).encode()
    header = parse_header(raw, mission=MISSION, received_us=TIME_US)
    assert (header.satellite_id, header.generated_us) == ("SAT-001", TIME_US)
    assert header.body["beacon"] == {"alive": True}


def test_job_id_has_milliseconds_or_microseconds_where_they_matter() -> None:
    assert job_id_of("SAT-001", TIME_US) == "kafka-SAT-001-1761802496789"
    assert job_id_of("SAT-001", TIME_US + 1) == "kafka-SAT-001-1761802496789001"


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    assert refusal(raw) in REASONS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(satellite_id=_JSON, timestamp=_JSON | st.just(TIME), eps=_JSON, voltage=_JSON)
def test_any_json_is_parsed_or_refused(satellite_id: Any, timestamp: Any, eps: Any, voltage: Any) -> None:
    body = {"satellite_id": satellite_id, "timestamp": timestamp, "eps": eps, "aocs": {"gyro": voltage}}
    reason = None
    values: list[float] = []
    try:
        values = [value for row in parse(json.dumps(body).encode()).samples.values() for value in row]
    except InvalidTelemetryMessage as error:
        reason = error.reason
    usable = any(not math.isnan(value) for value in values)
    assert usable != (reason in REASONS)


@given(
    st.datetimes(
        min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_times_survive_the_round_trip_exactly(moment: datetime) -> None:
    assert time_of(microseconds_of(moment)) == moment
    assert time_of(microseconds_of(moment)).tzinfo is UTC


@given(st.integers(min_value=946_684_800_000_000, max_value=4_102_444_800_000_000))
def test_job_id_tells_generation_times_apart(generated_us: int) -> None:
    number = job_id_of("A", generated_us).removeprefix("kafka-A-")
    assert len(number) in {12, 13, 16} or number.isdigit()
    scale = 1 if len(number) == 16 else 1000
    assert int(number) * scale == generated_us


EXAMPLES = Path(__file__).parents[3] / "examples" / "satellite-telemetry" / "v1"
REFUSALS = {
    "refused_no_zone": "invalid_timestamp",
    "refused_no_usable_channel": "no_usable_channel",
    "refused_satellite_id": "invalid_satellite_id",
    "refused_time_ahead": "time_ahead",
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_examples_are_taken_or_refused_as_their_names_say(path: Path) -> None:
    mission = load_mission(EXAMPLES.parents[3] / "missions" / "default.yaml")
    received_us = microseconds_of(datetime(2025, 10, 30, 12, 35, tzinfo=UTC))
    reason = None
    try:
        message = parse_telemetry_message(path.read_bytes(), mission=mission, received_us=received_us)
        assert message.satellite_id == "SAT-001"
    except InvalidTelemetryMessage as error:
        reason = error.reason
    assert reason == REFUSALS.get(path.stem)
