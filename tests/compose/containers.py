"""A copy of the checkout under Docker Compose, driven by the commands that operators type."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from testbed.supervised import CHECKOUT, wait_until

PROJECT: Final = "satellite"
COMMAND_LIMIT_S: Final = 240
HEAL_LIMIT_S: Final = 30
MANUAL_SERVICES: Final = (
    "kafka",
    "rabbitmq",
    "postgres",
    "triton-server",
    "worker",
    "operation-server",
    "trigger",
)


def operators_environment() -> dict[str, str]:
    """Return the environment without the native mode's keys: they would win over `.env`."""
    lines = (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines()
    native = {line.partition("=")[0] for line in lines}
    environment = {name: value for name, value in os.environ.items() if name not in native}
    # The manual's Python is one with the simulator's packages.
    return environment | {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}


def behind_a_dead_proxy(folder: Path) -> dict[str, str]:
    """Return the environment of an operator whose Docker gives containers a proxy, which nothing answers."""
    address = "http://127.0.0.1:9"
    configuration = {
        "proxies": {"default": {"httpProxy": address, "httpsProxy": address, "allProxy": address}},
        "cliPluginsExtraDirs": [str(Path.home() / ".docker" / "cli-plugins")],
    }
    place = folder.parent / "docker-configuration"
    place.mkdir(exist_ok=True)
    (place / "config.json").write_text(json.dumps(configuration), encoding="utf-8")
    return {"DOCKER_CONFIG": str(place)}


class Containers:
    """The platform in containers, started from `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, *, check: bool = True, limit_s: float = COMMAND_LIMIT_S) -> str:
        """Type a command in the project's folder; return what it printed, errors included."""
        outcome = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=operators_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=limit_s,
            check=False,
        )
        assert not check or outcome.returncode == 0, (
            f"{command} ended with {outcome.returncode}\n{outcome.stdout}"
        )
        return outcome.stdout

    def states(self) -> dict[str, tuple[str, str]]:
        """Container name to state and health (empty where it has no health check)."""
        lines = self.run("docker compose ps --all --format json").splitlines()
        return {entry["Name"]: (entry["State"], entry["Health"]) for entry in map(json.loads, lines)}

    def services(self) -> dict[str, str]:
        """Service to the health of its containers, the worst one."""
        found: dict[str, str] = {}
        for entry in map(json.loads, self.run("docker compose ps --all --format json").splitlines()):
            state = entry["Health"] or (entry["State"] if entry["ExitCode"] == 0 else "failed")
            if found.get(entry["Service"], "healthy") == "healthy":
                found[entry["Service"]] = state
        return found

    def inspect(self, container: str) -> dict[str, Any]:
        """What Docker knows of a container."""
        (found,) = json.loads(self.run(f"docker inspect {container}"))
        assert isinstance(found, dict)
        return found

    def kill(self, container: str) -> None:
        """Kill its first process from outside, as the kernel does when memory runs out."""
        os.kill(self.inspect(container)["State"]["Pid"], signal.SIGKILL)

    def wait_for_healing(self, container: str, started_before: str) -> float:
        """Wait until Docker started it again and it is healthy; return the seconds."""
        begun = time.monotonic()

        def is_back() -> bool:
            state = self.inspect(container)["State"]
            is_healthy: bool = state.get("Health", {}).get("Status") == "healthy"
            return is_healthy and state["StartedAt"] != started_before

        wait_until(is_back, f"{container} is back and healthy", within_s=HEAL_LIMIT_S, every_s=0.5)
        return time.monotonic() - begun

    def wait_until_healthy(self, *services: str, within_s: float = 60) -> None:
        """Wait for services by name."""
        wait_until(
            lambda: all(self.services().get(name) == "healthy" for name in services),
            f"{', '.join(services)} healthy",
            within_s=within_s,
            every_s=0.5,
        )

    @contextmanager
    def override(self, text: str) -> Iterator[str]:
        """Yield the options that add a fragment to docker-compose.yml, as an operator would edit it."""
        path = self.folder / "override.yml"
        path.write_text(text, encoding="utf-8")
        try:
            yield "-f docker-compose.yml -f override.yml"
        finally:
            path.unlink()


def copy_of_the_checkout(folder: Path) -> Path:
    """Copy what git knows or would take, as a clone under umask 077: no `.env` and no data of an operator."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = CHECKOUT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    return folder
