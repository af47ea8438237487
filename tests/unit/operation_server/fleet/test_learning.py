"""What a subsystem that learns still lacks, as the fleet tells it."""

from typing import Any

import pytest

from operation_server.fleet.learning import progress_of, rarely_sampled, with_progress
from telemetry_core.contract.mission import Window


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
    rare = {"interval_s": 3600.0}
    found = with_progress(fleet, {("NEW-1", "comm"): progress}, {("NEW-1", "eps"): rare})
    told = [(part["learning"], part["rarely_sampled"]) for part in found["satellites"][0]["subsystems"]]
    assert told == [(progress, None), (None, rare)]


@pytest.mark.parametrize(
    ("verdict", "interval_s", "max_span_s", "enough_span_s"),
    [
        ("warming_up", 3_600.0, 10_000, 36_000.0),
        ("warming_up", 86_400.0, 600_000, None),
        ("warming_up", 1_100.0, 10_000, "nothing"),
        ("warming_up", None, 10_000, "nothing"),
        ("nominal", 3_600.0, 10_000, "nothing"),
    ],
    ids=["hourly", "daily", "ten samples fit", "a single sample", "judged"],
)
def test_what_never_fills_a_window_tells_the_span_that_would_do(
    verdict: str, interval_s: float | None, max_span_s: float, enough_span_s: float | str | None
) -> None:
    window = Window(length=64, max_span_s=max_span_s, max_gap_s=60)
    newest = {"satellite_id": "A", "subsystem": "eps", "verdict": verdict, "interval_s": interval_s}
    found = rarely_sampled(window, [newest])
    expected = {
        "interval_s": interval_s, "needed": 10, "max_span_s": max_span_s, "enough_span_s": enough_span_s,
    }  # fmt: skip
    assert found == ({} if enough_span_s == "nothing" else {("A", "eps"): expected})
