"""A recording gives the same verdicts whether or not trigger and worker are killed in the middle."""

import pytest

from testbed.generator import Message, every_message_triggers, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import demands_of
from testbed.running_platform import Platform, Row
from testbed.supervised import TRIGGER, WORKER, wait_until
from tests.e2e.checks import wait_until_drained

SATELLITES = 3
STEPS = 120
PARTS = 4
SEED = 3

pytestmark = pytest.mark.e2e


def replay(platform: Platform, prefix: str, messages: list[Message], *, is_disturbed: bool) -> list[Row]:
    """Send a recording in parts, with kills between them or not, and return its rows."""
    ledger = Ledger()
    size = len(messages) // PARTS
    for number in range(PARTS):
        before = platform.row_count(prefix)
        ledger.send(messages[number * size : (number + 1) * size])
        if is_disturbed and number < PARTS - 1:
            wait_until(
                lambda before=before: platform.row_count(prefix) > before,  # type: ignore[misc]
                f"verdicts of part {number}",
                within_s=90,
            )
            killed = {name: platform.supervised.kill(name) for name in (TRIGGER, WORKER)}
            for name, pid in killed.items():
                platform.supervised.wait_for_restart(name, pid)
    wait_until_drained(platform, ledger, demands_of(ledger.sent), prefix)
    return platform.rows(prefix)


def verdicts(rows: list[Row], prefix: str) -> dict[tuple[str, str], tuple[object, ...]]:
    """Key the rows by satellite number, time and subsystem."""
    return {
        (row.job_id.removeprefix(f"kafka-{prefix}"), row.subsystem): (
            row.status,
            row.verdict,
            row.score,
            row.window_sha256,
        )
        for row in rows
    }


def test_replay_with_kills_in_the_middle_gives_the_same_scores(platform: Platform, satellites: str) -> None:
    newest_at = whole_second_now()
    found = {}
    for name in ("calm", "disturbed"):
        prefix = f"{satellites}{name}-"
        ids = [f"{prefix}{index}" for index in range(SATELLITES)]
        messages = list(every_message_triggers(ids, steps=STEPS, newest_at=newest_at, seed=SEED))
        rows = replay(platform, prefix, messages, is_disturbed=name == "disturbed")
        found[name] = verdicts(rows, prefix)
    assert len(found["calm"]) == SATELLITES * STEPS * 4
    assert {verdict for _, verdict, _, _ in found["calm"].values()} >= {"warming_up", "nominal"}
    assert len({score for _, _, score, _ in found["calm"].values()}) > STEPS
    assert found["calm"].items() ^ found["disturbed"].items() == set()
