"""A server whose disk is full for a while: its data on a small file system of their own, with ballast."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.supervised import Supervised

FOLDERS: Final[Mapping[str, str]] = {"kafka": "kafka", "postgres": "postgres"}
"""Servers that must live through it, and their folders."""
SPARE_MB: Final = 96


@contextmanager
def small_disk(supervised: Supervised, server: str) -> Iterator[Path]:
    """Move a server's data to a file system in memory with little room; afterwards they move back."""
    data = supervised.state / "data" / FOLDERS[server]
    small, kept = data.with_name(f"{data.name}.small"), data.with_name(f"{data.name}.kept")
    with supervised.stopped(server):
        size = _megabytes(data) + SPARE_MB
        small.mkdir()
        _mount(supervised, "mount", "-t", "tmpfs", "-o", f"size={size}m", "chaos", str(small))
        _mount(supervised, "cp", "-a", f"{data}/.", str(small))
        _mount(supervised, "mount", "--bind", str(small), str(data))
    try:
        yield data
    finally:
        with supervised.stopped(server):
            # The old data stay until the new ones are there whole.
            _mount(supervised, "cp", "-a", str(small), str(kept))
            _mount(supervised, "umount", str(data))
            _mount(supervised, "umount", str(small))
            shutil.rmtree(data)
            kept.rename(data)
            small.rmdir()


@contextmanager
def ballast(supervised: Supervised, folder: Path) -> Iterator[None]:
    """Leave not a single byte free inside the block."""
    path = folder / "chaos-ballast"
    _in_its_mounts(supervised, "dd", "if=/dev/zero", f"of={path}", "bs=64k", "status=none", check=False)
    try:
        yield
    finally:
        _mount(supervised, "rm", str(path))


def _megabytes(folder: Path) -> int:
    listed = subprocess.run(
        ["du", "--summarize", "--block-size=1M", folder], capture_output=True, text=True, check=True
    )
    return int(listed.stdout.split()[0])


def _mount(supervised: Supervised, *command: str) -> None:
    _in_its_mounts(supervised, *command, check=True)


def _in_its_mounts(supervised: Supervised, *command: str, check: bool) -> None:
    """Run a command that sees and changes the mounts as the supervisor's processes do."""
    nsenter = ["nsenter", "--mount", f"--target={supervised.own_pid()}"]
    outcome = subprocess.run([*nsenter, *command], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0 or not check, f"{' '.join(command)}: {outcome.stderr}"
