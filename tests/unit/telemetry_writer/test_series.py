"""Which samples of a message become which series."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import MessageHeader
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission
from telemetry_core.victoriametrics import MAX_LEAD_S, RETENTION_S, escape_label, is_kept
from telemetry_writer.first_values import FirstValues
from telemetry_writer.series import MAX_WILDCARD_FIELDS, SampleImport, import_lines, plan_import, samples_of

NOW_US = 1_761_802_496_789_000
DAY_US = 86_400_000_000
MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")


@pytest.fixture(scope="module")
def mission() -> Mission:
    return MISSION


def samples(body: Mapping[str, object], metrics: Mapping[str, str]) -> dict[str, float]:
    return samples_of(body, MISSION.model_copy(update={"metrics": metrics}))


def record(body: object, *, offset: int = 0, received_us: int = NOW_US) -> Record:
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Record(value=value, key=None, partition=0, offset=offset, received_us=received_us)


def message(**objects: Mapping[str, object]) -> dict[str, object]:
    return {"satellite_id": "SAT-001", "timestamp": "2025-10-30T05:34:56.789+00:00", **objects}


def planned(mission: Mission, records: Sequence[Record], *, now_us: int) -> SampleImport:
    return plan_import(records, mission=mission, now_us=now_us, first_values=FirstValues(mission))


def test_series_carries_satellite_only_and_generation_time_in_milliseconds() -> None:
    header = MessageHeader(satellite_id="SAT-001", generated_us=NOW_US + 999, body={})
    lines = import_lines(header, {"satellite_battery_soc": 64.5})
    assert lines == ['satellite_battery_soc{satellite_id="SAT-001"} 64.5 1761802496789']


def test_booleans_are_one_and_zero() -> None:
    body = {"comm": {"tx_active": True, "rx_active": False}}
    assert samples(body, {"tx": "comm.tx_active", "rx": "comm.rx_active"}) == {"tx": 1, "rx": 0}


@pytest.mark.parametrize(
    "value", [None, "12.5 V", float("nan"), float("inf"), -float("inf"), [1.0], {"value": 1.0}, 10**400]
)
def test_what_is_no_finite_number_makes_no_sample(value: object) -> None:
    assert samples({"eps": {"soc": value}}, {"soc": "eps.soc"}) == {}


@pytest.mark.parametrize("value", [None, 3, "text", [1, 2]])
def test_object_of_wrong_type_is_passed_over(value: object) -> None:
    assert samples({"eps": value, "obc": {"load": 1}}, {"soc": "eps.soc", "load": "obc.load"}) == {"load": 1}


def test_wildcard_takes_every_numeric_field() -> None:
    body = {"beacon": {"alive": True, "mode": "safe", "uptime_seconds": 12, "last_command_time": "x"}}
    assert samples(body, {"satellite_beacon_*": "beacon.*"}) == {
        "satellite_beacon_alive": 1,
        "satellite_beacon_uptime_seconds": 12,
    }


@pytest.mark.parametrize("name", ["", "a b", 'x{y="z"} 1\nother', "a-b", "ü", "x" * 101])
def test_wildcard_refuses_field_names_that_are_no_series_names(name: str) -> None:
    assert samples({"beacon": {name: 1}}, {"satellite_beacon_*": "beacon.*"}) == {}


def test_sender_cannot_invent_series_without_end() -> None:
    body = {"beacon": {f"field_{index}": index for index in range(1000)}}
    assert len(samples(body, {"satellite_beacon_*": "beacon.*"})) == MAX_WILDCARD_FIELDS


def test_two_entries_for_one_series_make_one_sample() -> None:
    body = {"obc": {"load": 1.0}, "eps": {"load": 2.0}}
    assert samples(body, {"satellite_obc_load": "eps.load", "satellite_obc_*": "obc.*"}) == {
        "satellite_obc_load": 2.0
    }


def test_one_field_may_feed_two_series() -> None:
    body = {"thermal": {"obc_temp": 21.5}}
    metrics = {"satellite_temperature": "thermal.obc_temp", "satellite_temp_obc": "thermal.obc_temp"}
    assert samples(body, metrics) == {"satellite_temperature": 21.5, "satellite_temp_obc": 21.5}


def test_label_is_escaped() -> None:
    assert escape_label('a"b\\c\nd') == 'a\\"b\\\\c\\nd'


@pytest.mark.parametrize(
    ("generated_us", "kept"),
    [
        (NOW_US, True),
        (NOW_US - RETENTION_S * 1_000_000 + 1, True),
        (NOW_US - RETENTION_S * 1_000_000, False),
        (NOW_US + MAX_LEAD_S * 1_000_000 - 1, True),
        (NOW_US + MAX_LEAD_S * 1_000_000, False),
    ],
)
def test_what_victoria_metrics_drops_is_known_before(*, generated_us: int, kept: bool) -> None:
    assert is_kept(generated_us, NOW_US) is kept


def test_default_mission_writes_both_names_of_the_obc_temperature_once(mission: Mission) -> None:
    plan = planned(mission, [record(message(thermal={"obc_temp": 20.0}))], now_us=NOW_US)
    assert sorted(line.partition("{")[0] for line in plan.lines) == [
        "satellite_temp_obc",
        "satellite_temperature",
    ]


def test_late_sample_beyond_retention_is_counted_and_not_sent(mission: Mission) -> None:
    records = [record(message(thermal={"obc_temp": 20.0}))]
    plan = planned(mission, records, now_us=NOW_US + 400 * DAY_US)
    assert (plan.lines, plan.messages, plan.out_of_retention) == ([], [], 2)


def test_late_sample_within_retention_keeps_its_generation_time(mission: Mission) -> None:
    late = record(message(comm={"rssi_dbm": -80}), received_us=NOW_US + 30 * DAY_US)
    plan = planned(mission, [late], now_us=NOW_US + 30 * DAY_US)
    assert plan.lines == ['satellite_rssi{satellite_id="SAT-001"} -80.0 1761802496789']


def test_unreadable_messages_are_counted_by_reason_and_stop_nothing(mission: Mission) -> None:
    records = [
        record(b"\xff{"),
        record({"timestamp": "2025-10-30T05:34:56Z"}),
        record({"satellite_id": 'SAT"} 1', "timestamp": "2025-10-30T05:34:56Z"}),
        record({"satellite_id": "SAT-001", "timestamp": "yesterday"}),
        record(message(comm={"rssi_dbm": -80})),
    ]
    plan = planned(mission, records, now_us=NOW_US)
    assert plan.skipped == {"not_json": 1, "invalid_satellite_id": 2, "invalid_timestamp": 1}
    assert [processed.satellite_id for processed in plan.messages] == ["SAT-001"]


def test_message_without_judged_channel_still_has_its_beacon_written(mission: Mission) -> None:
    plan = planned(mission, [record(message(beacon={"alive": True}))], now_us=NOW_US)
    assert plan.lines == ['satellite_beacon_alive{satellite_id="SAT-001"} 1 1761802496789']


@pytest.mark.parametrize(("first", "again"), [(12.0, 94.0), (94.0, 12.0)])
def test_first_value_stands_and_a_differing_repetition_is_counted(
    mission: Mission, first: float, again: float
) -> None:
    sent = [record(message(eps={"battery_soc_percent": value})) for value in (first, again, first)]
    plan = planned(mission, sent, now_us=NOW_US)
    assert [line.split()[1] for line in plan.lines] == [str(first)] * 2
    assert plan.skipped == {"conflicting_duplicate": 1}


def test_parts_of_a_sample_set_complete_each_other_and_none_may_contradict(mission: Mission) -> None:
    parts = [
        message(eps={"battery_voltage": 3.9}, beacon={"uptime_seconds": 1}),
        message(eps={"battery_soc_percent": 80}, beacon={"uptime_seconds": 2}),
        message(eps={"battery_soc_percent": 12, "battery_voltage": 3.9}),
        message(eps={"battery_voltage": 2.0, "battery_current": 1.0}),
    ]
    plan = planned(mission, [record(part) for part in parts], now_us=NOW_US)
    assert plan.skipped == {"conflicting_duplicate": 2}
    assert [processed.sample_count for processed in plan.messages] == [2, 2]


def test_same_time_of_other_satellites_or_another_time_is_no_repetition(mission: Mission) -> None:
    moments = [("SAT-001", "05:34:56"), ("SAT-002", "05:34:56"), ("SAT-001", "05:34:57")]
    sent = [
        record({"satellite_id": name, "timestamp": f"2025-10-30T{at}Z", "comm": {"rssi_dbm": -80 - number}})
        for number, (name, at) in enumerate(moments)
    ]
    assert planned(mission, sent, now_us=NOW_US).skipped == {}


def test_sample_sets_are_remembered_up_to_a_bound(mission: Mission) -> None:
    known = FirstValues(mission, max_sample_sets=2)
    headers = [MessageHeader(satellite_id="SAT-001", generated_us=NOW_US + us, body={}) for us in (0, 1, 2)]
    for header in headers:
        known.check(header, {"satellite_rssi": -80.0})
    known.check(headers[0], {"satellite_rssi": -90.0})
    with pytest.raises(InvalidTelemetryMessage, match="satellite_rssi was -80"):
        known.check(headers[2], {"satellite_rssi": -90.0})


@pytest.mark.parametrize("text", ["12.0", " 12 ", "+1.2e1"])
def test_number_sent_as_text_is_that_number(text: str) -> None:
    assert samples({"eps": {"soc": text}}, {"soc": "eps.soc"}) == {"soc": 12.0}


@pytest.mark.parametrize("value", [-9999, -9999.0, "-9999", "-9.999e3"])
@pytest.mark.parametrize(
    "metrics", [{"satellite_soc": "eps.battery_soc_percent"}, {"satellite_eps_*": "eps.*"}]
)
def test_fill_value_of_a_channel_makes_no_sample(value: object, metrics: dict[str, str]) -> None:
    content = MISSION.model_dump() | {"metrics": metrics}
    content["subsystems"]["eps"]["channels"]["battery_soc_percent"]["missing"] = [-9999]
    body = {"eps": {"battery_soc_percent": value}, "obc": {"battery_soc_percent": value}}
    assert samples_of(body, Mission.model_validate(content)) == {}
    others = {"satellite_voltage": "eps.battery_voltage", "satellite_obc_*": "obc.*"}
    body = {"eps": {"battery_voltage": value}, "obc": {"battery_soc_percent": value}}
    assert samples_of(body, Mission.model_validate(content | {"metrics": others})) == {
        "satellite_voltage": -9999, "satellite_obc_battery_soc_percent": -9999,
    }  # fmt: skip
