"""The supervisor: start it, ask it, stop it, and leave nothing behind."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, cast
from xmlrpc.client import Fault, ServerProxy, Transport

import psutil
from supervisor.xmlrpc import Faults

from deploy.native.services.places import Places

ANSWER_LIMIT_S: Final = 60
"""Longer than stopping a group takes, for which the supervisor answers when it is done."""
GREETING_LIMIT_S: Final = 5
START_LIMIT_S = 10
STOP_LIMIT_S = 40
END_LIMIT_S = 20


class SupervisorError(RuntimeError):
    """The supervisor did not start, stop or answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """What the supervisor knows of one service."""

    state: str
    pid: int
    started_at: int
    """Unix time; 0 = never."""


UNKNOWN_PROCESS: Final = ProcessState(state="unknown", pid=0, started_at=0)
"""A service that came with a newer version than the running supervisor's."""


class Supervisor:
    """One supervisord, reached over its socket."""

    def __init__(self, places: Places, *, greeting_limit_s: float = GREETING_LIMIT_S) -> None:
        self._places = places
        self._socket = places.run / "supervisor.sock"
        self._greeting_limit_s = greeting_limit_s

    def is_running(self) -> bool:
        """Tell whether it answers."""
        if not self._socket.exists():
            return False
        try:
            self._rpc(self._greeting_limit_s).getPID()
        except OSError:
            return False
        return True

    def start(self) -> None:
        """Start it as a daemon; the services follow one by one."""
        configuration = self._places.etc / "supervisord.conf"
        program = self._places.python.parent / "supervisord"
        outcome = subprocess.run(
            [program, "--configuration", configuration], capture_output=True, text=True, check=False
        )
        deadline = time.monotonic() + START_LIMIT_S
        while not self.is_running():
            if outcome.returncode or time.monotonic() > deadline:
                raise SupervisorError(f"supervisord does not start: {outcome.stderr or outcome.stdout}")
            time.sleep(0.05)

    def reload(self) -> list[str]:
        """Take over a changed configuration; return the services that were stopped for it."""
        rpc = self._rpc()
        running = {name for name, known in self.states().items() if known.pid}
        ((added, changed, removed),) = rpc.reloadConfig()
        for name in (*changed, *removed):
            rpc.stopProcessGroup(name)
            rpc.removeProcessGroup(name)
        for name in (*added, *changed):
            rpc.addProcessGroup(name)
        return [name for name in changed if name in running]

    def states(self) -> dict[str, ProcessState]:
        """State of every service."""
        return {
            info["name"]: ProcessState(state=info["statename"], pid=info["pid"], started_at=info["start"])
            for info in self._rpc().getAllProcessInfo()
        }

    def start_services(self, names: Iterable[str]) -> None:
        """Start them all at once; those that run already go on."""
        rpc = self._rpc()
        for name in names:
            try:
                rpc.startProcess(name, False)
            except Fault as fault:
                if fault.faultCode != Faults.ALREADY_STARTED:
                    raise SupervisorError(f"{name}: {fault.faultString}") from fault

    def stop_services(self, names: Iterable[str]) -> None:
        """Ask them all at once to stop, and wait."""
        rpc = self._rpc()
        pending = set(names)
        for name in pending:
            try:
                rpc.stopProcess(name, False)
            except Fault as fault:
                # A supervisor that an older version of the platform started does not know what is new.
                if fault.faultCode not in {Faults.NOT_RUNNING, Faults.BAD_NAME}:
                    raise SupervisorError(f"{name}: {fault.faultString}") from fault
        deadline = time.monotonic() + STOP_LIMIT_S
        while pending & {name for name, known in self.states().items() if known.pid}:
            if time.monotonic() > deadline:
                raise SupervisorError(f"these services did not stop: {', '.join(sorted(pending))}")
            time.sleep(0.1)

    def shut_down(self) -> None:
        """Stop the supervisor itself."""
        pid = self._rpc().getPID()
        self._rpc().shutdown()
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=STOP_LIMIT_S)

    def _rpc(self, limit_s: float = ANSWER_LIMIT_S) -> Any:
        transport = _SocketTransport(self._socket, limit_s)
        return cast("Any", ServerProxy("http://127.0.0.1", transport=transport)).supervisor


class _SocketConnection(HTTPConnection):
    def __init__(self, path: Path, limit_s: float) -> None:
        super().__init__("127.0.0.1", timeout=limit_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _SocketTransport(Transport):
    """The supervisor's socket; one that is stopped takes requests and never answers."""

    def __init__(self, path: Path, limit_s: float) -> None:
        super().__init__()
        self._path = path
        self._limit_s = limit_s

    def make_connection(self, host: Any) -> HTTPConnection:
        connection = _SocketConnection(self._path, self._limit_s)
        self._connection = host, connection
        return connection

    def single_request(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().single_request(*arguments, **options)
        except TimeoutError as error:
            raise SupervisorError(
                f"the supervisor did not answer within {self._limit_s:g} s: is it stopped (kill -CONT the"
                f" process of {self._path.with_name('supervisord.pid')}), or the machine too busy?"
            ) from error
        finally:
            self.close()


def leftovers(places: Places) -> list[psutil.Process]:
    """Find what outlived the supervisor: port mapper, stubs, orphans of services that were killed."""
    return [process for process in psutil.process_iter() if _is_ours(process, places)]


def end_leftovers(places: Places) -> list[str]:
    """End what outlived the supervisor."""
    found = leftovers(places)
    names = [f"{process.name()} (pid {process.pid})" for process in found]
    for process in found:
        _signal(process)
    _, alive = psutil.wait_procs(found, timeout=END_LIMIT_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=5)
    return names


def _is_ours(process: psutil.Process, places: Places) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        if process.environ().get("SATELLITE_PLATFORM") == str(places.state):
            return True
        # nginx writes titles over its environment; a shell of somebody who looks around has a terminal.
        return process.cwd() == str(places.run) and process.terminal() is None
    except (psutil.Error, OSError):
        return False


def remove_traces(places: Places) -> None:
    """Delete the process ids of an earlier run, whoever it ran as: nothing of it is left."""
    for pattern in ("*.pid", "*.group"):
        for trace in places.run.glob(pattern):
            trace.unlink(missing_ok=True)


def _signal(process: psutil.Process) -> None:
    try:
        process.terminate()
    except psutil.NoSuchProcess:
        print(f"pid {process.pid} has ended", file=sys.stderr)
