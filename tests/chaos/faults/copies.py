"""Copies of a service beside the supervised one: further ones, and one whose clock jumps."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from testbed.supervised import Supervised

LIBRARIES: Final = "/usr/lib/*/faketime/libfaketimeMT.so.1"
END_LIMIT_S: Final = 30
FIRST_COPY: Final = 100
"""Ports of copies lie that far above those of the services."""


def library() -> Path | None:
    """Return the library of Debian's package libfaketime, None where it is not installed."""
    return next(iter(sorted(Path("/").glob(LIBRARIES.removeprefix("/")))), None)


@contextmanager
def copy_of(supervised: Supervised, service: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a service's own command once more, as its user, with some variables changed."""
    known = psutil.Process(supervised.pid(service))
    is_root = os.geteuid() == 0
    process = subprocess.Popen(
        known.cmdline(),
        cwd=known.cwd(),
        env={**known.environ(), **environment},
        user=known.uids().real if is_root else None,
        group=known.gids().real if is_root else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(END_LIMIT_S)


@contextmanager
def adjustable_clock(supervised: Supervised, service: str) -> Iterator[Callable[[str], None]]:
    """Yield what moves a service's clock, as `+3600`; a copy of it works in its stead meanwhile."""
    preload = library()
    assert preload, "clock steps need the package libfaketime"
    with tempfile.TemporaryDirectory() as own:
        Path(own).chmod(0o755)
        offset = Path(own, "offset")
        offset.write_text("+0", encoding="ascii")
        changed = {
            "LD_PRELOAD": str(preload),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            **other_ports(supervised, service, number=1),
        }
        with copy_of(supervised, service, changed), supervised.stopped(service):
            yield lambda step: _write(offset, step)


def other_ports(supervised: Supervised, service: str, *, number: int) -> dict[str, str]:
    """Return the variable that gives a copy of a service a metrics port of its own."""
    used = int(psutil.Process(supervised.pid(service)).environ()["METRICS_PORT"])
    return {"METRICS_PORT": str(used + FIRST_COPY + number)}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")
