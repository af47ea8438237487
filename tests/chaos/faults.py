"""Faults by name: what each does to the platform, and the moment from which it must heal by itself."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tests.chaos.network import SERVER_PORTS
from tests.chaos.platforms import Platform

PAUSE_S: Final = 40
BLACK_HOLE_S: Final = 30
KAFKA_KILLS: Final = 10
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


def silence(server: str) -> Fault:
    """Drop every packet to and from a server: connections stay open and nothing answers."""

    def act(platform: Platform) -> float:
        with platform.silenced(server):
            time.sleep(BLACK_HOLE_S)
        return time.time()

    return Fault(kind="black-hole", targets=(server,), act=act)


def all_faults(names: Iterable[str]) -> list[Fault]:
    """Every single fault on the processes `names`; pairs are drawn by the plan."""
    names = list(names)
    services = [name for name in names if "/" not in name]
    return [
        *(kill(name) for name in names),
        *(silence(server) for server in SERVER_PORTS),
        kill_repeatedly("kafka", KAFKA_KILLS),
        restart(),
        *(pause(name) for name in services),
    ]
