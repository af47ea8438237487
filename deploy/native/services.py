"""The platform's servers and services: one table."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from deploy.native.places import Accounts, Places
from deploy.native.probes import (
    Probe,
    answers_http,
    answers_sql,
    does_its_work,
    serves_kafka,
)
from telemetry_core.service.observability import TRACES_ENDPOINT
from telemetry_core.service.settings import Settings

CONFIGURATION_KEYS = (*(name.upper() for name in Settings.model_fields), TRACES_ENDPOINT)
"""A service gets them from the supervisor, so that a changed one restarts it."""
ADMINISTRATIVE_KEYS = (
    "configAuthKey", "deleteAuthKey", "flagsAuthKey", "forceFlushAuthKey", "forceMergeAuthKey",
    "logNewSeriesAuthKey", "metricNamesStatsResetAuthKey", "pprofAuthKey", "reloadAuthKey",
    "search.resetCacheAuthKey", "snapshotAuthKey",
)  # fmt: skip
"""VictoriaMetrics asks for the key of the installation before each of these."""
GATE_PORTS = (5555, 8080, 8428, 8500, 8502, 9200, 15672)
"""nginx listens there for servers that look at neither Host nor Origin."""
WORKER_NODE = "celery@analysis-worker-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process under the supervisor."""

    name: str
    command: str
    ports: tuple[int, ...] = ()
    inner_ports: tuple[int, ...] = ()
    """On the address that only the platform knows; the operator's way to them leads through nginx."""
    probe: Probe
    after: tuple[str, ...] = ()
    """Servers that start first; a later death of theirs does not touch this one."""
    user: str | None = None
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    is_awaited: bool = True
    """False: it starts last, and the platform is ready without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShot:
    """A command that ends: it prepares a server, or proves the whole."""

    name: str
    command: tuple[str, ...]
    after: str
    """The process that it needs."""


def all_services(
    places: Places, accounts: Accounts, environment: Mapping[str, str], web_port: int
) -> tuple[Service, ...]:
    """Build the table in the order of the start."""
    return (
        *_servers(places, accounts, environment),
        *_triton(places, accounts, environment),
        *_python_services(places, accounts, environment),
        _kafka_ui(places, accounts, environment),
        _nginx(places, accounts, environment, web_port),
    )


def all_one_shots() -> tuple[OneShot, ...]:
    """Build what must be done before the services start; each may be done again."""
    return (
        OneShot(name="topics", command=(sys.executable, "-m", "deploy.create_topics"), after="kafka"),
        OneShot(
            name="database",
            command=(sys.executable, "-m", "deploy.native.create_database"),
            after="postgres",
        ),
        OneShot(
            name="migrate",
            command=(sys.executable, "-m", "telemetry_core.postgres.migrations", "migrate"),
            after="postgres",
        ),
    )


def self_test(bind: str) -> OneShot:
    """Build the last step: a job through the whole path."""
    command = (sys.executable, "-m", "deploy.self_test", bind)
    return OneShot(name="self-test", command=command, after="analysis-worker-1")


def broker_login(broker_url: str) -> tuple[str, str]:
    """User and password in the broker's URL."""
    parts = urlsplit(broker_url)
    return unquote(parts.username or "guest"), unquote(parts.password or "guest")


