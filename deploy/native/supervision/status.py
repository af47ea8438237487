"""The table of `make status`."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil

from deploy.native.services.service import Service
from deploy.native.supervision.supervisor import UNKNOWN_PROCESS, ProcessState

_HEADINGS = ("NAME", "STATE", "HEALTH", "PORT", "PID", "UPTIME", "PSS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One line of the table."""

    name: str
    state: str
    problem: str | None
    """None = healthy."""
    ports: tuple[int, ...]
    pid: int
    uptime_s: int
    memory_bytes: int
    """Proportional set: what processes share is counted once."""


def observe(services: Iterable[Service], states: Mapping[str, ProcessState]) -> list[ServiceStatus]:
    """Ask every service at once."""
    services = list(services)
    with ThreadPoolExecutor(max_workers=max(1, len(services))) as pool:
        problems = list(pool.map(lambda service: _problem(service, states), services))
    return [
        _status(service, states.get(service.name, UNKNOWN_PROCESS), problem)
        for service, problem in zip(services, problems, strict=True)
    ]


def _problem(service: Service, states: Mapping[str, ProcessState]) -> str | None:
    if not states.get(service.name, UNKNOWN_PROCESS).pid:
        return "not running"
    return service.probe()


def _status(service: Service, known: ProcessState, problem: str | None) -> ServiceStatus:
    return ServiceStatus(
        name=service.name,
        state=known.state.lower(),
        problem=problem,
        ports=(*service.ports, *service.inner_ports),
        pid=known.pid,
        uptime_s=max(0, int(time.time()) - known.started_at) if known.pid else 0,
        memory_bytes=memory_bytes(known.pid) if known.pid else 0,
    )


def memory_bytes(pid: int) -> int:
    """Memory of a process and all its children, each share of a shared page divided by its users."""
    try:
        root = psutil.Process(pid)
        return sum(_own_memory_bytes(process) for process in [root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _own_memory_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:  # a service of root, seen by another user
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def table(statuses: Iterable[ServiceStatus]) -> str:
    """Format the lines, and under them why a service is unhealthy."""
    statuses = list(statuses)
    rows = [_HEADINGS, *(_row(status) for status in statuses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    total_mb = sum(status.memory_bytes for status in statuses) / 1e6
    problems = [f"{status.name}: {status.problem}" for status in statuses if status.problem and status.pid]
    return "\n".join([*lines, f"total {total_mb:.0f} MB", *problems])


def brief_table(statuses: Iterable[ServiceStatus]) -> str:
    """Format name and state in the two columns that `docker compose ps` prints for a monitor."""
    rows = [("SERVICE", "STATUS"), *((status.name, _brief(status)) for status in statuses)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}   {text}" for name, text in rows)


def _brief(status: ServiceStatus) -> str:
    if not status.pid:
        return status.state.capitalize()
    health = f"unhealthy: {status.problem}" if status.problem else "healthy"
    return f"Up {format_duration(status.uptime_s)} ({health})"


def _row(status: ServiceStatus) -> tuple[str, ...]:
    return (
        status.name,
        status.state,
        "unhealthy" if status.problem else "healthy",
        ",".join(str(port) for port in status.ports),
        str(status.pid or "-"),
        format_duration(status.uptime_s) if status.pid else "-",
        f"{status.memory_bytes / 1e6:.0f} MB" if status.pid else "-",
    )


def format_duration(seconds: int) -> str:
    """`42s`, `5m02s`, `3h07m`, `2d04h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24:02d}h"
    if hours:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{minutes}m{seconds % 60:02d}s" if minutes else f"{seconds}s"
