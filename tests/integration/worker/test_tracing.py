"""One trace from the published task to its row: a real worker and PostgreSQL, a broker of plain files."""

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import requests

from telemetry_core.contract.inferences import Job
from telemetry_core.contract.tasks import InferenceBatch, WindowedJob
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.service.observability import TRACES_ENDPOINT
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import wait_until
from testbed.postgres_server import free_port
from tests.integration.servers.trace_collector import TraceCollector, running_collector, running_triton

pytestmark = pytest.mark.integration

CHECKOUT: Final = Path(__file__).resolve().parents[3]
API: Final = "operation-server"
WORKER: Final = "analysis-worker-1"
TRIGGER: Final = "kafka-inference-trigger"
LIMIT_S: Final = 90.0
"""Three Python processes load everything, on a machine that may be busy."""
STOP_LIMIT_S: Final = 20.0
CHANNELS: Final = ("battery_voltage", "battery_soc_percent")
DISPATCH: Final = """
import json, sys
from telemetry_core.rabbitmq import celery_app, publish
from telemetry_core.service.observability import start_tracing, traced
from telemetry_core.service.settings import Settings
from telemetry_core.contract.tasks import RUN_SUBSYSTEM_INFERENCE

start_tracing("kafka-inference-trigger", "celery")
app = celery_app("test", Settings())
batch = json.load(sys.stdin)

def send(task_ids):
    for task_id in task_ids:
        publish(app, RUN_SUBSYSTEM_INFERENCE, kwargs={"batch": batch}, task_id=task_id)

job_ids = [entry["job"]["job_id"] for entry in batch["jobs"]]
traced("dispatch", send, lambda _: job_ids)(sys.argv[1:])
"""


def batch(job_id: str) -> InferenceBatch:
    job = Job(
        job_id=job_id,
        satellite_id="SAT-001",
        source="kafka_auto_trigger",
        trigger_reason="periodic_check",
        total_subsystems=1,
        created_at=datetime.now(UTC),
    )
    window = np.linspace(20, 30, 2 * 20, dtype="<f4").reshape(1, 2, 20)
    return InferenceBatch(
        schema=2,
        subsystem="eps",
        model_name="lstm_timeseries",
        model_version="1",
        channels=CHANNELS,
        horizon=5,
        jobs=(WindowedJob(job=job, window_start_us=0, window_end_us=20, sample_count=20),),
        window_length=20,
        windows_base64=base64.b64encode(window.tobytes()).decode(),
    )


@pytest.fixture
def environment(database: Settings, tmp_path: Path) -> dict[str, str]:
    """Offer the environment of a service whose broker is the folder it runs in."""
    (tmp_path / "data_in").mkdir()
    (tmp_path / "data_out").symlink_to("data_in")
    return {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "CELERY_BROKER_URL": "filesystem://",
        "POSTGRES_HOST": database.postgres_host,
        "POSTGRES_PORT": str(database.postgres_port),
        "POSTGRES_USER": database.postgres_user,
        "POSTGRES_PASSWORD": database.postgres_password,
        "POSTGRES_DB": database.postgres_db,
        "MODEL_REPOSITORY": str(CHECKOUT / "model_repository"),
    }


