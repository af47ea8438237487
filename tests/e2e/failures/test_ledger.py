"""Every triggered job has exactly its verdicts, whatever is killed in the middle."""

from pathlib import Path

import pytest

from testbed.generator import Shares, recording, whole_second_now
from testbed.ledger import Ledger, dead_letter_ends
from testbed.oracle import demands_of
from testbed.running_platform import Platform
from testbed.supervised import TRIGGER, wait_until
from tests.e2e.checks import (
    assert_garbage_is_in_the_dead_letters,
    assert_jobs_have_exactly_their_verdicts,
    wait_until_drained,
)
from tests.e2e.failures.workers import worker_with

MESSAGES = 5000
ROUNDS = 4
SATELLITES = 20

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_jobs_have_exactly_their_verdicts_although_trigger_and_worker_are_killed(
    platform: Platform, satellites: str, pool: str, tmp_path: Path
) -> None:
    ids = [f"{satellites}{index:02d}" for index in range(SATELLITES)]
    messages = recording(ids, count=MESSAGES, newest_at=whole_second_now(), seed=20261124, shares=Shares())
    dead_letters_before = dead_letter_ends()
    ledger = Ledger()
    size = MESSAGES // ROUNDS
    with worker_with(pool, platform.supervised, tmp_path / "worker.log") as worker:
        for number in range(ROUNDS):
            part = messages[number * size : (number + 1) * size]
            before = platform.row_count(satellites)
            ledger.send(part[: size // 2])
            # Both services are at work again, and in the middle of it, when they are killed.
            wait_until(
                lambda before=before: platform.row_count(satellites) > before,  # type: ignore[misc]
                f"verdicts in round {number}",
                within_s=90,
            )
            ledger.send(part[size // 2 :])
            old = platform.supervised.kill(TRIGGER)
            worker.kill()
            platform.supervised.wait_for_restart(TRIGGER, old)
        demands = demands_of(ledger.sent)
        wait_until_drained(platform, ledger, demands, satellites)
    assert len(ledger.sent) == MESSAGES
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)
    assert_garbage_is_in_the_dead_letters(ledger, demands, dead_letters_before)
