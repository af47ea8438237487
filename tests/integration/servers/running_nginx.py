"""The real nginx with the native configuration."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from deploy.native.supervision.configuration import render

CHECKOUT: Final = Path(__file__).resolve().parents[3]
BIND: Final = "127.99.1.1"
INNER: Final = "127.99.2.2"
WEB_PORT: Final = 8088
TIMEOUT_S: Final = 10


@contextmanager
def running_nginx(state: Path, **environment: str) -> Iterator[None]:
    folder = state / "etc" / "nginx"
    shutil.copytree(CHECKOUT / "nginx", folder)
    (state / "etc" / "html").mkdir()
    (state / "etc" / "html" / "index.html").write_text("console")
    (state / "etc" / "html" / "docs").mkdir()
    (state / "etc" / "html" / "docs" / "index.html").write_text("documentation")
    (state / "run" / "nginx").mkdir(parents=True)
    values = {
        "BIND_ADDRESS": BIND, "INNER_ADDRESS": INNER, "STATE": str(state), "WEB_PORT": str(WEB_PORT),
        "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
    }  # fmt: skip
    (folder / "nginx.conf").write_text(render((folder / "native.conf").read_text(), values))
    allowed = subprocess.run(
        [folder / "write-allowed"], env=os.environ | environment, check=True, capture_output=True, text=True
    )
    (folder / "allowed.conf").write_text(allowed.stdout)
    log = (state / "log").open("wb")
    with log:
        process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", state / "run", "-c", folder / "nginx.conf", "-e", "stderr"], stderr=log
        )
    try:
        wait_for(process, state / "log")
        yield
    finally:
        process.terminate()
        process.wait(timeout=TIMEOUT_S)


def wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            requests.get(f"http://{BIND}:{WEB_PORT}/healthz", timeout=TIMEOUT_S)
        except requests.ConnectionError:
            time.sleep(0.02)
        else:
            return
