"""A server behind the API is away: 503 with Retry-After, never a hang, and well again by itself."""

import time
from pathlib import Path

import psycopg2
import pytest
import requests

from operation_server.app import create_app
from operation_server.fleet import QUERIES as FLEET_QUERIES
from operation_server.health.readiness import kafka_check, postgresql_check, rabbitmq_check, triton_check
from operation_server.health.routes import READINESS
from operation_server.health.triton import models_probe
from operation_server.http.dependencies import POOL
from operation_server.pipeline import QUERIES as PIPELINE_QUERIES
from operation_server.pipeline.databases import database_probe
from operation_server.telemetry.dependencies import VICTORIA_METRICS
from operation_server.telemetry.victoria import VictoriaMetrics
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import open_pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.rabbitmq import celery_app
from telemetry_core.search import SearchEngine
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer, free_port
from tests.integration.api.calls import MANUAL, get, post, problem
from tests.integration.servers.running_api import RunningApi, running_api, served
from tests.integration.servers.search_server import SearchServer
from verdict_relay.relay import Relay
from verdict_relay.sinks import SearchSink

pytestmark = pytest.mark.integration

RANGE = {"start_time": "2025-10-30T12:30:00Z", "end_time": "2025-10-30T12:40:00Z"}
READS = [
    "/api/v1/inference/status/one",
    "/api/v1/inference/result/one",
    "/api/v1/results/history",
    "/api/v1/results/one",
    "/api/v1/results/stats/summary",
    "/api/v1/dashboard/recent",
    "/api/v1/dashboard/live-stats",
    "/api/v1/dashboard/model-comparison",
    "/api/v1/dashboard/patterns",
    "/api/v1/verdicts/stream",
    "/api/v1/verdicts?satellite_id=SAT-001",
    "/api/v1/forecasts/SAT-001?subsystem=eps",
    "/api/v1/passed-over/SAT-001",
    "/api/v1/jobs",
    "/api/v1/jobs/one",
    "/api/v1/alarms",
    "/api/v1/alarms/events",
    "/api/v1/alarms/one",
]


