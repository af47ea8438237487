"""What was found against what was demanded: differences of sets of ids, never of counts."""

import time
from collections import Counter
from typing import Final

from confluent_kafka import TopicPartition

from testbed.ledger import TRIGGER_GROUP, Ledger, dead_letters, is_consumed
from testbed.oracle import Demands
from testbed.running_platform import Platform
from testbed.supervised import wait_until

DRAIN_LIMIT_S: Final = 120


def wait_until_drained(platform: Platform, ledger: Ledger, demands: Demands, satellites: str) -> float:
    """Wait until all is read, nothing is queued and every demanded row is there; return the seconds."""
    begun = time.monotonic()
    ends = ledger.ends()
    wait_until(
        lambda: is_consumed(TRIGGER_GROUP, ends), "trigger read all", within_s=DRAIN_LIMIT_S, every_s=0.5
    )
    wait_until(
        lambda: {(row.job_id, row.subsystem) for row in platform.rows(satellites)} >= demands.rows,
        f"every one of {len(demands.rows)} rows is there",
        within_s=DRAIN_LIMIT_S,
        every_s=0.5,
    )
    wait_until(lambda: platform.tasks_in("inference") == 0, "queue is empty", within_s=DRAIN_LIMIT_S)
    return time.monotonic() - begun


def assert_jobs_have_exactly_their_verdicts(platform: Platform, demands: Demands, satellites: str) -> None:
    """Compare jobs and rows with what the ledger demands; of what is restless any may be there, too."""
    rows = platform.rows(satellites)
    found = {(row.job_id, row.subsystem) for row in rows}
    assert found - demands.rows - demands.restless == set(), "rows that nothing demanded"
    assert demands.rows - found == set(), "rows that are missing"
    assert len(rows) == len(found), "a job has two rows of one subsystem"
    assert {row for row in rows if row.status != "completed"} == set()
    jobs = platform.jobs(satellites)
    assert {job.job_id for job in jobs} ^ {job_id for job_id, _ in found} == set()
    subsystems = Counter(job_id for job_id, _ in found)
    for job in jobs:
        expected = subsystems[job.job_id]
        assert (job.status, job.total_subsystems, job.completed_subsystems) == (
            "completed",
            expected,
            expected,
        ), job
        assert job.trigger_reasons == demands.reasons.get(job.job_id, job.trigger_reasons), job


def assert_garbage_is_in_the_dead_letters(
    ledger: Ledger, demands: Demands, since: list[TopicPartition]
) -> None:
    """Compare the dead-letter topic with what the ledger demands: place, reason and bytes."""
    values = {sent.place: sent.value for sent in ledger.sent}
    ours = [letter for letter in dead_letters(since) if letter[0] in values]
    assert {(place, reason) for place, reason, _ in ours} ^ set(demands.dead_letters.items()) == set()
    assert [place for place, _, value in ours if value != values[place]] == []
