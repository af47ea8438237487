"""Starts services in order and waits until each is ready."""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from deploy.native.services.service import Service
from deploy.native.supervision.supervisor import ProcessState, Supervisor

POLL_S = 0.2
STARTS_UNTIL_HOPELESS = 4


class NotReadyError(RuntimeError):
    """A service did not become ready."""

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f"{service} is not ready: {reason}")
        self.service = service


def stages(services: Iterable[Service]) -> tuple[list[Service], list[Service], list[Service]]:
    """Split services: those started first, those started after them, and those nothing waits for."""
    services = list(services)
    awaited = [item for item in services if item.is_awaited]
    return (
        [item for item in awaited if not item.after],
        [item for item in awaited if item.after],
        [item for item in services if not item.is_awaited],
    )


def start_and_wait(
    supervisor: Supervisor, services: Sequence[Service], *, deadline: float
) -> list[NotReadyError]:
    """Start `services` at once, print each that is ready, and return why others are not at `deadline`."""
    begun = time.monotonic()
    supervisor.start_services(service.name for service in services)
    cancelled = threading.Event()
    with ThreadPoolExecutor(max_workers=max(1, len(services))) as pool:
        waits = {
            pool.submit(_wait, supervisor, service, deadline, cancelled): service.name for service in services
        }
        failures = []
        try:
            for wait in as_completed(waits):
                try:
                    wait.result()
                except NotReadyError as failure:
                    failures.append(failure)
                    print(f"  {waits[wait]:<24} NOT READY", flush=True)
                else:
                    print(f"  {waits[wait]:<24} ready after {time.monotonic() - begun:.1f} s", flush=True)
        finally:
            cancelled.set()
    return failures


def _wait(supervisor: Supervisor, service: Service, deadline: float, cancelled: threading.Event) -> None:
    starts: set[int] = set()
    while not cancelled.is_set():
        problem = service.probe()
        known = supervisor.states()[service.name]
        if problem is None and known.pid:
            return
        starts.add(known.started_at)
        reason = why_hopeless(known, problem, len(starts), is_late=time.monotonic() > deadline)
        if reason:
            raise NotReadyError(service.name, reason)
        cancelled.wait(POLL_S)


def why_hopeless(known: ProcessState, problem: str | None, starts: int, *, is_late: bool) -> str | None:
    """Say why waiting longer is of no use, or None."""
    if starts >= STARTS_UNTIL_HOPELESS:
        return f"it ended {starts - 1} times after its start"
    if is_late:
        return f"the time is up ({known.state.lower()}; {problem or 'not running'})"
    return None