def postgres_binaries() -> Path:
    """Folder of the newest installed PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: run 'make setup'")
    return found[-1].parent


def database_dsn(environment: Mapping[str, str], database: str) -> dict[str, Any]:
    """Keywords for `psycopg2.connect`."""
    return {
        "host": environment["POSTGRES_HOST"],
        "port": environment["POSTGRES_PORT"],
        "user": environment["POSTGRES_USER"],
        "password": environment["POSTGRES_PASSWORD"],
        "dbname": database,
    }


def _servers(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> tuple[Service, ...]:
    bind, inner = environment["BIND_ADDRESS"], environment["NATIVE_INNER_ADDRESS"]
    bin_ = places.state / "bin"
    return (
        Service(
            name="kafka",
            command=f"{bin_}/kafka-server-start {places.etc}/server.properties",
            ports=(9092, 9093, 29092),
            probe=serves_kafka(f"{bind}:9092"),
            user=accounts.servers,
            directory=places.run,
        ),
        Service(
            name="rabbitmq",
            command=f"{bin_}/rabbitmq-server",
            ports=(5672, 14369, 25672),
            inner_ports=(15672, 15692),
            probe=answers_http(
                f"http://{inner}:15672/api/health/checks/alarms",
                broker_login(environment["CELERY_BROKER_URL"]),
            ),
            user=accounts.servers,
            directory=places.run,
        ),
        Service(
            name="postgres",
            command=f"{postgres_binaries()}/postgres -D {places.data}/postgres",
            ports=(5432,),
            probe=answers_sql(database_dsn(environment, "postgres")),
            user=accounts.servers,
            directory=places.run,
            stop_signal="INT",
        ),
        Service(
            name="victoria-metrics",
            command=(
                f"{places.state}/tools/bin/victoria-metrics -httpListenAddr={inner}:8428"
                f" -storageDataPath={places.data}/victoria-metrics -retentionPeriod=1y"
                " -dedup.minScrapeInterval=1ms -search.latencyOffset=0s -memory.allowedBytes=256MiB"
                f" -promscrape.config={places.etc}/scrape.yml -http.disableCORS"
                + "".join(
                    f" -{name}=file://{places.etc}/victoria-metrics-key" for name in ADMINISTRATIVE_KEYS
                )
            ),
            inner_ports=(8428,),
            probe=answers_http(f"http://{inner}:8428/health"),
            user=accounts.servers,
            directory=places.run,
            stop_signal="INT",
        ),
        Service(
            # The manual's name; the server is OpenSearch.
            name="elasticsearch",
            command=f"{bin_}/opensearch",
            inner_ports=(9201, 9300),
            probe=answers_http(f"http://{inner}:9201/_cluster/health?wait_for_status=yellow&timeout=1s"),
            user=accounts.servers,
            directory=places.run,
            is_awaited=False,
        ),
    )


def _triton(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> tuple[Service, ...]:
    bind, inner = environment["BIND_ADDRESS"], environment["NATIVE_INNER_ADDRESS"]
    return (
        Service(
            name="triton-server",
            # One broken model must take neither the server nor the others away.
            command=(
                f"{places.checkout}/deploy/triton/serve {places.state}/bin/tritonserver"
                f" --model-repository={environment['MODEL_REPOSITORY']}"
                f" --exit-on-error=false --strict-readiness=false --http-address={inner} --http-port=18500"
                f" --grpc-address={bind} --grpc-port=8501 --metrics-port=18502 --exit-timeout-secs=5"
            ),
            ports=(8501,),
            inner_ports=(18500, 18502),
            probe=answers_http(f"http://{inner}:18500/v2/health/ready"),
            user=accounts.services,
            directory=places.run,
        ),
        Service(
            name="triton-front",
            command=(
                f"{places.python} {places.checkout}/deploy/triton/front.py --host {inner} --http-port 8500"
                f" --metrics-port 8502 --triton-http http://{inner}:18500 --triton-metrics http://{inner}:18502"
            ),
            inner_ports=(8500, 8502),
            probe=answers_http(f"http://{inner}:8500/v2/health/ready"),
            after=("triton-server",),
            user=accounts.services,
            directory=places.checkout,
        ),
    )


def _python_services(
    places: Places, accounts: Accounts, environment: Mapping[str, str]
) -> tuple[Service, ...]:
    bind, inner = environment["BIND_ADDRESS"], environment["NATIVE_INNER_ADDRESS"]
    broker = environment["CELERY_BROKER_URL"]
    programs = places.python.parent
    user, password = broker_login(broker)
    worker_directory = places.checkout / "analysis_server"
    configuration = {key: environment[key] for key in CONFIGURATION_KEYS if key in environment}
    return (
        Service(
            name="operation-server",
            command=(
                f"{programs}/uvicorn operation_server.app:create_app --factory --host {bind} --port 8000"
                f" --forwarded-allow-ips {inner}"  # nginx calls from there
            ),
            ports=(8000,),
            probe=answers_http(f"http://{bind}:8000/readyz"),
            after=("postgres", "rabbitmq", "victoria-metrics"),
            user=accounts.services,
            directory=places.checkout,
            environment=configuration,
        ),
        Service(
            name="analysis-worker-1",
            command=(
                f"{programs}/celery -A tasks worker --loglevel=info --pool=threads --concurrency=2"
                f" -n {WORKER_NODE}"
            ),
            ports=(9103,),
            probe=does_its_work(bind, 9103),
            after=("rabbitmq", "postgres", "triton-server"),
            user=accounts.services,
            directory=worker_directory,
            environment=configuration | {"METRICS_PORT": "9103"},
        ),
        Service(
            name="kafka-inference-trigger",
            command=f"{places.python} -m kafka_inference_trigger",
            ports=(9101,),
            probe=does_its_work(bind, 9101),
            after=("kafka", "rabbitmq"),
            user=accounts.services,
            directory=places.checkout,
            environment=configuration | {"METRICS_PORT": "9101"},
        ),
        Service(
            name="victoria-consumer",
            command=f"{places.python} -m telemetry_writer",
            ports=(9102,),
            probe=does_its_work(bind, 9102),
            after=("kafka", "victoria-metrics"),
            user=accounts.services,
            directory=places.checkout,
            environment=configuration | {"METRICS_PORT": "9102"},
        ),
        Service(
            name="verdict-relay",
            command=f"{places.python} -m verdict_relay",
            ports=(9104,),
            probe=does_its_work(bind, 9104),
            after=("postgres", "kafka", "victoria-metrics"),
            user=accounts.services,
            directory=places.checkout,
            environment=configuration | {"METRICS_PORT": "9104"},
            # It is unhealthy while verdicts wait for the search engine, which starts last.
            is_awaited=False,
        ),
        Service(
            name="housekeeping",
            command=f"{places.python} -m housekeeping",
            ports=(9105,),
            probe=answers_http(f"http://{bind}:9105/healthz"),
            after=("postgres", "rabbitmq"),
            user=accounts.services,
            directory=places.checkout,
            environment=configuration | {"METRICS_PORT": "9105"},
        ),
        Service(
            name="flower",
            command=f"{programs}/celery -A tasks flower --address={inner} --port=5555 --max_tasks=5000",
            inner_ports=(5555,),
            probe=answers_http(f"http://{inner}:5555/healthcheck"),
            after=("rabbitmq",),
            user=accounts.services,
            directory=worker_directory,
            environment=configuration
            # It has no login, and nginx lets reading through only. ps would show a password among arguments.
            | {
                "FLOWER_UNAUTHENTICATED_API": "true",
                "FLOWER_BROKER_API": f"http://{quote(user)}:{quote(password)}@{inner}:15672/api/",
            },
        ),
    )


def _kafka_ui(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> Service:
    inner = environment["NATIVE_INNER_ADDRESS"]
    return Service(
        name="kafka-ui",
        command=(
            f"{places.state}/tools/kafka-ui/bin/python {places.checkout}/deploy/native/kafka_ui.py"
            f" serve {inner} 8080 {environment['KAFKA_BOOTSTRAP_SERVERS']}"
        ),
        inner_ports=(8080,),
        probe=answers_http(f"http://{inner}:8080/"),
        after=("kafka",),
        user=accounts.services,
        directory=places.run,
    )


def _nginx(places: Places, accounts: Accounts, environment: Mapping[str, str], web_port: int) -> Service:
    bind = environment["BIND_ADDRESS"]
    return Service(
        name="nginx",
        command=shlex.join(
            ["/usr/sbin/nginx", "-p", str(places.run), "-c", f"{places.etc}/nginx/nginx.conf", "-e", "stderr"]
        ),
        ports=(web_port, *GATE_PORTS),
        probe=answers_http(f"http://{bind}:{web_port}/healthz"),
        # For port 80 its master is root; its worker is the service user.
        user=None if web_port == 80 else accounts.servers,
        directory=places.run,
        environment={key: environment.get(key, "") for key in ("ALLOWED_HOSTS", "API_KEYS")},
        stop_signal="QUIT",
    )
