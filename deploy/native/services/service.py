"""What runs under the supervisor, and what runs once before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.native.services.probes import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process under the supervisor."""

    name: str
    command: str
    ports: tuple[int, ...] = ()
    inner_ports: tuple[int, ...] = ()
    """On the address that only the platform knows; the operator's way to them leads through nginx."""
    probe: Probe
    after: tuple[str, ...] = ()
    """Servers that start first; a later death of theirs does not touch this one."""
    user: str | None = None
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    is_urgent: bool = False
    """True: it goes first where processor time is scarce, as all between telemetry and alarm does."""
    is_awaited: bool = True
    """False: it starts last, and the platform is ready without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShot:
    """A command that ends: it prepares a server, or proves the whole."""

    name: str
    command: tuple[str, ...]
    after: str
    """The process that it needs."""
