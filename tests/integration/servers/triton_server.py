"""A private Triton from the native mode's installation, started as the platform starts it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from testbed.postgres_server import free_port

ROOT: Final = Path(__file__).resolve().parents[3]
STATE: Final = Path(os.environ.get("NATIVE_STATE", ROOT / ".native" / "state"))
TOOLS: Final = STATE / "tools" / "triton"
START_LIMIT_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonServer:
    """Where a running server answers."""

    http: str
    grpc: str
    process: subprocess.Popen[bytes]


@contextmanager
def running_triton(repository: Path, folder: Path) -> Iterator[TritonServer]:
    """Serve a model repository with this checkout's backend; `folder` takes backends and log."""
    (packages,) = (TOOLS / "venv" / "lib").glob("python3.*/site-packages")
    http, grpc = free_port(), free_port()
    command = [
        str(ROOT / "deploy" / "triton" / "serve"),
        str(packages / "pytriton" / "tritonserver" / "bin" / "tritonserver"),
        f"--backend-directory={_backends(folder / 'backends')}", f"--model-repository={repository}",
        "--exit-on-error=false", "--strict-readiness=false", "--exit-timeout-secs=5",
        "--http-address=127.0.0.1", f"--http-port={http}", "--grpc-address=127.0.0.1", f"--grpc-port={grpc}",
        "--allow-metrics=false",
    ]  # fmt: skip
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(packages / "nvidia_pytriton.libs"),
        "PYTHONPATH": str(packages),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://127.0.0.1:{http}/v2/health/ready", process, folder / "log")
        yield TritonServer(http=f"http://127.0.0.1:{http}", grpc=f"127.0.0.1:{grpc}", process=process)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _backends(folder: Path) -> Path:
    folder.mkdir()
    (folder / "python").symlink_to(TOOLS / "backends" / "python")
    (folder / "onnxruntime").symlink_to(ROOT / "deploy" / "triton" / "backends" / "onnxruntime")
    return folder


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not _is_ready(url):
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, "Triton does not start"
        time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
