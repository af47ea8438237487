"""Every minute the workers are asked for a turn of learning."""

from housekeeping.learning import learning_chore
from telemetry_core.contract.tasks import LEARN, SubmittedTask


def test_a_turn_carries_the_time_of_its_request() -> None:
    sent: list[SubmittedTask] = []
    chore = learning_chore(sent.append, clock=lambda: 1_800_000_000.4)
    assert chore.work() is False
    assert sent == [SubmittedTask(name=LEARN, arguments=(1_800_000_000,), task_id="learn-1800000000")]
