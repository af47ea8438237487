"""What of a satellite a message brings."""

from alarm_server.sources import MAX_REMEMBERED, WHOLE, Sources
from telemetry_core.contract.mission import Mission
from tests.unit.alarm_server.messages import MISSION, on_change_mission

NAN = float("nan")
CHANNELS = list(MISSION.subsystems["comm"].channels)


def brought(*values: float, mission: Mission = MISSION, subsystem: str = "comm") -> set[tuple[str, str]]:
    return set(Sources(mission).of({subsystem: values}))


def test_a_message_brings_its_satellite_its_subsystems_and_the_channels_that_have_a_value() -> None:
    assert brought(1, 2, 3) == {WHOLE, ("comm", ""), *(("comm", channel) for channel in CHANNELS)}
    assert brought(1, NAN, 3) == {WHOLE, ("comm", ""), ("comm", CHANNELS[0]), ("comm", CHANNELS[2])}
    assert set(Sources(MISSION).of({})) == {WHOLE}


def test_the_largest_values_are_values() -> None:
    assert brought(3.4e38, 3.4e38, 3.4e38) == brought(1, 2, 3)


def test_a_channel_that_is_sent_on_change_is_no_source() -> None:
    mission = on_change_mission()
    source = ("eps", "battery_soc_percent")
    assert source in Sources(MISSION).all
    assert source not in Sources(mission).all
    assert source not in brought(*([1.0] * 12), mission=mission, subsystem="eps")


def test_any_number_of_patterns_takes_no_more_room() -> None:
    sources = Sources(MISSION)
    for number in range(2 * MAX_REMEMBERED):
        values = [NAN if number >> place & 1 else 1.0 for place in range(12)]
        sources.of({"eps": values})

    assert len(sources._remembered) <= MAX_REMEMBERED
