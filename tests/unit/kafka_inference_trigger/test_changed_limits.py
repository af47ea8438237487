"""The trigger decides by limits that operators changed while it runs."""

from tests.unit.kafka_inference_trigger.records import MISSION, new_trigger, record, telemetry
from kafka_inference_trigger.trigger import Plan
from telemetry_core.limits.changes import with_fields

RULE = ("eps", "low_battery")


def reasons(plan: Plan) -> list[str]:
    return [reason for job in plan.jobs for reason in job.job.trigger_reasons]


def test_the_next_message_is_held_against_the_changed_limit_and_the_windows_stay() -> None:
    trigger = new_trigger()
    for second in range(20):
        trigger.plan([record(second, telemetry(second, battery_soc_percent=50.0))])
    trigger.compare_with(with_fields(MISSION, RULE, {"below": 60}))
    plan = trigger.plan([record(20, telemetry(20, battery_soc_percent=50.0))])
    assert reasons(plan) == ["low_battery"]
    (batch,) = [batch for batch in plan.batches if batch.subsystem == "eps"]
    assert max(window.values.shape[1] for job in batch.jobs for window in job.windows) == 21


def test_what_a_loosened_limit_allows_starts_nothing() -> None:
    trigger = new_trigger()
    trigger.compare_with(with_fields(MISSION, RULE, {"below": 10}))
    plan = trigger.plan([record(0, telemetry(0, battery_soc_percent=20.0))])
    assert "low_battery" not in reasons(plan)
