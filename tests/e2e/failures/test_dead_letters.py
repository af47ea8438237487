"""A task that no worker can read, from the broker through the command that lists, redrives and discards."""

import subprocess
import uuid

import pytest

from telemetry_core.contract.tasks import RUN_INFERENCE
from telemetry_core.rabbitmq import celery_app, publish
from telemetry_core.service.settings import Settings
from testbed.running_platform import Platform
from testbed.supervised import CHECKOUT, wait_until

pytestmark = pytest.mark.e2e

WITHIN_S = 90


def command(*arguments: str) -> str:
    """Run the command as an operator types it, and return what it printed."""
    typed = f". deploy/native/env && python -m operation_server.dead_letters {' '.join(arguments)}"
    return subprocess.run(
        ["bash", "-c", typed], cwd=CHECKOUT, capture_output=True, text=True, timeout=90, check=True
    ).stdout


def test_task_that_no_worker_reads_is_listed_redriven_in_vain_and_discarded(
    platform: Platform, satellites: str
) -> None:
    satellite = f"{satellites}01"
    chosen = ("--all", "--satellite", satellite)

    def letters() -> list[tuple[str, str, int]]:
        command("list", "--satellite", satellite)  # which collects what is new
        return platform.query(
            "SELECT source, state, attempt FROM ops.dead_letters WHERE satellite_id = %s ORDER BY id",
            satellite,
        )

    publish(
        celery_app("tests", Settings()),
        RUN_INFERENCE,
        args=[str(uuid.uuid4()), "lstm_timeseries", "no series"],
        kwargs={"metadata": {"satellite_id": satellite}},
        task_id=str(uuid.uuid4()),
    )
    wait_until(lambda: letters() == [("rabbitmq", "open", 1)], "it is listed", within_s=WITHIN_S, every_s=1.0)
    assert "Would redrive 1 letters" in command("redrive", *chosen)
    assert "Would discard 1 letters" in command("discard", *chosen)
    assert letters() == [("rabbitmq", "open", 1)]
    assert "Redrove 1 letters" in command("redrive", *chosen, "--yes")
    wait_until(
        lambda: letters() == [("rabbitmq", "redriven", 1), ("rabbitmq", "open", 2)],
        "it is refused again, and a new letter",
        within_s=WITHIN_S,
        every_s=1.0,
    )
    assert "Discarded 1 letters" in command("discard", *chosen, "--yes")
    assert letters() == [("rabbitmq", "redriven", 1), ("rabbitmq", "discarded", 2)]
    assert "Redrove 0 letters" in command("redrive", *chosen, "--yes")
