"""What the figures were taken on."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import requests

from testbed.running_platform import Platform

PACKAGES = (
    "celery",
    "confluent-kafka",
    "numpy",
    "onnxruntime",
    "psycopg2-binary",
    "pydantic",
    "tritonclient",
)
SERVERS = ("postgresql", "rabbitmq", "triton")
HTTP_TIMEOUT_S = 10


def describe(running: Platform) -> dict[str, Any]:
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "postgresql": running.query("SHOW server_version")[0][0],
        "rabbitmq": _rabbitmq(),
        "triton": _triton(),
        **{name: version(name) for name in PACKAGES},
    }


def text(machine: dict[str, Any]) -> str:
    cpu = f"{machine['cores']} cores of {machine['cpu']}"
    head = f"{cpu}, {machine['memory_gib']} GiB, Linux {machine['kernel']}"
    rest = ", ".join(
        f"{key} {value}" for key, value in machine.items() if key in {"python", *SERVERS, *PACKAGES}
    )
    return f"{head}, load {machine['load_average'][0]} at the start\n{rest}\n"


def _cpu_model() -> str:
    found = re.search(
        r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else platform.processor() or platform.machine()


def _rabbitmq() -> str:
    answer = requests.get(
        "http://localhost:15672/api/overview", auth=("guest", "guest"), timeout=HTTP_TIMEOUT_S
    )
    answer.raise_for_status()
    return str(answer.json()["rabbitmq_version"])


def _triton() -> str:
    answer = requests.get("http://localhost:8500/v2", timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    return str(answer.json()["version"])
