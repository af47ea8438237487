"""The trigger goes by the limit set of each satellite."""

from kafka_inference_trigger.windows.telemetry_windows import TelemetryWindows
from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.rules.limit_sets import switch, with_sets
from tests.unit.kafka_inference_trigger.records import MISSION, new_trigger, record, telemetry

SETS = {
    "strict": {"eps": {"low_battery": {"below": 60}}},
    "quiet": {"eps": {"low_battery": {"switched_off": "the battery is charged on the ground"}}},
}
LIMITS = Limits.of(with_sets(**SETS))


def reasons(limit_set: str, soc: float, *, switched: str = "SAT-001") -> list[str]:
    trigger = new_trigger()
    trigger.compare_with(LIMITS.after((), [switch(limit_set, satellite=switched)]))
    jobs = trigger.plan([record(0, telemetry(0, battery_soc_percent=soc))]).jobs
    return [reason for job in jobs for reason in job.job.trigger_reasons if reason != "periodic_check"]


def test_the_next_message_is_held_against_the_set_of_its_satellite() -> None:
    assert reasons("strict", 50.0) == ["low_battery"]
    assert reasons("strict", 50.0, switched="SAT-002") == []
    assert reasons("default", 29.0) == ["low_battery"]


def test_a_rule_that_is_switched_off_starts_nothing() -> None:
    assert reasons("quiet", 1.0) == []
    assert reasons("quiet", 1.0, switched="SAT-002") == ["low_battery"]


def test_a_subsystem_is_restless_by_the_set_of_its_satellite() -> None:
    """Within the nominal range, which is wide: only the limit makes it restless."""
    windows = TelemetryWindows(MISSION)
    windows.compare_with(LIMITS.after((), [switch("strict", satellite="SAT-001")]))
    item = record(0, telemetry(0, battery_soc_percent=50.0))
    message = parse_telemetry_message(item.value, mission=MISSION, received_us=item.received_us)
    assert windows.append(message, item.received_us).restless == {"eps": "battery_soc_percent"}
