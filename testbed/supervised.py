"""The platform's processes, through the socket of its supervisor; deadlines instead of sleeps."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

CHECKOUT: Final = Path(__file__).resolve().parents[1]
TRIGGER: Final = "kafka-inference-trigger"
WORKER: Final = "analysis-worker-1"
WRITER: Final = "victoria-consumer"
RELAY: Final = "verdict-relay"
ALARM_SERVER: Final = "alarm-server"
NOTIFIER: Final = "alarm-notifier"
SEARCH: Final = "elasticsearch"
POLL_S: Final = 0.05

Found = TypeVar("Found")


def address(key: str, default: str) -> str:
    """Return a configuration key of the platform."""
    return os.environ.get(key, default)


def wait_until(
    condition: Callable[[], Found | None], what: str, *, within_s: float, every_s: float = POLL_S
) -> Found:
    """Return the first truthy answer of `condition`, or fail naming `what` after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:.0f} s: {what}; last answer {answer!r}")
        time.sleep(every_s)


class Supervised:
    """The platform's processes, through its supervisor's socket."""

    def __init__(self) -> None:
        state = Path(address("NATIVE_STATE", str(CHECKOUT / ".native" / "state"))).resolve()
        self.state = state
        self._socket = state / "run" / "supervisor.sock"

    def pid(self, name: str) -> int:
        """Process id, 0 when it does not run."""
        return int(self._ask("getProcessInfo", name)["pid"])

    def running_s(self, name: str) -> float:
        """For how many seconds it has been running, 0 when it does not run."""
        info = self._ask("getProcessInfo", name)
        return float(info["now"] - info["start"]) if info["pid"] else 0.0

    def own_pid(self) -> int:
        """Process id of the supervisor itself."""
        return int(self._ask("getPID"))

    def states(self) -> dict[str, str]:
        """Name to state of every process."""
        return {info["name"]: info["statename"] for info in self._ask("getAllProcessInfo")}

    def kill(self, name: str) -> int:
        """Kill a process as the kernel does when memory runs out; return the id that it had."""
        pid = wait_until(lambda: self.pid(name), f"{name} runs", within_s=30)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_restart(self, name: str, old_pid: int) -> None:
        """Wait until the supervisor started a killed process again."""
        wait_until(lambda: self.pid(name) not in {0, old_pid}, f"{name} started again", within_s=60)

    def stop(self, name: str) -> None:
        """Stop a process; it stays down."""
        self._ask("stopProcess", name, True)

    def start(self, name: str) -> None:
        """Start a process unless it runs."""
        if self.pid(name):
            return
        try:
            self._ask("startProcess", name, True)
        except Fault as fault:
            raise AssertionError(f"{name} does not start: {fault.faultString}") from fault

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Keep a process down inside the block."""
        self.stop(name)
        try:
            yield
        finally:
            self.start(name)

    def _ask(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport("", "", f"unix://{self._socket}")
        try:
            rpc = cast("Any", ServerProxy("http://127.0.0.1", transport=transport))
            return getattr(rpc.supervisor, method)(*arguments)
        finally:
            transport.connection.close()
