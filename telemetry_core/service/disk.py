"""Free disk space: intake stops before a server runs out of it, and resumes once there is space again."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.settings import Settings

DEPENDENCY: Final = "disk"
_MEGABYTE: Final = 1_000_000

Argument = TypeVar("Argument")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Room on the file system that holds the platform's data."""

    free_bytes: int
    total_bytes: int
    #: With less than this nothing new is taken in.
    needed_bytes: int

    @property
    def is_enough(self) -> bool:
        """Tell whether intake may go on."""
        return self.free_bytes >= self.needed_bytes


def measure_free_and_total(path: Path) -> tuple[int, int]:
    """Return the bytes that may still be written below `path`, and the size of its file system."""
    usage = shutil.disk_usage(path)
    return usage.free, usage.total


class Disk:
    """The file system of the platform's data.

    In a container that is the one of its own root: Docker keeps it beside the volumes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        measure: Callable[[Path], tuple[int, int]] = measure_free_and_total,
    ) -> None:
        self._path = settings.disk_path
        self._needed_bytes = settings.min_free_disk_mb * _MEGABYTE
        self._measure = measure

    def space(self) -> DiskSpace:
        """Measure."""
        free, total = self._measure(self._path)
        return DiskSpace(free_bytes=free, total_bytes=total, needed_bytes=self._needed_bytes)

    def require_room(self) -> None:
        """Return, or raise `DependencyUnavailable`: a full disk stops PostgreSQL and Kafka permanently."""
        space = self.space()
        if not space.is_enough:
            raise DependencyUnavailable(DEPENDENCY, shortage(space))

    def guarding(self, action: Callable[[Argument], None]) -> Callable[[Argument], None]:
        """Let `action` run only while there is room."""

        def guarded(argument: Argument) -> None:
            self.require_room()
            action(argument)

        return guarded


def shortage(space: DiskSpace) -> str:
    """Say how much is left and what to do."""
    return (
        f"{space.free_bytes // _MEGABYTE} MB are free, {space.needed_bytes // _MEGABYTE} MB are needed"
        " (MIN_FREE_DISK_MB): free some space; intake then resumes by itself"
    )
