"""Which code a service runs on: the supervisor restarts one whose code changed since it was started."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from deploy.native.services.places import Places

SHARED: Final = ("telemetry_core", "scoring", "alarms", "uv.lock")
"""What the services of this repository stand on, and the versions of everything else."""


def code_of(places: Places, *names: str, files: Iterable[Path] = ()) -> dict[str, str]:
    """Return a variable of a service's environment that changes with parts of the checkout, and files."""
    digest = sha256()
    for path in (*_files(places.checkout, names), *files):
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return {"CODE_DIGEST": digest.hexdigest()}


def _files(checkout: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        path = checkout / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (one for one in found if one.is_file() and "__pycache__" not in one.parts)
