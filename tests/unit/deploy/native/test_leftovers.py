"""What a killed service leaves behind is ended before the next run, and before the platform's next start."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.native.services.places import Places
from deploy.native.supervision.configuration import render
from deploy.native.supervision.supervisor import end_leftovers, remove_traces

CHECKOUT = Path(__file__).resolve().parents[4]
SCRIPT = CHECKOUT / "deploy" / "native" / "bin" / "start-alone"
LIMIT_S = 20.0


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(checkout=CHECKOUT, state=tmp_path)
    places.run.mkdir()
    script = tmp_path / "start-alone"
    script.write_text(render(SCRIPT.read_text(encoding="utf-8"), {"STATE": str(tmp_path)}), encoding="utf-8")
    script.chmod(0o755)
    return places


def environment(places: Places, name: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SATELLITE_PLATFORM": str(places.state),
        "SATELLITE_SERVICE": f"{places.state}/{name}",
    }


def start(places: Places, name: str, program: str) -> subprocess.Popen[bytes]:
    """Run a service as the supervisor does: first of a process group, in its folder."""
    return subprocess.Popen(
        [places.state / "start-alone", name, "sh", "-c", program],
        cwd=places.run,
        env=environment(places, name),
        process_group=0,
    )


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def orphan_of(places: Places, name: str, program: str) -> int:
    """Start a service with one child, kill its first process, and return the child."""
    note = places.run / "child"
    note.unlink(missing_ok=True)
    service = start(places, name, f"{program} & echo $! > {note}.new; mv {note}.new {note}; wait")
    wait_until(note.exists, "the service has started")
    service.send_signal(signal.SIGKILL)
    service.wait(LIMIT_S)
    return int(note.read_text())


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("sleep 300", id="a child as it is"),
        pytest.param("setsid sleep 300", id="a child in a session of its own"),
        pytest.param("env -i sleep 300", id="a child that lost its environment, as nginx's"),
        pytest.param(
            "sh -c 'trap : TERM; while :; do sleep 1; done'",
            id="a child that does not end when asked",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_next_run_ends_what_the_killed_one_left(places: Places, program: str) -> None:
    child = orphan_of(places, "nginx", program)
    assert is_running(child)
    assert start(places, "nginx", "exit 0").wait(LIMIT_S) == 0
    assert not is_running(child)


def test_next_run_leaves_other_services_alone(places: Places) -> None:
    other = start(places, "kafka", "exec sleep 300")
    try:
        assert start(places, "nginx", "exit 0").wait(LIMIT_S) == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait(LIMIT_S)


@pytest.mark.slow
def test_platform_that_starts_ends_orphans_even_without_their_mark(places: Places) -> None:
    child = orphan_of(places, "nginx", "env -i sleep 300")
    assert [name for name in end_leftovers(places) if str(child) in name]
    assert not is_running(child)


def test_process_ids_of_another_run_are_forgotten(places: Places) -> None:
    (places.run / "nginx.pid").write_text("1")
    remove_traces(places)
    assert list(places.run.glob("*.pid")) == []
