"""While every server is away, nothing that a service prints or answers holds a password."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from testbed.postgres_server import free_port

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECRET = "hidden-9d41e7"  # noqa: S105 - it is looked for in all that is printed
LIMIT_S = 90.0
NOW = "2026-05-01T00:00:00Z"
#: What is run, and what it says once it has met a server that is away.
COMMANDS = {
    "trigger": (["-m", "kafka_inference_trigger"], "Connection refused"),
    "writer": (["-m", "telemetry_writer"], "Connection refused"),
    "relay": (["-m", "verdict_relay"], "postgresql unavailable"),
    "alarm server": (["-m", "alarm_server"], "Connection refused"),
    "alarm notifier": (["-m", "alarm_notifier"], "postgresql unavailable"),
    "housekeeping": (["-m", "housekeeping"], "unavailable"),
    "worker": (
        ["-m", "celery", "-A", "analysis_server.tasks", "worker", "--pool=threads"],
        "Cannot connect",
    ),
    "dead letters": (["-m", "operation_server.dead_letters", "list"], "postgresql unavailable"),
    "migrate": (["-m", "telemetry_core.postgres.migrations", "migrate", "--wait-s", "0"], "migrate: "),
    "refill": (["-m", "telemetry_writer.refill", NOW, NOW], "kafka unavailable"),
    "archive": (["-m", "telemetry_writer.archive", "export"], "VictoriaMetrics at"),
}


def environment() -> dict[str, str]:
    port = free_port()
    login = f"kim:{SECRET}@127.0.0.1:{port}"
    return {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}",
        "CELERY_BROKER_URL": f"amqp://{login}//",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(port),
        "POSTGRES_PASSWORD": SECRET,
        "VICTORIA_METRICS_URL": f"http://{login}",
        "ELASTICSEARCH_URL": f"http://{login}",
        "TRITON_SERVER_URL": f"127.0.0.1:{port}",
        "API_KEYS": "",
    }


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    values = environment()
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    return values


@contextmanager
def running(arguments: list[str], expected: str, values: dict[str, str], log: Path) -> Iterator[None]:
    """Run a command; inside the block it has said what is expected, or ended. `log` holds all of it."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **values}, stdout=out, stderr=out
        )
        deadline = time.monotonic() + LIMIT_S
        try:
            while process.poll() is None and expected not in log.read_text(errors="replace"):
                assert time.monotonic() < deadline, log.read_text(errors="replace")
                time.sleep(0.2)
            yield
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("name", COMMANDS)
def test_no_service_or_command_prints_a_password(name: str, secrets: dict[str, str], tmp_path: Path) -> None:
    arguments, expected = COMMANDS[name]
    with running(arguments, expected, secrets, tmp_path / "log"):
        pass
    printed = (tmp_path / "log").read_text(errors="replace")
    assert expected in printed
    assert SECRET not in printed


def test_no_answer_and_no_log_line_of_the_api_holds_a_password(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    server = ["-m", "uvicorn", "operation_server.app:create_app", "--factory", f"--port={port}"]
    paths = (
        "/readyz", "/api/v1/pipeline", "/api/v1/dead-letters", "/api/v1/fleet", "/api/v1/alerts",
        "/api/v1/search?q=x", "/api/v1/trends/metrics", "/api/v1/results/history",
    )  # fmt: skip
    body = {"model_name": "lstm_timeseries", "data": [1.0] * 20}
    with running(server, "Application startup complete", secrets, tmp_path / "log"):
        url = f"http://127.0.0.1:{port}"
        answers = [requests.get(url + path, timeout=30) for path in paths]
        answers.append(requests.post(f"{url}/api/v1/inference/submit", json=body, timeout=30))
    printed = (tmp_path / "log").read_text(errors="replace")
    assert {answer.status_code for answer in answers} == {200, 503}
    assert [answer.url for answer in answers if SECRET in answer.text] == []
    assert "unavailable" in printed
    assert SECRET not in printed
