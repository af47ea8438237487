"""The operation server: `uvicorn operation_server.app:create_app --factory`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Protocol

from celery import Celery
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from operation_server.alarms import action_routes as alarm_actions
from operation_server.alarms import routes as alarms
from operation_server.alarms.store import read_events as read_alarm_events
from operation_server.alerts import routes as alerts
from operation_server.dashboard import routes as dashboard
from operation_server.dashboard.feed import DashboardFeed, read_dashboard
from operation_server.dead_letters import routes as dead_letters
from operation_server.dead_letters.brokers import KafkaLetters, RabbitLetters
from operation_server.dead_letters.gathering import gathering
from operation_server.dead_letters.office import DeadLetterOffice
from operation_server.fleet import routes as fleet
from operation_server.fleet.reading import FleetStatus, reading_on
from operation_server.fleet.status import FleetReader
from operation_server.health import routes as health
from operation_server.health.heartbeat import reporting
from operation_server.health.probes import Gate, Probes
from operation_server.health.readiness import (
    Check,
    Readiness,
    kafka_check,
    postgresql_check,
    rabbitmq_check,
    triton_check,
)
from operation_server.health.schemas import VERSION
from operation_server.health.triton import IndexedModel, models_probe
from operation_server.http import keys, problems
from operation_server.http.access_log import leave_out_queries
from operation_server.http.dependencies import MISSION, POOL
from operation_server.http.hosts import OwnHosts
from operation_server.http.keys import OPEN_PATHS, ApiKeys, Tickets
from operation_server.http.limits import BodyLimit, LineLimit
from operation_server.http.timing import RequestTimer
from operation_server.inference import routes as inference
from operation_server.inference.feed import JobFeed, read_states
from operation_server.inference.models import MODEL_REPOSITORY
from operation_server.inference.submission import SendTask
from operation_server.jobs import result_routes as results
from operation_server.jobs import routes as jobs
from operation_server.labels import routes as labels
from operation_server.limits import routes as limits
from operation_server.limits.following import FollowedLimits, following
from operation_server.mission import routes as mission_routes
from operation_server.passes import routes as passes
from operation_server.pipeline import routes as pipeline
from operation_server.pipeline.status_cache import StatusCache, pipeline_probes
from operation_server.search import routes as search
from operation_server.search.verdict_index import VerdictSearch
from operation_server.shift import routes as shift
from operation_server.shift.handover import routes as handover
from operation_server.streams.feed import CommitFeed, read_head
from operation_server.telemetry import forecast_routes as forecasts
from operation_server.telemetry import passed_over_routes as passed_over
from operation_server.telemetry import routes as telemetry
from operation_server.telemetry import trend_routes as trends
from operation_server.telemetry.dependencies import VICTORIA_METRICS
from operation_server.telemetry.victoria import VictoriaMetrics
from operation_server.verdicts import routes as verdicts
from operation_server.verdicts.feed import read_events
from operation_server.what_if import limit_routes as limit_trials
from operation_server.what_if import threshold_routes as threshold_trials
from operation_server.what_if.trial_routes import TRIALS
from operation_server.what_if.turns import Trials
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.rabbitmq import celery_app, publish
from telemetry_core.search import DEPENDENCY as SEARCH
from telemetry_core.service.disk import DEPENDENCY as DISK
from telemetry_core.service.disk import Disk
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, start_tracing, stop_tracing
from telemetry_core.service.settings import Settings, load_mission

SERVICE: Final = "operation-server"
MAX_CONNECTIONS: Final = 12
STATEMENT_TIMEOUT_MS: Final = 5_000
PUBLISH_PATIENCE_S: Final = 1.0
"""API clients get an answer within two seconds, whichever server is unavailable."""
ROUTERS: Final = (
    health.router, inference.router, results.router, dashboard.router, trends.router, search.router,
    verdicts.router, mission_routes.router, telemetry.router, forecasts.router, jobs.router, alerts.router,
    alarms.router, alarm_actions.router, labels.router, shift.router, handover.router, limits.router,
    limit_trials.router, threshold_trials.router, passes.router, fleet.router, passed_over.router,
    pipeline.router, dead_letters.router, keys.router,
)  # fmt: skip
"""In the order of the API's description."""


class _Client(Protocol):
    def close(self) -> None:
        """Let go of connections and threads."""


