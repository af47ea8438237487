import pytest

from operation_server.pipeline.thresholds import (
    Finding,
    alerts_of,
    connections_state,
    dead_letters_state,
    group_state,
    lag_state,
    latency_state,
    queue_state,
    state_and_detail,
    success_state,
    transaction_state,
    waiting_state,
)
from telemetry_core.contract.tasks import DEAD_LETTER_QUEUE, INFERENCE_QUEUE


@pytest.mark.parametrize(
    ("lag", "state"),
    [(None, "standby"), (0, "normal"), (1, "standby"), (1000, "standby"), (1001, "serious")],
)
def test_lag_waits_above_zero_and_is_late_above_a_thousand(lag: int | None, state: str) -> None:
    assert lag_state(lag) == group_state(lag, members=1) == state


@pytest.mark.parametrize("lag", [None, 0, 1001])
def test_group_without_members_is_never_well(lag: int | None) -> None:
    assert group_state(lag, members=0) == "serious"


@pytest.mark.parametrize(
    ("ready", "state"),
    [(0, "normal"), (10, "normal"), (11, "caution"), (100, "caution"), (101, "serious")],
)
def test_queue_fills_above_ten_and_is_late_above_a_hundred(ready: int, state: str) -> None:
    assert queue_state(INFERENCE_QUEUE, ready) == state


@pytest.mark.parametrize(
    ("ready", "state"), [(0, "normal"), (1, "caution"), (100, "caution"), (101, "serious")]
)
def test_one_task_that_was_given_up_is_one_too_many(ready: int, state: str) -> None:
    assert queue_state(DEAD_LETTER_QUEUE, ready) == state


@pytest.mark.parametrize(("count", "state"), [(None, "normal"), (0, "normal"), (1, "caution")])
def test_one_dead_letter_is_a_caution(count: int | None, state: str) -> None:
    assert dead_letters_state(count) == state


@pytest.mark.parametrize(
    ("percent", "state"),
    [(None, "standby"), (100.0, "normal"), (95.01, "normal"), (95.0, "serious"), (0.0, "serious")],
)
def test_success_is_good_above_95_percent_only(percent: float | None, state: str) -> None:
    assert success_state(percent) == state


@pytest.mark.parametrize(
    ("p99_s", "state"),
    [
        (None, "normal"),
        (0.2, "normal"),
        (30.0, "normal"),
        (30.1, "caution"),
        (120.0, "caution"),
        (294.0, "serious"),
    ],
)
def test_slow_verdicts_are_a_caution_and_late_ones_serious(p99_s: float | None, state: str) -> None:
    assert latency_state(p99_s) == state


@pytest.mark.parametrize(
    ("oldest_s", "state"),
    [(None, "normal"), (120.0, "normal"), (121.0, "caution"), (600.0, "caution"), (86_400.0, "serious")],
)
def test_job_that_stays_open_is_a_caution_and_then_serious(oldest_s: float | None, state: str) -> None:
    assert waiting_state(oldest_s) == state


@pytest.mark.parametrize(("used", "state"), [(80, "normal"), (81, "caution"), (100, "caution")])
def test_connections_run_out_above_four_fifths(used: int, state: str) -> None:
    assert connections_state(used, 100) == state


@pytest.mark.parametrize(("age_s", "state"), [(None, "normal"), (60.0, "normal"), (60.1, "caution")])
def test_transaction_is_old_after_a_minute(age_s: float | None, state: str) -> None:
    assert transaction_state(age_s) == state


def test_part_is_as_bad_as_its_worst_row_and_names_that_first() -> None:
    findings = [Finding(state="standby", message="3 wait"), Finding(state="serious", message="1001 wait")]
    assert state_and_detail(findings) == {"state": "serious", "detail": "1001 wait; 3 wait"}
    assert state_and_detail([]) == {"state": "normal", "detail": ""}


def test_alerts_are_worst_first_and_leave_out_what_waits() -> None:
    found = [
        ("kafka", Finding(state="caution", message="2 dead letters")),
        ("gpu", Finding(state="standby", message="on the CPU")),
        ("search", Finding(state="off", message="away")),
        ("workers", Finding(state="critical", message="none")),
        ("rabbitmq", Finding(state="serious", message="101 tasks")),
    ]
    assert [(alert.part, alert.state) for alert in alerts_of(found)] == [
        ("workers", "critical"),
        ("rabbitmq", "serious"),
        ("search", "off"),
        ("kafka", "caution"),
    ]
