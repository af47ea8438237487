"""Reasons to refuse a command, one sentence each, checked before any running process is touched."""

import fcntl
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from deploy.native.services.places import Places
from deploy.native.supervision.ports import TakenPort
from deploy.preflight import configuration_problems
from telemetry_core.service.observability import TRACES_ENDPOINT


class RefusedError(RuntimeError):
    """What the operator must change first."""


def refuse_open_address(address: str) -> None:
    """Refuse to open servers to a network: Kafka, Triton and VictoriaMetrics have no login here."""
    try:
        is_loopback = ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise RefusedError(
            f"BIND_ADDRESS={address}: native mode listens on IPv4 loopback addresses only,"
            " such as 127.0.0.1. To reach it from elsewhere, use a tunnel or a proxy that requires a login."
        )


def refuse_broken_configuration(environment: Mapping[str, str]) -> None:
    """Refuse configuration that would keep services from starting; running services keep theirs."""
    found = [*configuration_problems(environment), *_native_problems(environment)]
    if found:
        raise RefusedError("\n".join(["Nothing was started or changed:", *(f"  {item}" for item in found)]))


def _native_problems(environment: Mapping[str, str]) -> Iterator[str]:
    if not Path(environment["MODEL_REPOSITORY"]).is_dir():
        yield f"MODEL_REPOSITORY: {environment['MODEL_REPOSITORY']} is not a folder"
    if environment.get(TRACES_ENDPOINT) and find_spec("opentelemetry") is None:
        yield f"{TRACES_ENDPOINT}: the libraries for traces are missing: uv sync --group tracing"


def describe_absence(processes: int) -> str:
    """Say what the state is if no supervisor answers: nothing runs, or services that nobody restarts."""
    if not processes:
        return "The platform is not running: make up"
    return (
        f"{processes} processes of the platform run without their supervisor, which has exited: nothing"
        " restarts them. 'make up' stops them and starts all services again; 'make down' stops them."
    )


def describe_taken_ports(taken: Iterable[TakenPort]) -> str:
    """Say which ports are taken, by whom, and what to do."""
    lines = [f"  {port.port} (for {port.service}) by {port.owner}" for port in taken]
    return "\n".join(
        [
            "Nothing was started, because these ports are in use:",
            *lines,
            "Stop their owners ('make down' stops processes left behind by this platform).",
        ]
    )


@contextmanager
def one_at_a_time(places: Places) -> Iterator[None]:
    """Let one command change the platform; a second is refused instead of working against it."""
    try:
        lock = (places.state / "changing.lock").open("w")
    except PermissionError as error:
        raise RefusedError(f"{places.state} belongs to another user: run the command as that user") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                "Another 'make up' or 'make down' is running here: wait until it ends, then try again."
            ) from None
        yield
