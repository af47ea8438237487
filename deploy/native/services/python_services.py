"""The services of this repository."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from deploy.native.services.code import SHARED, code_of
from deploy.native.services.logins import broker_login
from deploy.native.services.places import Accounts, Places
from deploy.native.services.probes import answers_http, does_its_work
from deploy.native.services.service import Service
from telemetry_core.service.observability import TRACES_ENDPOINT
from telemetry_core.service.settings import Settings

CONFIGURATION_KEYS = (*(name.upper() for name in Settings.model_fields), TRACES_ENDPOINT)
"""A service gets them from the supervisor, so that a changed one restarts it."""
WORKER_NODE = "celery@analysis-worker-1"


def python_services(
    places: Places, accounts: Accounts, environment: Mapping[str, str]
) -> tuple[Service, ...]:
    """Build them in the order of the start."""
    bind, inner = environment["BIND_ADDRESS"], environment["NATIVE_INNER_ADDRESS"]
    broker = environment["CELERY_BROKER_URL"]
    programs = places.python.parent
    user, password = broker_login(broker)
    worker_directory = places.checkout / "analysis_server"
    configuration = {key: environment[key] for key in CONFIGURATION_KEYS if key in environment}
    read = [Path(environment["MISSION_FILE"])] if "MISSION_FILE" in environment else []

    def given(package: str) -> dict[str, str]:
        return configuration | code_of(places, package, *SHARED, files=read)

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
            is_urgent=True,
            directory=places.checkout,
            environment=given("operation_server"),
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
            environment=given("analysis_server") | {"METRICS_PORT": "9103"},
        ),
        Service(
            name="kafka-inference-trigger",
            command=f"{places.python} -m kafka_inference_trigger",
            ports=(9101,),
            probe=does_its_work(bind, 9101),
            after=("kafka", "rabbitmq"),
            user=accounts.services,
            directory=places.checkout,
            environment=given("kafka_inference_trigger") | {"METRICS_PORT": "9101"},
        ),
        Service(
            name="victoria-consumer",
            command=f"{places.python} -m telemetry_writer",
            ports=(9102,),
            probe=does_its_work(bind, 9102),
            after=("kafka", "victoria-metrics"),
            user=accounts.services,
            directory=places.checkout,
            environment=given("telemetry_writer") | {"METRICS_PORT": "9102"},
        ),
        Service(
            name="verdict-relay",
            command=f"{places.python} -m verdict_relay",
            ports=(9104,),
            probe=does_its_work(bind, 9104),
            after=("postgres", "kafka", "victoria-metrics"),
            user=accounts.services,
            directory=places.checkout,
            environment=given("verdict_relay") | {"METRICS_PORT": "9104"},
            # It is unhealthy while verdicts wait for the search engine, which starts last.
            is_awaited=False,
        ),
        Service(
            name="alarm-server",
            command=f"{places.python} -m alarm_server",
            ports=(9106,),
            probe=does_its_work(bind, 9106),
            after=("kafka", "postgres"),
            user=accounts.services,
            is_urgent=True,
            directory=places.checkout,
            environment=given("alarm_server") | {"METRICS_PORT": "9106"},
        ),
        Service(
            name="alarm-notifier",
            command=f"{places.python} -m alarm_notifier",
            ports=(9107,),
            probe=does_its_work(bind, 9107),
            after=("postgres",),
            user=accounts.services,
            is_urgent=True,
            directory=places.checkout,
            # Its file of routes names secrets of the environment.
            environment=given("alarm_notifier")
            | {key: value for key, value in environment.items() if key.startswith("NOTIFY_")}
            | {"METRICS_PORT": "9107"},
        ),
        Service(
            name="housekeeping",
            command=f"{places.python} -m housekeeping",
            ports=(9105,),
            probe=answers_http(f"http://{bind}:9105/healthz"),
            after=("postgres", "rabbitmq"),
            user=accounts.services,
            directory=places.checkout,
            environment=given("housekeeping") | {"METRICS_PORT": "9105"},
        ),
        Service(
            name="flower",
            command=f"{programs}/celery -A tasks flower --address={inner} --port=5555 --max_tasks=5000",
            inner_ports=(5555,),
            probe=answers_http(f"http://{inner}:5555/healthcheck"),
            after=("rabbitmq",),
            user=accounts.services,
            directory=worker_directory,
            environment=given("analysis_server")
            # It has no login, and nginx lets reading through only. ps would show a password among arguments.
            | {
                "FLOWER_UNAUTHENTICATED_API": "true",
                "FLOWER_BROKER_API": f"http://{quote(user)}:{quote(password)}@{inner}:15672/api/",
            },
        ),
    )
