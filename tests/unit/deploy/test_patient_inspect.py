"""The worker's `celery`, which asks again where nobody answered."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "containers" / "celery"


def celery(
    folder: Path, *arguments: str, silent: int, answer: str = "1 node online."
) -> tuple[int, str, str, int]:
    """Run it over a program that is silent so often; return status, output, errors, number of asks."""
    asked = folder / "asked"
    program = folder / "celery"
    program.write_text(
        f"#!/bin/sh\necho \"$CELERY_INSPECT_TIMEOUT\" >>'{asked}'\n"
        f"[ $(wc -l <'{asked}') -gt {silent} ] || {{ echo 'Error: No nodes replied' >&2; exit 69; }}\n"
        f"echo 'a warning' >&2; echo '{answer}'\n"
    )
    program.chmod(0o755)
    script = folder / "script"
    script.write_text(SCRIPT.read_text().replace("/opt/venv/bin/celery", str(program)))
    done = subprocess.run(["sh", script, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr, len(asked.read_text().splitlines())


@pytest.mark.parametrize("silent", [0, 1, 4])
def test_a_worker_that_answers_late_is_shown_without_the_failures_before(tmp_path: Path, silent: int) -> None:
    outcome = celery(tmp_path, "-A", "tasks", "inspect", "active", silent=silent)
    assert outcome == (0, "1 node online.\n", "a warning\n", silent + 1)


def test_no_worker_at_all_is_a_failure_said_once(tmp_path: Path) -> None:
    assert celery(tmp_path, "-A", "tasks", "inspect", "active", silent=99) == (
        69,
        "",
        "Error: No nodes replied\n",
        5,
    )


def test_json_is_printed_alone(tmp_path: Path) -> None:
    _, printed, _, _ = celery(
        tmp_path, "-A", "tasks", "inspect", "registered", "--json", silent=1, answer='{"a": []}'
    )
    assert printed == '{"a": []}\n'


def test_every_other_command_runs_once(tmp_path: Path) -> None:
    status, _, _, asked = celery(tmp_path, "-A", "tasks", "worker", silent=99)
    assert (status, asked) == (69, 1)
