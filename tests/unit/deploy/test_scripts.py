"""The scripts that run before or around the services."""

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


def test_arguments_lose_the_blanks_that_backslashes_leave() -> None:
    script = CHECKOUT / "deploy" / "containers" / "trim-arguments"
    given = ["printf", "%s|", "-A", "tasks", " --loglevel=info", "  --concurrency=4", " ", "a b"]
    outcome = subprocess.run([script, *given], capture_output=True, text=True, check=True)
    assert outcome.stdout == "-A|tasks|--loglevel=info|--concurrency=4|a b|"


@pytest.mark.parametrize("project", ["satellite", "flight"])
def test_monitor_asks_postgresql_as_the_user_and_for_the_database_of_the_configuration(
    tmp_path: Path, project: str
) -> None:
    """A stand-in for docker runs what is meant for a container, and for psql prints its arguments."""
    answers = {
        "docker": f'case "$*" in ps*project={project}) echo id ;; exec*) shift 2; exec "$@" ;;'
        " compose*) echo up ;; esac",
        "psql": 'printf "%s " "$@"',
        "rabbitmqctl": "echo inference 0",
        "kafka-consumer-groups": "echo satellite-telemetry",
        "nvidia-smi": "echo none",
    }
    for name, answer in answers.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    keys = {"POSTGRES_USER": "ops", "POSTGRES_DB": "flight", "COMPOSE_PROJECT_NAME": project}
    outcome = subprocess.run(
        [CHECKOUT / "monitor.sh"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **keys},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Services:\nup\n" in outcome.stdout
    assert "-U ops -d flight -c SELECT COUNT(*)" in outcome.stdout
