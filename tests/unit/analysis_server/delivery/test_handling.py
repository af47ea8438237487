import threading

import pytest

from analysis_server.delivery.handling import (
    GIVE_UP_AT,
    SLOW_ATTEMPTS,
    SPLIT_AT,
    Handling,
    ShutdownRequested,
    handling_of,
    hold_until_available,
)
from telemetry_core.contract.errors import DependencyUnavailable, ModelContractError, StatementTooSlow
from telemetry_core.service.liveness import Liveness


class FlakyServer:
    """Away for the first calls."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "answer"


@pytest.mark.parametrize(
    ("delivery_count", "job_count", "expected"),
    [
        (0, 1, Handling.RUN),
        (SPLIT_AT - 1, 200, Handling.RUN),
        (SPLIT_AT, 200, Handling.SPLIT),
        (SPLIT_AT, 1, Handling.RUN),
        (GIVE_UP_AT - 1, 1, Handling.RUN),
        (GIVE_UP_AT, 1, Handling.GIVE_UP),
        (GIVE_UP_AT, 2, Handling.SPLIT),
    ],
)
def test_only_a_single_job_is_given_up(delivery_count: int, job_count: int, expected: Handling) -> None:
    assert handling_of(delivery_count, job_count) is expected


def test_task_is_held_until_its_server_is_back() -> None:
    server = FlakyServer(2, DependencyUnavailable("triton", "connection refused"))
    assert (
        hold_until_available(server, threading.Event(), service="test", loop=Liveness().loop("task"))
        == "answer"
    )
    assert server.calls == 3


def test_held_task_goes_back_when_the_worker_stops() -> None:
    server = FlakyServer(1000, DependencyUnavailable("postgresql", "connection refused"))
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(ShutdownRequested, match="postgresql"):
        hold_until_available(server, stopping, service="test", loop=Liveness().loop("task"))
    assert server.calls == 1


def test_broken_contract_is_not_retried() -> None:
    server = FlakyServer(1, ModelContractError("unknown model"))
    with pytest.raises(ModelContractError):
        hold_until_available(server, threading.Event(), service="test", loop=Liveness().loop("task"))
    assert server.calls == 1


@pytest.mark.parametrize(("is_divisible", "calls"), [(True, SLOW_ATTEMPTS), (False, 4)])
def test_work_that_is_always_too_slow_goes_back_where_it_can_be_divided(
    calls: int, *, is_divisible: bool
) -> None:
    server = FlakyServer(3, StatementTooSlow("postgresql", "canceling statement due to statement timeout"))
    loop = Liveness().loop("task")
    try:
        hold_until_available(server, threading.Event(), service="test", loop=loop, is_divisible=is_divisible)
    except StatementTooSlow:
        assert is_divisible
    assert server.calls == calls


@pytest.mark.slow
def test_outage_in_between_is_no_slow_statement() -> None:
    errors = [StatementTooSlow, StatementTooSlow, DependencyUnavailable, StatementTooSlow, StatementTooSlow]

    def save() -> None:
        if errors:
            raise errors.pop()("postgresql", "x")

    hold_until_available(
        save, threading.Event(), service="test", loop=Liveness().loop("task"), is_divisible=True
    )
    assert not errors
