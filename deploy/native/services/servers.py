"""The servers that the services use, and what stands before them."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from deploy.native.services.code import code_of
from deploy.native.services.logins import broker_login, database_dsn
from deploy.native.services.places import Accounts, Places
from deploy.native.services.probes import answers_http, answers_sql, serves_kafka
from deploy.native.services.service import Service

ADMINISTRATIVE_KEYS = (
    "configAuthKey", "deleteAuthKey", "flagsAuthKey", "forceFlushAuthKey", "forceMergeAuthKey",
    "logNewSeriesAuthKey", "metricNamesStatsResetAuthKey", "pprofAuthKey", "reloadAuthKey",
    "search.resetCacheAuthKey", "snapshotAuthKey",
)  # fmt: skip
"""VictoriaMetrics asks for the key of the installation before each of these."""
GATE_PORTS = (5555, 8080, 8428, 8500, 8502, 9200, 15672)
"""nginx listens there for servers that look at neither Host nor Origin."""


def postgres_binaries() -> Path:
    """Folder of the newest installed PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: run 'make setup'")
    return found[-1].parent


def servers(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> tuple[Service, ...]:
    """Build those that keep messages, tasks, verdicts and samples."""
    bind, inner = environment["BIND_ADDRESS"], environment["NATIVE_INNER_ADDRESS"]
    bin_ = places.state / "bin"
    return (
        Service(
            name="kafka",
            command=f"{bin_}/kafka-server-start {places.etc}/server.properties",
            ports=(9092, 9093, 29092),
            probe=serves_kafka(f"{bind}:9092"),
            user=accounts.servers,
            is_urgent=True,
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
            is_urgent=True,
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


def triton(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> tuple[Service, ...]:
    """Build the model server and its front."""
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


def kafka_ui(places: Places, accounts: Accounts, environment: Mapping[str, str]) -> Service:
    """Build the view of Kafka's topics."""
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
        environment=code_of(places, "deploy/native/kafka_ui.py"),
    )


def nginx(places: Places, accounts: Accounts, environment: Mapping[str, str], web_port: int) -> Service:
    """Build what serves the console, and stands before the servers that check nothing."""
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
        is_urgent=True,
        directory=places.run,
        environment={key: environment.get(key, "") for key in ("ALLOWED_HOSTS", "API_KEYS")}
        | code_of(places, "nginx"),
        stop_signal="QUIT",
    )
