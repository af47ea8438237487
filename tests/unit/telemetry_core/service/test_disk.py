from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.disk import Disk
from telemetry_core.service.settings import Settings

SETTINGS = Settings(disk_path=Path("/data"), min_free_disk_mb=100)


def free(*megabytes: int) -> Callable[[Path], tuple[int, int]]:
    """Answer with one figure after the other."""
    figures = iter(megabytes)
    return lambda _path: (next(figures) * 1_000_000, 500_000_000)


def test_work_continues_while_there_is_just_enough_disk_space() -> None:
    done: list[int] = []
    Disk(SETTINGS, measure=free(100)).guarding(done.append)(1)
    assert done == [1]


def test_nothing_is_begun_without_room_and_all_of_it_is_once_there_is_some() -> None:
    done: list[int] = []
    guarded = Disk(SETTINGS, measure=free(99, 150)).guarding(done.append)
    with pytest.raises(DependencyUnavailable, match=r"disk unavailable: 99 MB are free, 100 MB are needed"):
        guarded(1)
    assert done == []
    guarded(1)
    assert done == [1]


def test_the_real_file_system_of_the_folder_is_measured(tmp_path: Path) -> None:
    space = Disk(Settings(disk_path=tmp_path, min_free_disk_mb=0)).space()
    assert 0 <= space.free_bytes <= space.total_bytes
    assert space.is_enough
    needs_all = Settings(disk_path=tmp_path, min_free_disk_mb=space.total_bytes // 1_000_000 + 1)
    with pytest.raises(DependencyUnavailable):
        Disk(needs_all).require_room()