@contextmanager
def running_worker(folder: Path, environment: dict[str, str], *options: str) -> Iterator[None]:
    """Run the platform's worker in a folder; on the way out it is told to stop, and must do so soon."""
    celery = [sys.executable, "-m", "celery", "-A", "analysis_server.tasks", "worker"]
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [*celery, "--concurrency=1", "--without-gossip", "--without-mingle", *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
        worker.terminate()
        assert worker.wait(STOP_LIMIT_S) == 0
    finally:
        worker.kill()


@contextmanager
def running_operation_server(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the API in a folder and yield its address; on the way out it is told to stop."""
    port = free_port()
    uvicorn = [sys.executable, "-m", "uvicorn", "operation_server.app:create_app", "--factory"]
    server = subprocess.Popen([*uvicorn, f"--port={port}"], cwd=folder, env=environment)
    try:
        wait_until(lambda: listens(port), "the API listens", LIMIT_S)
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        server.wait(STOP_LIMIT_S)
    finally:
        server.kill()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def dispatch(batch: InferenceBatch, folder: Path, environment: dict[str, str], *task_ids: str) -> None:
    """Publish the batch under each of the ids, as the trigger does."""
    subprocess.run(
        [sys.executable, "-c", DISPATCH, *task_ids],
        input=json.dumps(batch.to_payload()),
        text=True,
        cwd=folder,
        env=environment,
        check=True,
        timeout=LIMIT_S,
    )


def row_exists(pool: Pool, job_id: str) -> bool:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT status FROM subsystem_inferences WHERE job_id = %s", (job_id,))
        return cursor.fetchall() == [("completed",)]


@pytest.fixture
def collector() -> Iterator[TraceCollector]:
    with running_collector() as running:
        yield running


@pytest.mark.parametrize(
    "options",
    [("--pool=threads",), ("--pool=prefork", "--max-tasks-per-child=1")],
    ids=["threads", "prefork"],
)
def test_publish_task_model_and_sql_are_one_trace_that_names_the_job(
    options: tuple[str, ...],
    environment: dict[str, str],
    collector: TraceCollector,
    pool: Pool,
    tmp_path: Path,
) -> None:
    job_id = "kafka-SAT-001-1761802496000"
    with running_triton() as (address, model):
        environment |= {"TRITON_SERVER_URL": address, TRACES_ENDPOINT: collector.url}
        with running_worker(tmp_path, environment, *options):
            dispatch(batch(job_id), tmp_path, environment, "task-1", "task-2")
            wait_until(lambda: len(model.traceparents) == 2, "both tasks asked the model", LIMIT_S)
    assert row_exists(pool, job_id)
    # Everything stopped in good order, and with it all spans were sent.
    (sent,) = collector.find(TRIGGER, "dispatch")
    assert sent.attributes["inference.job_ids"] == [job_id]
    trace = [span for span in collector.spans if span.trace_id == sent.trace_id]
    runs = [span for span in trace if span.name.startswith("run/")]
    assert [(run.service, run.attributes["inference.job_ids"]) for run in runs] == [(WORKER, [job_id])] * 2
    for run in runs:
        calls = [span.attributes for span in trace if span.parent_id == run.span_id]
        assert {call.get("rpc.system") or call.get("db.system") for call in calls} == {"grpc", "postgresql"}
    assert not any(job_id in span.attributes.get("db.statement", "") for span in trace)
    assert all(sent.trace_id.hex() in traceparent for traceparent in model.traceparents)


def test_request_its_rows_and_its_task_are_one_trace_and_probes_are_none(
    environment: dict[str, str], collector: TraceCollector, tmp_path: Path
) -> None:
    environment |= {TRACES_ENDPOINT: collector.url}
    with running_operation_server(tmp_path, environment) as url:
        requests.get(f"{url}/livez", timeout=LIMIT_S).raise_for_status()
        body = {"model_name": "lstm_timeseries", "data": [25.0] * 10}
        requests.post(f"{url}/api/v1/inference/submit", json=body, timeout=LIMIT_S).raise_for_status()
    (asked,) = [span for span in collector.spans if not span.parent_id]
    assert (asked.service, asked.name) == (API, "POST /api/v1/inference/submit")
    assert {span.trace_id for span in collector.spans} == {asked.trace_id}
    assert {span.attributes.get("db.system") for span in collector.spans} == {"postgresql", None}
    assert len(collector.find(API, "apply_async/analysis_server.tasks.run_inference")) == 1


@pytest.mark.parametrize("answer", ["refuses", "is silent"])
def test_unavailable_collector_delays_neither_rows_nor_the_stop(
    answer: str, environment: dict[str, str], pool: Pool, tmp_path: Path
) -> None:
    job_id = "kafka-SAT-001-1761802497000"
    with running_triton() as (address, _), socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if answer == "is silent" else free_port()
        environment |= {"TRITON_SERVER_URL": address, TRACES_ENDPOINT: f"http://127.0.0.1:{port}"}
        with running_worker(tmp_path, environment, "--pool=threads"):
            dispatch(batch(job_id), tmp_path, environment, "task-1")
            wait_until(lambda: row_exists(pool, job_id), "the row is there", LIMIT_S)


def test_without_an_endpoint_nobody_sends_a_span(
    environment: dict[str, str], collector: TraceCollector, pool: Pool, tmp_path: Path
) -> None:
    job_id = "kafka-SAT-001-1761802498000"
    with running_triton() as (address, model):
        environment |= {"TRITON_SERVER_URL": address, TRACES_ENDPOINT: ""}
        with running_worker(tmp_path, environment, "--pool=threads"):
            dispatch(batch(job_id), tmp_path, environment, "task-1")
            wait_until(lambda: row_exists(pool, job_id), "the row is there", LIMIT_S)
    assert (collector.spans, model.traceparents) == ([], [])
