"""The platform under faults: its processes under the native supervisor, or its containers."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

import psutil

from testbed.supervised import CHECKOUT, Supervised, wait_until
from tests.chaos.faults.copies import adjustable_clock, copy_of, other_ports
from tests.chaos.faults.delay import delayed
from tests.chaos.faults.disk import ballast, small_disk
from tests.chaos.faults.network import SERVER_PORTS, black_hole
from tests.compose.containers import PROJECT, Containers

NETWORK: Final = f"{PROJECT}_webnet"
RETURN_LIMIT_S: Final = 120
"""A killed process must be there again after this time, however slow its start is."""
RESTART_LIMIT_S: Final = 300


class Platform(Protocol):
    """What a fault does to the platform."""

    def names(self) -> list[str]:
        """Every process by its name, those that a process starts as `service/program`."""

    def kill(self, name: str) -> Callable[[], float]:
        """Kill it without warning; the answer waits for its return and tells when that was."""

    def pause(self, name: str) -> None:
        """Let it stand still, with all its children."""

    def resume(self, name: str) -> None:
        """Let it go on."""

    def silenced(self, name: str) -> AbstractContextManager[None]:
        """Drop all packets from and to a server inside the block."""

    def slowed(self, name: str) -> AbstractContextManager[None]:
        """Let every byte from and to a server come late inside the block."""

    def adjustable_clock(self, name: str) -> AbstractContextManager[Callable[[str], None]]:
        """Yield what moves the clock of a service, as `+3600`."""

    def further(self, name: str, count: int) -> AbstractContextManager[None]:
        """Run further processes of a service inside the block."""

    def filled_disk(self, name: str) -> AbstractContextManager[None]:
        """Leave a server no room on its disk inside the block; it must be back when there is room again."""

    def restart(self) -> float:
        """Take everything down and up again; return when that was over."""

    def repair(self) -> None:
        """Do by hand what the platform did not do: a fault that needs it has failed."""

    def problems(self) -> list[str]:
        """Name what is not healthy."""


class NativePlatform:
    """Processes of the supervisor, killed and stopped by signals."""

    def __init__(self) -> None:
        self.supervised = Supervised()

    def names(self) -> list[str]:
        """Name every process of every service; of several like ones the name stands once."""
        found: list[str] = []
        for service in sorted(self.supervised.states()):
            found.append(service)
            found.extend(sorted({f"{service}/{child.name()}" for child in self._children(service)}))
        return found

    def kill(self, name: str) -> Callable[[], float]:
        service, _, child = name.partition("/")
        old = self.supervised.pid(service)
        ports = listening_ports(old)
        victim = self._child(service, child) if child else psutil.Process(old)
        victim.kill()

        def returned() -> float:
            # A service may go on when its child dies, or end with it and start again.
            wait_until(lambda: not _is_alive(victim), f"{name} is dead", within_s=RETURN_LIMIT_S)
            self._wait_for_ports(service, ports)
            return time.time()

        return returned

    def pause(self, name: str) -> None:
        for process in self._tree(name):
            process.suspend()

    def resume(self, name: str) -> None:
        for process in self._tree(name):
            process.resume()

    def silenced(self, name: str) -> AbstractContextManager[None]:
        return black_hole(SERVER_PORTS[name])

    def slowed(self, name: str) -> AbstractContextManager[None]:
        return delayed(SERVER_PORTS[name])

    def adjustable_clock(self, name: str) -> AbstractContextManager[Callable[[str], None]]:
        return adjustable_clock(self.supervised, name)

    @contextmanager
    def further(self, name: str, count: int) -> Iterator[None]:
        with ExitStack() as copies:
            for number in range(count):
                ports = other_ports(self.supervised, name, number=number)
                copies.enter_context(copy_of(self.supervised, name, ports))
            yield

    @contextmanager
    def filled_disk(self, name: str) -> Iterator[None]:
        ports = listening_ports(self.supervised.pid(name))
        with small_disk(self.supervised, name) as folder:
            with ballast(self.supervised, folder):
                yield
            self._wait_for_ports(name, ports)
        self._wait_for_ports(name, ports)

    def restart(self) -> float:
        run("make", "down")
        run("make", "up")
        return time.time()

    def repair(self) -> None:
        for name in self.supervised.states():
            for process in self._tree(name):
                process.resume()
        self.restart()

    def problems(self) -> list[str]:
        outcome = subprocess.run(
            ["make", "--no-print-directory", "status"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        return [line for line in outcome.stdout.splitlines() if "unhealthy" in line]

    def _wait_for_ports(self, service: str, ports: set[int]) -> None:
        wait_until(
            lambda: (pid := self.supervised.pid(service)) and listening_ports(pid) >= ports,
            f"{service} is back on its ports",
            within_s=RETURN_LIMIT_S,
        )

    def _tree(self, name: str) -> list[psutil.Process]:
        service, _, child = name.partition("/")
        if child:
            return [self._child(service, child)]
        pid = self.supervised.pid(service)
        return [psutil.Process(pid), *self._children(service)] if pid else []

    def _children(self, service: str) -> list[psutil.Process]:
        pid = self.supervised.pid(service)
        return psutil.Process(pid).children(recursive=True) if pid else []

    def _child(self, service: str, program: str) -> psutil.Process:
        found = wait_until(
            lambda: [child for child in self._children(service) if child.name() == program],
            f"{service} has a child {program}",
            within_s=30,
        )
        return found[0]


class ComposePlatform:
    """Containers of Docker Compose, killed from outside and paused."""

    def __init__(self, folder: Path) -> None:
        self._containers = Containers(folder)

    def names(self) -> list[str]:
        return sorted(name for name, (state, _) in self._containers.states().items() if state == "running")

    def kill(self, name: str) -> Callable[[], float]:
        started_before = self._containers.inspect(name)["State"]["StartedAt"]
        self._containers.kill(name)

        def returned() -> float:
            self._containers.wait_for_healing(name, started_before)
            return time.time()

        return returned

    def pause(self, name: str) -> None:
        self._containers.run(f"docker pause {name}")

    def resume(self, name: str) -> None:
        self._containers.run(f"docker unpause {name}")

    @contextmanager
    def silenced(self, name: str) -> Iterator[None]:
        self._containers.run(f"docker network disconnect {NETWORK} {name}")
        try:
            yield
        finally:
            self._containers.run(f"docker network connect --alias {name} {NETWORK} {name}")

    def slowed(self, name: str) -> AbstractContextManager[None]:
        raise AssertionError(f"{name}: containers reach each other on a network of their own")

    def adjustable_clock(self, name: str) -> AbstractContextManager[Callable[[str], None]]:
        raise AssertionError(f"{name}: a container's clock is its host's")

    def filled_disk(self, name: str) -> AbstractContextManager[None]:
        raise AssertionError(f"{name}: containers share the disk of their host")

    @contextmanager
    def further(self, name: str, count: int) -> Iterator[None]:
        self._containers.run(f"docker compose up --detach --no-recreate --scale {name}={count + 1} {name}")
        try:
            yield
        finally:
            self._containers.run(f"docker compose up --detach --no-recreate --scale {name}=1 {name}")

    def restart(self) -> float:
        self._containers.run("docker compose down", limit_s=RESTART_LIMIT_S)
        self._containers.run("docker compose up --detach --wait", limit_s=RESTART_LIMIT_S)
        return time.time()

    def repair(self) -> None:
        self._containers.run("docker compose restart", limit_s=RESTART_LIMIT_S)
        self._containers.run("docker compose up --detach --wait", limit_s=RESTART_LIMIT_S)

    def problems(self) -> list[str]:
        states = self._containers.services()
        return [f"{name}: {state}" for name, state in states.items() if state not in {"healthy", "exited"}]


def listening_ports(pid: int) -> set[int]:
    """Return the TCP ports on which a process or one of its children accepts connections."""
    found: set[int] = set()
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            found |= {
                entry.laddr.port
                for entry in process.net_connections("tcp")
                if entry.status == psutil.CONN_LISTEN
            }
    except psutil.NoSuchProcess:
        return set()
    return found


def run(*command: str) -> None:
    """Run one of the operator's commands; what it printed is told when it fails."""
    outcome = subprocess.run(
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RESTART_LIMIT_S,
        check=False,
    )
    assert outcome.returncode == 0, f"{' '.join(command)} ended with {outcome.returncode}\n{outcome.stdout}"


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
