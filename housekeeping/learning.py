"""Asking the workers for a turn of learning: they have the model, and constants are fitted with it."""

import time
from collections.abc import Callable
from typing import Final

from housekeeping.chores import Chore
from telemetry_core.contract.tasks import LEARN, SubmittedTask

EVERY_S: Final = 60.0


def learning_chore(send: Callable[[SubmittedTask], None], *, clock: Callable[[], float] = time.time) -> Chore:
    """Describe the work to the loop; a turn bears the time when it was asked for."""

    def work() -> bool:
        now_s = round(clock())
        send(SubmittedTask(name=LEARN, arguments=(now_s,), task_id=f"learn-{now_s}"))
        return False

    return Chore(name="learning", every_s=EVERY_S, work=work)
