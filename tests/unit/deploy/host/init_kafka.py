"""Hosts of many kinds, each made of programs that answer as its own would, and init-kafka.sh on them."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
FOLDERS = ("missions", "model_repository", "deploy/containers", "deploy/host", "deploy/triton", "notify")
COMMANDS = ("upgrade.sh", "monitor.sh", "deploy/backup", "deploy/restore")
FILES = ("init-kafka.sh", "docker-compose.yml", "deploy/definitions.json", *COMMANDS)
GPU = "560.35.03, 8.6, NVIDIA GeForce RTX 3090"
PORT_FLOOR = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
RUNTIME_CONFIGURATION = "/etc/nvidia-container-runtime/config.toml"
PORT_KEYS = re.findall(
    r"\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{([A-Z_]+):-",
    (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"),
)


@dataclass(kw_only=True)
class Host:
    """What Docker, the driver and the disk of a host say."""

    engine: str = "27.3.1"
    compose: str = "v2.29.7"
    buildx: str = "github.com/docker/buildx v0.17.1 257815a"
    memory_mb: int = 16000
    free_gb: int = 100
    system: str = "Debian GNU/Linux 12 (bookworm)"
    platform: str = "Docker Engine - Community"
    runtimes: str = "runc"
    security: str = "name=seccomp"
    store: str = '[["Backing Filesystem","extfs"]]'
    publishing: str = ""
    gpu: str = ""
    kernel: str = "Linux"
    tools: Mapping[str, str] = field(default_factory=dict)

    def programs(self) -> dict[str, str]:
        """Return name and shell script of each program."""
        facts = (
            f"{self.engine}|{self.memory_mb * 1048576}|/|{self.system}"
            f'|{self.store}|{{"{self.runtimes}":{{}}}}|["{self.security}"]'
        )
        docker = (
            f"case $* in info*) echo '{facts}' ;;"
            f" 'compose version'*) echo '{self.compose}'; [ '{self.compose}' ] ;;"
            f" 'buildx version'*) echo '{self.buildx}'; [ '{self.buildx}' ] ;;"
            f" version*) echo '{self.platform}' ;; ps*) echo '{self.publishing}' ;; esac"
        )
        disk = f"printf 'Filesystem 1024-blocks Used Available\\n/dev/a 1 1 {self.free_gb * 1048576}\\n'"
        found = {"docker": docker, "df": disk, "uname": f"echo {self.kernel}"}
        if self.gpu:
            found["nvidia-smi"] = f"echo '{self.gpu}'"
        return found | dict(self.tools)


@dataclass(kw_only=True)
class Outcome:
    status: int
    printed: str
    wanted: str
    keys: dict[str, str]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def a_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def with_files(contents: Mapping[str, str]) -> dict[str, str]:
    """Return a `cat` that finds these files, wherever they are."""
    cases = "".join(f"{name}) printf '{text}\\n' ;; " for name, text in contents.items())
    return {"cat": f'case "$*" in {cases}*) exec /bin/cat "$@" ;; esac'}


def init_kafka(
    checkout: Path,
    host: Host | None = None,
    *,
    path: str = "",
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    tools = checkout.parent / "tools"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir()
    for name, script in (host or Host()).programs().items():
        if not script:
            continue
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["bash", checkout / "init-kafka.sh"],
        env={"PATH": f"{tools}:{path or os.environ['PATH']}"} | dict(variables or {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(status=done.returncode, printed=done.stdout, wanted=done.stderr, keys=keys(checkout))


def keys(checkout: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line)


def set_keys(checkout: Path, **changes: object) -> None:
    found = keys(checkout) | {name: str(value) for name, value in changes.items()}
    (checkout / ".env").write_text("".join(f"{name}={value}\n" for name, value in found.items()))