def create_app(
    settings: Settings | None = None,
    *,
    send_task: SendTask | None = None,
    checks: Mapping[str, Check] | None = None,
) -> FastAPI:
    """Compose the server; tests pass their own task sender and readiness checks. Nothing connects yet."""
    configure_logging(SERVICE)
    leave_out_queries()
    start_tracing(SERVICE, "celery", "psycopg2", "requests")
    settings = settings or Settings()
    pool = _pool(settings)
    broker = celery_app(SERVICE, settings)
    broker.conf.broker_connection_timeout = PUBLISH_PATIENCE_S
    victoria = VictoriaMetrics(settings.victoria_metrics_url)
    trials = Trials(settings.victoria_metrics_url)
    index = VerdictSearch(settings.elasticsearch_url)
    mission = load_mission(settings.mission_file)
    models = models_probe(settings.triton_server_url, mission.model.name)
    disk = Disk(settings)
    office = DeadLetterOffice(pool, KafkaLetters(settings), RabbitLetters(broker))
    readiness = Readiness(
        checks or _checks(settings, pool, broker, victoria, index, models) | {DISK: disk.require_room}
    )
    status = StatusCache(
        Probes(pipeline_probes(settings, pool, broker, victoria, index, models, disk)), settings
    )
    tickets = Tickets()
    app = _application(settings, tickets, office, [readiness, status, victoria, trials, index, pool])
    POOL.put(app, pool)
    _put_mission(app, mission, settings, pool)
    MODEL_REPOSITORY.put(app, settings.model_repository)
    _put_stores(app, victoria, index, trials)
    keys.TICKETS.put(app, tickets)
    health.READINESS.put(app, readiness)
    pipeline.PIPELINE_STATUS.put(app, status)
    dead_letters.OFFICE.put(app, office)
    inference.SEND_TASK.put(app, send_task or _task_sender(broker, disk))
    _put_feeds(app, pool)
    watch_fleet(app)
    return app


def _put_stores(app: FastAPI, victoria: VictoriaMetrics, index: VerdictSearch, trials: Trials) -> None:
    VICTORIA_METRICS.put(app, victoria)
    search.VERDICT_INDEX.put(app, index)
    TRIALS.put(app, trials)


def _put_mission(app: FastAPI, mission: Mission, settings: Settings, pool: Pool) -> None:
    """Give an application the mission of the file, until it has looked which limits were changed."""
    MISSION.put(app, mission)
    limits.LIMITS.put(app, FollowedLimits(app, mission, settings.mission_file, pool))


def _put_feeds(app: FastAPI, pool: Pool) -> None:
    inference.JOB_FEED.put(app, JobFeed(partial(read_states, pool)))
    dashboard.DASHBOARD_FEED.put(app, DashboardFeed(partial(read_dashboard, pool)))
    verdicts.VERDICT_FEED.put(app, CommitFeed(partial(read_events, pool), partial(read_head, pool)))
    alarms.ALARM_FEED.put(app, CommitFeed(partial(read_alarm_events, pool), partial(read_head, pool)))


def watch_fleet(app: FastAPI) -> None:
    """Give an application a fleet of which nothing is known yet."""
    reader = FleetReader(POOL.of(app), VICTORIA_METRICS.of(app), MISSION.of(app))
    fleet.FLEET.put(app, FleetStatus(reader.read))


def _pool(settings: Settings) -> Pool:
    return open_pool(
        as_service(settings, SERVICE),
        max_connections=MAX_CONNECTIONS,
        application_name=SERVICE,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )


def _application(
    settings: Settings, tickets: Tickets, office: DeadLetterOffice, clients: Sequence[_Client]
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        liveness = Liveness()
        liveness.start()
        async with (
            reporting(liveness),
            gathering(office.collect),
            following(limits.LIMITS.of(app)),
            reading_on(partial(fleet.FLEET.of, app)),
        ):
            yield
        for client in clients:
            client.close()
        stop_tracing()

    app = FastAPI(
        title="Satellite telemetry analysis: operation server",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=_operation_id,
        telemetry={"operation_spans": False, "exclude": lambda scope: scope["path"] in OPEN_PATHS},
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    _serve_docs(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(LineLimit)
    app.add_middleware(ApiKeys, keys=settings.accepted_api_keys, tickets=tickets)
    app.add_middleware(OwnHosts, allowed_hosts=settings.accepted_hosts)
    app.add_middleware(RequestTimer)
    _describe_problems(app)
    return app


def _serve_docs(app: FastAPI) -> None:
    """Serve the page of the API from this machine: a ground station may have no internet."""
    app.mount("/docs/static", StaticFiles(packages=[("fastapi_swagger", "resources")]))

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )


def _operation_id(route: APIRoute) -> str:
    return route.name


def _describe_problems(app: FastAPI) -> None:
    """Add the schema that error answers refer to."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _task_sender(broker: Celery, disk: Disk) -> SendTask:
    gate = Gate(rabbitmq_check(broker))

    def send(task_name: str, arguments: Sequence[Any], *, task_id: str) -> None:
        disk.require_room()
        gate.ensure()
        publish(
            broker,
            task_name,
            args=arguments,
            task_id=task_id,
            summary=task_id,
            confirm_timeout_s=PUBLISH_PATIENCE_S,
        )
        gate.answered()

    return send


def _checks(  # noqa: PLR0913, PLR0917 - the servers
    settings: Settings,
    pool: Pool,
    broker: Celery,
    victoria: VictoriaMetrics,
    index: VerdictSearch,
    models: Callable[[], list[IndexedModel]],
) -> dict[str, Check]:
    return {
        "postgresql": postgresql_check(pool),
        "rabbitmq": rabbitmq_check(broker),
        "triton": triton_check(settings.triton_server_url, models),
        "victoria-metrics": victoria.check,
        "kafka": kafka_check(settings.kafka_bootstrap_servers),
        SEARCH: index.check,
    }
