from typing import Any

import pytest

from deploy.native.supervision.status import ServiceStatus, format_duration, table


def status(**changes: object) -> ServiceStatus:
    fields: dict[str, Any] = {
        "name": "kafka",
        "state": "running",
        "problem": None,
        "ports": (9092, 29092),
        "pid": 41,
        "uptime_s": 75,
        "memory_bytes": 350_000_000,
    } | changes
    return ServiceStatus(**fields)


def test_table_shows_name_state_health_ports_and_memory() -> None:
    heading, line, total = table([status()]).splitlines()
    assert heading.split() == ["NAME", "STATE", "HEALTH", "PORT", "PID", "UPTIME", "PSS"]
    assert line.split() == ["kafka", "running", "healthy", "9092,29092", "41", "1m15s", "350", "MB"]
    assert total == "total 350 MB"


def test_reason_of_an_unhealthy_service_is_below_the_table() -> None:
    lines = table([status(problem="connection refused")]).splitlines()
    assert "unhealthy" in lines[1]
    assert lines[-1] == "kafka: connection refused"


def test_stopped_service_has_neither_pid_nor_uptime() -> None:
    line = table([status(state="stopped", problem="not running", pid=0, memory_bytes=0)]).splitlines()[1]
    assert line.split() == ["kafka", "stopped", "unhealthy", "9092,29092", "-", "-", "-"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (60, "1m00s"), (11220, "3h07m"), (187_200, "2d04h")]
)
def test_duration_shows_its_two_largest_units(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text
