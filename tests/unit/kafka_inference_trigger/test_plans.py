"""A plan whose parts fail, are joined or are many: what is sent of it, and what its log says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from kafka_inference_trigger.batches import PlannedJob, with_earlier
from kafka_inference_trigger.dispatch import JOBS_LOGGED_PER_S, PROGRESS_EVERY, Dispatcher
from kafka_inference_trigger.trigger import DeadLetter, InferenceTrigger, Plan
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from tests.unit.kafka_inference_trigger.records import MISSION, START, record, telemetry
from tests.unit.kafka_inference_trigger.test_dispatch import FakeDeadLetters


class UnplannableJob(InferenceTrigger):
    """Has a fault that only the windows of one message reach, once its job is put into a task."""

    def _judge(self, record: Record) -> PlannedJob | None:
        planned = super()._judge(record)
        if planned is None or record.offset != 2:
            return planned
        broken: Any = dict.fromkeys(planned.windows)
        return replace(planned, windows=broken)


def test_job_that_can_not_be_planned_is_a_dead_letter_and_its_neighbours_go_on() -> None:
    trigger = UnplannableJob(MISSION, topic="satellite-telemetry", clock=lambda: START)
    plan = trigger.plan([record(second, telemetry(second)) for second in range(5)])
    assert [(letter.record.offset, letter.reason) for letter in plan.dead_letters] == [(2, "internal_error")]
    planned = [job.job.metadata["offset"] for job in plan.jobs]
    assert planned == [0, 1, 3, 4]
    sent = [one.job.metadata["offset"] for batch in plan.batches for one in batch.jobs]
    assert sorted(sent) == planned


def test_job_of_two_messages_holds_the_subsystems_that_either_demands() -> None:
    trigger = InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    of_eps, of_thermal = (
        trigger.plan([record(0, telemetry(0) | body)]).jobs[0]
        for body in ({}, {"satellite_id": "SAT-002", "eps": {}, "thermal": {"obc_temp": 90.0}})
    )
    assert (set(of_eps.windows), set(of_thermal.windows)) == ({"eps"}, {"thermal"})
    joined = with_earlier(of_eps, of_thermal)
    assert set(joined.windows) == {"eps", "thermal"}
    assert joined.job == replace(of_thermal.job, total_subsystems=2)
    assert with_earlier(of_eps, joined) is joined
    assert with_earlier(None, of_eps) is of_eps


class Letters(FakeDeadLetters):
    """Counts how often it is asked to send, be it nothing."""

    asked = 0

    def send(self, letters: Sequence[DeadLetter]) -> None:
        self.asked += 1
        super().send(letters)


def test_valid_telemetry_asks_nothing_of_the_dead_letters() -> None:
    trigger = InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    letters, sent = Letters(), []
    dispatcher = Dispatcher(letters, lambda batch, _: sent.append(batch))
    dispatcher.send(trigger.plan([record(0, telemetry(0))]))
    assert (len(sent), letters.asked) == (1, 0)
    dispatcher.send(trigger.plan([record(1, b"garbage")]))
    assert (len(sent), letters.asked) == (1, 1)


def dispatched() -> float:
    return REGISTRY.get_sample_value("inference_jobs_dispatched_total", {"lane": "live"}) or 0


def test_log_names_some_jobs_a_second_and_tells_of_progress_and_the_metric_counts_all() -> None:
    trigger = InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    jobs = JOBS_LOGGED_PER_S + 5
    plan = trigger.plan([record(second, telemetry(second)) for second in range(jobs)])
    plan.record_count = PROGRESS_EVERY - 1

    def publish(_batch: InferenceBatch, _task_id: str) -> None: ...

    dispatcher = Dispatcher(FakeDeadLetters(), publish, monotonic=lambda: 7.0)
    before = dispatched()
    with capture_logs() as lines:
        dispatcher.send(plan)
        assert dispatched() == before + jobs
        named = [line["event"] for line in lines if "(job: " in line["event"]]
        assert len(named) == len(set(named)) == JOBS_LOGGED_PER_S
        assert not any(line["event"].startswith("Processed") for line in lines)
        dispatcher.send(Plan(record_count=1))
    assert lines[-1]["event"] == f"Processed {PROGRESS_EVERY} telemetry messages"
