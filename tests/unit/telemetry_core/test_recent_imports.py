"""What is kept of the imports that a server took: enough, and no more."""

import os
import tracemalloc

import pytest

from telemetry_core.victoriametrics import KEEP_S, MAX_KEPT_BYTES, RecentImports


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_imports_are_kept_until_the_server_is_known_to_have_flushed_them() -> None:
    clock = Clock()
    recent = RecentImports(monotonic=clock)
    recent.add(b"early")
    clock.now_s = KEEP_S - 1
    recent.add(b"late")
    recent.forget_flushed()
    assert list(recent.bodies()) == [b"early", b"late"]
    clock.now_s = KEEP_S + 1
    assert list(recent.bodies()) == [b"early", b"late"]
    recent.forget_flushed()
    assert list(recent.bodies()) == [b"late"]


@pytest.mark.slow
def test_memory_is_bounded_and_says_when_it_was_too_small() -> None:
    recent = RecentImports(monotonic=Clock())
    noise = os.urandom(MAX_KEPT_BYTES // 3)  # nothing compresses it
    for _ in range(4):
        recent.add(noise)
    assert recent.has_dropped
    assert len(list(recent.bodies())) <= 3


def test_imports_are_unpacked_one_by_one() -> None:
    recent = RecentImports(monotonic=Clock())
    for _ in range(40):
        recent.add(b"0" * 1_000_000)
    tracemalloc.start()
    try:
        assert sum(len(body) for body in recent.bodies()) == 40_000_000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
