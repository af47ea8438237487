"""Tasks and dead letters are sent until the brokers have them."""

from collections.abc import Sequence

import pytest

from kafka_inference_trigger.dead_letters import DeadLetterTopic
from kafka_inference_trigger.dispatch import Dispatcher
from kafka_inference_trigger.trigger import DeadLetter, Plan
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import InferenceBatch
from tests.unit.kafka_inference_trigger.records import new_trigger, record, telemetry


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