def test_database_outage_is_503_and_passes(database: Settings, tmp_path: Path) -> None:
    name = database.postgres_db
    with running_api(database, tmp_path) as api:
        # The server looks for changed limits all the time: it is turned away, not only between two questions.
        administer(database, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        administer(
            database, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        try:
            for path in READS:
                answer = get(api, path)
                assert "postgresql unavailable" in problem(answer, 503), path
                assert int(answer.headers["Retry-After"]) > 0
            assert "postgresql unavailable" in problem(post(api, MANUAL), 503)
            assert get(api, "/livez").status_code == 200
        finally:
            administer(database, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert get(api, "/api/v1/results/history").status_code == 200


def away() -> Settings:
    """Point every address to a port where nobody listens."""
    port = free_port()
    return Settings(
        postgres_host="127.0.0.1",
        postgres_port=port,
        celery_broker_url=f"amqp://guest:guest@127.0.0.1:{port}//",
        triton_server_url=f"127.0.0.1:{port}",
        victoria_metrics_url=f"http://127.0.0.1:{port}",
        kafka_bootstrap_servers=f"127.0.0.1:{port}",
        elasticsearch_url=f"http://127.0.0.1:{port}",
    )


def test_victoria_metrics_outage_is_503_and_metrics_fall_back(api: RunningApi) -> None:
    victoria = VICTORIA_METRICS.of(api.app)
    there = victoria._url
    victoria._url = away().victoria_metrics_url
    try:
        for path in ("/api/v1/trends/raw", "/api/v1/trends/satellites", "/api/v1/telemetry/SAT-001"):
            answer = get(api, path, metric="satellite_temperature", **RANGE)
            assert "victoria-metrics unavailable" in problem(answer, 503)
        names = get(api, "/api/v1/trends/metrics").json()
        assert (names["source"], "satellite_temperature" in names["metrics"]) == ("default", True)
    finally:
        victoria._url = there


def test_each_unavailable_dependency_is_named() -> None:
    settings = away()
    checks = {
        "postgresql": postgresql_check(open_pool(settings, max_connections=1)),
        "rabbitmq": rabbitmq_check(celery_app("test", settings)),
        "triton": triton_check(
            settings.triton_server_url, models_probe(settings.triton_server_url, "lstm_timeseries")
        ),
        "victoria-metrics": VictoriaMetrics(settings.victoria_metrics_url).check,
        "kafka": kafka_check(settings.kafka_bootstrap_servers),
    }
    for name, check in checks.items():
        started = time.monotonic()
        with pytest.raises(DependencyUnavailable, match=f"{name} unavailable"):
            check()
        assert time.monotonic() - started < 5, name


def test_readiness_reports_every_dependency(database: Settings, tmp_path: Path) -> None:
    with running_api(database, tmp_path) as api:
        assert get(api, "/readyz").json()["dependencies"]["postgresql"]["status"] == "up"
    app = create_app(away())
    readiness = READINESS.of(app)
    states = readiness.states()
    assert states.pop("disk").is_up
    assert set(states) == {"postgresql", "rabbitmq", "triton", "victoria-metrics", "kafka", "search"}
    assert not any(state.is_up for state in states.values())
    assert all(state.detail for state in states.values())
    readiness.close()


def test_not_ready_is_503_with_the_dependency_named(api: RunningApi) -> None:
    def refuse() -> None:
        raise DependencyUnavailable("postgresql", "gone")

    readiness = READINESS.of(api.app)
    well, readiness._checks["postgresql"] = readiness._checks["postgresql"], refuse
    readiness._asked_at = -10.0
    try:
        answer = requests.get(f"{api.url}/readyz", timeout=10)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["dependencies"]["postgresql"]["detail"] == "postgresql unavailable: gone"
    finally:
        readiness._checks["postgresql"] = well
        readiness._asked_at = -10.0


def test_pipeline_shows_what_answers_and_what_to_do_about_the_rest(
    database: Settings, search_server: SearchServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = database.model_copy(
        update={
            "elasticsearch_url": search_server.url,
            # an address of its own: at the usual one the management API of a running platform may answer
            "celery_broker_url": f"amqp://guest:guest@127.0.0.2:{port}//",
            "kafka_bootstrap_servers": f"127.0.0.1:{port}",
            "triton_server_url": f"127.0.0.1:{port}",
        }
    )
    with running_api(settings, tmp_path, victoria_url=f"http://127.0.0.1:{port}") as api:
        started = time.monotonic()
        parts = get(api, "/api/v1/pipeline").json()
        assert time.monotonic() - started < 4
        assert (parts["database"]["state"], parts["database"]["max_connections"] > 0) == ("normal", True)
        assert (parts["search"]["documents"], parts["search"]["relay_lag"]) == (None, None)
        off = {name for name, part in parts.items() if isinstance(part, dict) and part["state"] == "off"}
        assert off == {
            *("kafka", "rabbitmq", "workers", "triton", "verdicts", "gpu", "victoria_metrics", "services")
        }
        assert {alert["part"] for alert in parts["alerts"]} == off
        assert all("make status" in parts[name]["detail"] for name in off)
        started = time.monotonic()
        assert get(api, "/api/v1/pipeline").json() == parts
        assert time.monotonic() - started < 0.5


@pytest.mark.usefixtures("emptied_index")
def test_pipeline_counts_the_verdicts_that_wait_for_the_search_engine(
    api: RunningApi, search_server: SearchServer
) -> None:
    ask = database_probe(POOL.of(api.app))
    owner = open_pool(api.database, max_connections=1)
    relay = Relay(owner, SearchSink(SearchEngine(search_server.url, answer_timeout_s=30)))
    relay.step()
    assert ask().relay_lag == 0
    job_id = post(api, MANUAL).json()["job_id"]
    assert ask().relay_lag == 0, "a verdict that is still to come does not wait"
    with transaction(api.pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subsystem_inferences SET status = 'completed', completed_at = now() AT TIME ZONE 'UTC',"
            " xact = ops.commit_position() WHERE job_id = %s",
            [job_id],
        )
    waiting = ask()
    assert waiting.relay_lag == 1
    assert waiting.newest_at is not None
    relay.step()
    assert ask().relay_lag == 0
    owner.close()


def test_pipeline_sees_a_transaction_of_another_database_that_holds_back_the_relay(
    database: Settings, postgres_server: Settings
) -> None:
    pool = open_pool(database, max_connections=1)
    ask = database_probe(pool)
    connection = psycopg2.connect(
        host=postgres_server.postgres_host,
        port=postgres_server.postgres_port,
        user=postgres_server.postgres_user,
        password=postgres_server.postgres_password,
        dbname=postgres_server.postgres_db,
    )
    connection.cursor().execute("SELECT pg_current_xact_id()")
    time.sleep(0.1)
    assert ask().server["oldest_transaction_s"] > 0.05
    connection.close()
    pool.close()


def test_without_room_on_the_disk_a_job_is_refused_and_leaves_nothing(database: Settings) -> None:
    app = create_app(database.model_copy(update={"min_free_disk_mb": 10**9}))
    with served(app) as url:
        answer = requests.post(f"{url}/api/v1/inference/submit", json=MANUAL, timeout=10)
        ready = requests.get(f"{url}/readyz", timeout=10).json()
    assert (answer.status_code, "MIN_FREE_DISK_MB" in answer.json()["detail"]) == (503, True)
    assert "MIN_FREE_DISK_MB" in ready["dependencies"]["disk"]["detail"]
    pool = open_pool(database, max_connections=1)
    with transaction(pool) as connection:
        assert select(connection, PIPELINE_QUERIES["newest_verdict"]) == []
        assert select(connection, FLEET_QUERIES["satellites"]) == []
    pool.close()
