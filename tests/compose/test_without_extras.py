"""The core alone, on ports of the operator's choice; last of all, because it begins without data."""

import json
import socket
from collections.abc import Iterator
from typing import Final

import psycopg2
import pytest
import requests
from confluent_kafka import Producer

from testbed.ledger import TOPIC
from testbed.supervised import wait_until
from tests.compose.containers import Containers

pytestmark = pytest.mark.compose

MOVED: Final = {
    "NGINX_PORT": 8090,
    "OPERATION_SERVER_PORT": 8010,
    "KAFKA_PORT": 9192,
    "RABBITMQ_PORT": 5772,
    "RABBITMQ_MANAGEMENT_PORT": 15772,
    "POSTGRES_PORT": 5532,
    "VICTORIA_METRICS_PORT": 8528,
    "TRITON_HTTP_PORT": 8600,
    "TRITON_GRPC_PORT": 8601,
    "TRITON_METRICS_PORT": 8602,
    "FLOWER_PORT": 5655,
}
USUAL: Final = (80, 8000, 9092, 5672, 15672, 5432, 8428, 8500, 8501, 8502, 5555, 8080, 9200)
EXTRAS: Final = {"elasticsearch", "elasticsearch-gate", "kafka-ui", "kafka-ui-gate"}
CORE_MEMORY_GB: Final = 4.0
HTTP_TIMEOUT_S: Final = 10


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def core(containers: Containers) -> Iterator[Containers]:
    """Start the core alone on other ports, in place of the platform."""
    file = containers.folder / ".env"
    before = file.read_text(encoding="utf-8")
    containers.run("docker compose --profile '*' down -v")
    changed = {**MOVED, "COMPOSE_PROFILES": ""}
    kept = [line for line in before.splitlines() if line.partition("=")[0] not in changed]
    file.write_text("\n".join([*kept, *(f"{key}={value}" for key, value in changed.items()), ""]))
    containers.run("./init-kafka.sh")
    containers.run("docker compose up -d --wait --wait-timeout 180")
    yield containers
    containers.run("docker compose --profile '*' down -v")
    file.write_text(before, encoding="utf-8")


def test_taken_port_is_named_with_its_key_before_anything_starts(containers: Containers) -> None:
    containers.run("docker compose --profile '*' down")
    with socket.create_server(("127.0.0.1", MOVED["NGINX_PORT"])):
        printed = containers.run(f"NGINX_PORT={MOVED['NGINX_PORT']} ./init-kafka.sh", check=False)
    assert f"port {MOVED['NGINX_PORT']}" in printed
    assert "NGINX_PORT" in printed


def test_core_runs_without_the_extras_and_only_on_its_ports(core: Containers) -> None:
    assert not EXTRAS & core.states().keys()
    assert [port for port in MOVED.values() if not is_open(port)] == []
    assert [port for port in USUAL if is_open(port)] == []


def test_message_by_the_moved_port_is_judged(core: Containers) -> None:  # noqa: ARG001 - it must run
    producer = Producer({"bootstrap.servers": f"localhost:{MOVED['KAFKA_PORT']}"})
    (broker,) = producer.list_topics(timeout=HTTP_TIMEOUT_S).brokers.values()
    assert broker.port == MOVED["KAFKA_PORT"]
    answer = requests.post(
        f"http://localhost:{MOVED['OPERATION_SERVER_PORT']}/api/v1/inference/submit",
        json={"model_name": "lstm_timeseries", "data": [float(n % 7) for n in range(30)]},
        timeout=HTTP_TIMEOUT_S,
    )
    answer.raise_for_status()
    message = {
        "satellite_id": "CORE-1", "timestamp": "2026-01-01T00:00:00Z", "eps": {"battery_soc_percent": 12.0},
    }  # fmt: skip
    producer.produce(TOPIC, json.dumps(message).encode(), key=b"CORE-1")
    assert producer.flush(HTTP_TIMEOUT_S) == 0
    database = f"postgresql://admin:admin123@localhost:{MOVED['POSTGRES_PORT']}/orders_db"

    def completed() -> int:
        connection = psycopg2.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM inference_jobs WHERE status = 'completed'"
                    " AND (job_id = %s OR satellite_id = 'CORE-1')",
                    (answer.json()["job_id"],),
                )
                (found,) = cursor.fetchone() or (0,)
                return int(found)
        finally:
            connection.close()

    wait_until(lambda: completed() == 2, "the message and the posted series are judged", within_s=30)


def test_core_fits_in_the_memory_that_the_documents_name(core: Containers) -> None:
    lines = core.run("docker stats --no-stream --format '{{.MemUsage}}'").splitlines()
    used = [line.split("/")[0].strip() for line in lines]
    units = {"KiB": 2**-20, "MiB": 2**-10, "GiB": 1.0, "B": 2**-30}

    def gigabytes(text: str) -> float:
        unit = next(unit for unit in units if text.endswith(unit))
        return float(text.removesuffix(unit)) * units[unit]

    assert 0 < sum(map(gigabytes, used)) < CORE_MEMORY_GB
