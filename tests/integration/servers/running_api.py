"""The operation server over a real PostgreSQL, with a broker and a VictoriaMetrics that tests steer."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from fastapi import FastAPI

from operation_server.app import create_app, watch_fleet
from operation_server.http.dependencies import MISSION, POOL
from operation_server.limits.routes import LIMITS
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings
from testbed.postgres_server import free_port
from tests.http_server import serving
from tests.integration.servers.folding import fold


@dataclass
class FakeBroker:
    """Takes tasks, refuses them while it is away, or holds a publisher until released."""

    sent: list[tuple[str, tuple[Any, ...], str]] = field(default_factory=list)
    is_away: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, task_name: str, arguments: Sequence[Any], *, task_id: str) -> None:
        self.reached.set()
        assert self.gate.wait(timeout=10)
        if self.is_away:
            raise DependencyUnavailable("rabbitmq", "localhost:5672: Connection refused")
        self.sent.append((task_name, tuple(json.loads(json.dumps(arguments))), task_id))


@dataclass
class FakeVictoriaMetrics:
    """Answers as VictoriaMetrics does, from `samples` by query."""

    url: str
    samples: list[tuple[float, float]] = field(default_factory=list)
    #: Satellite to the time of its newest sample.
    contacts: dict[str, float] = field(default_factory=dict)
    queries: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path != "/health":
            self.queries.append(query)
        if path == "/api/v1/query_range":
            values = [[time_s, str(value)] for time_s, value in self.samples]
            result: list[dict[str, Any]] = [{"metric": {}, "values": values}] if values else []
            return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}
        if path == "/api/v1/query":
            asked = self.contacts if "tlast_over_time" in query["query"] else {}
            result = [
                {"metric": {"satellite_id": name}, "value": [time.time(), str(value)]}
                for name, value in asked.items()
            ]
            return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}
        if path in {"/api/v1/export", "/health"}:
            return 200, None
        if path == "/api/v1/label/__name__/values":
            return 200, {"status": "success", "data": ["satellite_temperature", "satellite_rssi", "up"]}
        if path == "/api/v1/label/satellite_id/values":
            return 200, {"status": "success", "data": ["SAT-002", "SAT-001"]}
        return 404, {}


@contextmanager
def running_victoria() -> Iterator[FakeVictoriaMetrics]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            status, body = fake.answer(parts.path, query)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"" if body is None else json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    with serving(Handler) as url:
        fake = FakeVictoriaMetrics(url=url)
        yield fake


@dataclass
class RunningApi:
    """Where it answers, and what surrounds it."""

    url: str
    app: FastAPI
    database: Settings
    broker: FakeBroker
    victoria: FakeVictoriaMetrics
    pool: Pool
    """The owner's: with it tests do what other services do."""

    def fold(self) -> None:
        """Fold all committed verdicts into alerts, as the relay does and under its login."""
        with closing(open_pool(as_service(self.database, "alarm-server"), max_connections=1)) as theirs:
            fold(theirs)

    def forget(self) -> None:
        """Empty the database and let all that surrounds the server be well."""
        owner = open_pool(self.database, max_connections=1)
        with transaction(owner) as connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role TO replica")  # acknowledgements refuse it
            cursor.execute(
                "TRUNCATE inference_jobs, ops.idempotency_keys, ops.alert_acknowledgements, ops.wrong_clocks,"
                " ops.calibrations, ops.learning_progress, ops.alert_heads,"
                " ops.alert_checkpoints, ops.alarms, ops.alarm_events, ops.alarm_suppressions,"
                " ops.alarm_tracks, ops.alarm_contacts, ops.shift_entries, ops.limit_changes,"
                " ops.passes, ops.contact_plans, ops.contact_plan_changes, ops.retirement_changes CASCADE"
            )
        owner.close()
        followed = LIMITS.of(self.app)
        followed._in_force = LimitsInForce(followed.limits.file, POOL.of(self.app))
        MISSION.put(self.app, followed.limits.file)
        self.broker.sent.clear()
        self.broker.reached.clear()
        self.broker.is_away = False
        self.victoria.samples.clear()
        self.victoria.contacts.clear()
        watch_fleet(self.app)
        self.victoria.queries.clear()


def model_repository(folder: Path) -> Path:
    for name in ("lstm_timeseries", "moving_average"):
        (folder / name).mkdir()
        (folder / name / "config.pbtxt").write_text(f'name: "{name}"')
    return folder


@contextmanager
def running_api(database: Settings, models: Path, *, victoria_url: str = "") -> Iterator[RunningApi]:
    """Run it over a VictoriaMetrics of its own, real or not, else over one that tests steer."""
    broker = FakeBroker()
    with running_victoria() as victoria:
        settings = database.model_copy(
            update={
                "victoria_metrics_url": victoria_url or victoria.url,
                "model_repository": model_repository(models),
            }
        )
        app = create_app(settings, send_task=broker, checks={"postgresql": lambda: None})
        with served(app) as url, closing(open_pool(database, max_connections=8)) as pool:
            yield RunningApi(url=url, app=app, database=database, broker=broker, victoria=victoria, pool=pool)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application and yield its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()
