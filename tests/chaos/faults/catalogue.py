"""Faults by name: what each does to the platform, and the moment from which it must heal by itself."""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.supervised import CHECKOUT, RELAY, TRIGGER, WORKER, WRITER, address, wait_until
from tests.chaos.faults.disk import FOLDERS
from tests.chaos.faults.network import SERVER_PORTS
from tests.chaos.faults.partitions import add_partitions
from tests.chaos.faults.platforms import Platform
from tests.e2e.failures.hostile_tasks import MODEL, dead_marks, send_hostile_tasks

PAUSE_S: Final = 40
BLACK_HOLE_S: Final = 30
KAFKA_KILLS: Final = 10
CLOCK_STEP_S: Final = 12
FULL_DISK_S: Final = 20
NO_MODEL_S: Final = 20
TRITON: Final = "triton-server"
HOSTILE_LIMIT_S: Final = 60
CLOCKED: Final = (TRIGGER, WORKER, WRITER, RELAY)
BETWEEN_KILLS_S: Final = 8

Act = Callable[[Platform], float]
"""Does the fault and returns when the peer was back (Unix seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    targets: tuple[str, ...]
    act: Act

    @property
    def name(self) -> str:
        """What `--only` and the report call it."""
        return f"{self.kind}:{'+'.join(self.targets)}" if self.targets else self.kind


def kill(*names: str) -> Fault:
    """Kill processes at once, without warning."""

    def act(platform: Platform) -> float:
        returns = [platform.kill(name) for name in names]
        return max(returned() for returned in returns)

    return Fault(kind="kill", targets=names, act=act)


def pause(*names: str) -> Fault:
    """Let processes stand still for longer than sessions and heartbeats last."""

    def act(platform: Platform) -> float:
        for name in names:
            platform.pause(name)
        time.sleep(PAUSE_S)
        for name in names:
            platform.resume(name)
        return time.time()

    return Fault(kind="pause", targets=names, act=act)


def kill_repeatedly(name: str, times: int) -> Fault:
    """Kill one process again and again, each time when it is just back."""

    def act(platform: Platform) -> float:
        returned_at = time.time()
        for _ in range(times):
            returned_at = platform.kill(name)()
            time.sleep(BETWEEN_KILLS_S)
        return returned_at

    return Fault(kind=f"kill-{times}-times", targets=(name,), act=act)


def restart() -> Fault:
    """Take the platform down and up again under load."""
    return Fault(kind="restart", targets=(), act=lambda platform: platform.restart())


def meanwhile(
    kind: str, server: str, spoiled: Callable[[Platform, str], AbstractContextManager[None]], seconds: float
) -> Fault:
    """Let something be wrong with a server for a while; it heals from the end on."""

    def act(platform: Platform) -> float:
        with spoiled(platform, server):
            time.sleep(seconds)
        return time.time()

    return Fault(kind=kind, targets=(server,), act=act)


def silence(server: str) -> Fault:
    """Drop every packet to and from a server: connections stay open and nothing answers."""
    return meanwhile("black-hole", server, lambda platform, name: platform.silenced(name), BLACK_HOLE_S)


def slow(server: str) -> Fault:
    """Let the way to a server be slow: every round trip takes as long as one around the earth."""
    return meanwhile("slow-network", server, lambda platform, name: platform.slowed(name), BLACK_HOLE_S)


def fill_disk(server: str) -> Fault:
    """Fill the disk of a server for a while."""
    return meanwhile("full-disk", server, lambda platform, name: platform.filled_disk(name), FULL_DISK_S)


def step_clock(service: str) -> Fault:
    """Move a service's clock an hour ahead, an hour back and right again, while it works."""

    def act(platform: Platform) -> float:
        with platform.adjustable_clock(service) as move:
            for offset in ("+0", "+3600", "-3600", "+0"):
                move(offset)
                time.sleep(CLOCK_STEP_S)
        return time.time()

    return Fault(kind="clock", targets=(service,), act=act)


def more_triggers(count: int) -> Fault:
    """Give the topic more partitions and let further triggers join under load, and leave again."""

    def act(platform: Platform) -> float:
        add_partitions()
        with platform.further(TRIGGER, count - 1):
            time.sleep(PAUSE_S)
        return time.time()

    return Fault(kind=f"{count}-at-once", targets=(TRIGGER,), act=act)


def hostile_tasks() -> Fault:
    """Put task bodies that nobody can read between the worker's tasks."""

    def act(_: Platform) -> float:
        marks = send_hostile_tasks()
        wait_until(
            lambda: marks.keys() <= dead_marks(),
            f"all of {', '.join(marks.values())} are dead letters",
            within_s=HOSTILE_LIMIT_S,
            every_s=1,
        )
        return time.time()

    return Fault(kind="hostile-tasks", targets=(), act=act)


def withdraw_model() -> Fault:
    """Let Triton run without the model that every verdict needs, and give it back."""

    def act(platform: Platform) -> float:
        folder = Path(address("MODEL_REPOSITORY", str(CHECKOUT / "model_repository"))) / MODEL
        aside = folder.parent.with_name(f"{MODEL}.aside")
        folder.rename(aside)
        try:
            platform.kill(TRITON)()
            time.sleep(NO_MODEL_S)
        finally:
            aside.rename(folder)
        return platform.kill(TRITON)()

    return Fault(kind="no-model", targets=(MODEL,), act=act)


def all_faults(names: Iterable[str]) -> list[Fault]:
    """Every single fault on the processes `names`; pairs are drawn by the plan."""
    names = list(names)
    services = [name for name in names if "/" not in name]
    return [
        *(kill(name) for name in names),
        *(silence(server) for server in SERVER_PORTS),
        *(slow(server) for server in SERVER_PORTS),
        kill_repeatedly("kafka", KAFKA_KILLS),
        restart(),
        hostile_tasks(),
        withdraw_model(),
        *(fill_disk(server) for server in FOLDERS),
        *(more_triggers(count) for count in (2, 3)),
        *(step_clock(service) for service in CLOCKED if service in services),
        *(pause(name) for name in services),
    ]
