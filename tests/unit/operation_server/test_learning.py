"""What a subsystem that learns still lacks, as the fleet tells it."""

from typing import Any

import pytest

from operation_server.learning import progress_of, with_progress


def row(**changes: Any) -> dict[str, Any]:
    return {
        "satellite_id": "NEW-1", "subsystem": "comm", "samples": 412, "needed": 2000, "interval_s": 1.0,
        "reason": "too_few_samples",
    } | changes  # fmt: skip


def test_the_time_to_go_is_that_of_the_missing_samples() -> None:
    assert progress_of(row()) == {
        "samples": 412,
        "needed": 2000,
        "remaining_s": 1588.0,
        "reason": "too_few_samples",
    }


@pytest.mark.parametrize(
    "changes", [{"interval_s": None}, {"reason": "check_failed"}, {"reason": "not_settled", "samples": 9000}]
)
def test_what_more_samples_alone_do_not_end_has_no_time(changes: dict[str, Any]) -> None:
    assert progress_of(row(**changes))["remaining_s"] is None


def test_each_subsystem_of_the_fleet_tells_its_own_and_the_others_none() -> None:
    parts = [{"subsystem": "comm"}, {"subsystem": "eps"}]
    fleet = {"satellites": [{"satellite_id": "NEW-1", "subsystems": parts}]}
    progress = progress_of(row())
    found = with_progress(fleet, {("NEW-1", "comm"): progress})
    assert [part["learning"] for part in found["satellites"][0]["subsystems"]] == [progress, None]
