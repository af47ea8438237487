"""The platform in containers, brought up once as the manual says and deleted at the end."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from testbed.running_platform import Platform
from testbed.supervised import Supervised
from tests.compose.containers import (
    MANUAL_SERVICES,
    PROJECT,
    Containers,
    behind_a_dead_proxy,
    copy_of_the_checkout,
    operators_environment,
)

START_LIMIT_S = 180
BUILD_LIMIT_S = 600


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Build, start, and delete everything afterwards."""
    refuse_to_touch_another_platform()
    forget_images_of_earlier_runs()
    containers = Containers(copy_of_the_checkout(tmp_path_factory.mktemp("satellite")))
    try:
        refuse_to_start_before_init(containers)
        containers.run("./init-kafka.sh")
        start_one_service_of_a_fresh_clone(containers)
        built_s = timed(
            lambda: containers.run("docker compose --profile demo build -q", limit_s=BUILD_LIMIT_S)
        )
        say(f"built in {built_s:.0f} s")
        start_and_report(containers)
        yield containers
    finally:
        containers.run(f"docker compose -p {PROJECT} down --volumes --remove-orphans")


@pytest.fixture(scope="session")
def platform(containers: Containers) -> Platform:  # noqa: ARG001 - it must run
    """Return the platform's own interfaces, which are on the same ports as natively."""
    return Platform(supervised=Supervised())


@pytest.fixture
def satellites() -> str:
    """Return a prefix of satellite ids that no other test uses."""
    return f"CMP-{secrets.token_hex(4)}-"


def refuse_to_touch_another_platform() -> None:
    """The tests delete the project's volumes: they must be the ones that made them."""
    label = f"label=com.docker.compose.project={PROJECT}"
    for kind in (["ps", "--all"], ["volume", "ls"]):
        command = ["docker", *kind, "--quiet", "--filter", label]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        if found:
            pytest.exit(
                f"a platform named {PROJECT} is on this Docker already; these tests would delete its data."
                " 'docker compose down -v' in its folder removes it.",
                returncode=1,
            )


def forget_images_of_earlier_runs() -> None:
    """What starts first would run them instead of what this checkout builds."""
    label = f"label=com.docker.compose.project={PROJECT}"
    listing = ["docker", "image", "ls", "--quiet", "--filter", label]
    images = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    if images:
        subprocess.run(["docker", "image", "rm", "--force", *set(images)], capture_output=True, check=True)


def refuse_to_start_before_init(containers: Containers) -> None:
    """Nothing is pulled or built before the gate; what looks and cleans up works by the project's name."""
    printed = containers.run("docker compose up -d", check=False)
    assert "run ./init-kafka.sh first" in printed
    containers.run(f"docker compose -p {PROJECT} ps && docker compose -p {PROJECT} down")


def start_one_service_of_a_fresh_clone(containers: Containers) -> None:
    """A service brings the builder of its image; no registry is asked for what is built here."""
    printed = containers.run("docker compose up -d --wait analysis-worker-1", limit_s=BUILD_LIMIT_S)
    assert "pull access denied" not in printed
    assert "satellite-operation-server" not in containers.run("docker compose images")


def start_and_report(containers: Containers) -> None:
    """Start everything as the manual says and note when the services were healthy."""
    begun = time.monotonic()
    process = subprocess.Popen(
        ["docker", "compose", "up", "-d", "--wait", "--wait-timeout", str(START_LIMIT_S)],
        cwd=containers.folder,
        env=operators_environment() | behind_a_dead_proxy(containers.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    manual_after: float | None = None
    while process.poll() is None:
        services = containers.services()
        if manual_after is None and all(services.get(name) == "healthy" for name in MANUAL_SERVICES):
            manual_after = time.monotonic() - begun
        time.sleep(0.5)
    printed, _ = process.communicate()
    assert process.returncode == 0, (
        f"{printed}\n{containers.run('docker compose logs --tail 20', check=False)}"
    )
    everything_after = time.monotonic() - begun
    say(f"the manual's seven services healthy after {manual_after or everything_after:.0f} s")
    say(f"everything healthy after {everything_after:.0f} s")


def timed(action: object) -> float:
    """Seconds that `action` takes."""
    begun = time.monotonic()
    assert callable(action)
    action()
    return time.monotonic() - begun


def say(text: str) -> None:
    """Print past pytest's capturing."""
    print(text, file=sys.__stderr__, flush=True)
