from pathlib import Path

import pytest
import yaml

from deploy.native.services.logins import broker_login
from deploy.native.services.places import Accounts, Places
from deploy.native.services.servers import ADMINISTRATIVE_KEYS
from deploy.native.services.service import Service
from deploy.native.services.table import all_one_shots, all_services

PLACES = Places(checkout=Path("/srv/satellite"), state=Path("/srv/satellite/.native/state"))
ENVIRONMENT = {
    "BIND_ADDRESS": "127.0.0.1",
    "NATIVE_INNER_ADDRESS": "127.77.1.2",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "CELERY_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "5432",
    "POSTGRES_USER": "admin",
    "POSTGRES_PASSWORD": "admin123",
    "POSTGRES_DB": "orders_db",
    "MODEL_REPOSITORY": "/srv/satellite/model_repository",
    "NOTIFY_LEAD_URL": "mailto://somewhere",
}
COMPOSE_FILE = Path(__file__).resolve().parents[4] / "docker-compose.yml"
URGENT = {"kafka", "postgres", "alarm-server", "alarm-notifier", "operation-server", "nginx"}
MANUAL_PORTS = {80, 8000, 8080, 8428, 8500, 8501, 8502, 9092, 5432, 5555, 5672, 9200, 15672}


@pytest.fixture(autouse=True)
def _installed_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.native.services.servers.postgres_binaries", lambda: tmp_path)


def table(accounts: Accounts, web_port: int = 80) -> dict[str, Service]:
    services = all_services(PLACES, accounts, ENVIRONMENT, web_port)
    return {service.name: service for service in services}


def test_every_port_of_the_manual_that_needs_no_container_is_served() -> None:
    served = {
        port for service in table(Accounts(servers=None, services=None)).values() for port in service.ports
    }
    assert served >= MANUAL_PORTS


def test_no_two_services_want_the_same_port() -> None:
    ports = [
        port for service in table(Accounts(servers=None, services=None)).values() for port in service.ports
    ]
    assert len(ports) == len(set(ports))


def test_every_dependency_is_a_server_without_dependencies() -> None:
    services = table(Accounts(servers=None, services=None))
    needed = {name for service in services.values() for name in service.after}
    assert needed <= {name for name, service in services.items() if not service.after}


def test_start_does_not_wait_for_the_relay_whose_health_asks_for_the_search_engine_that_starts_last() -> None:
    services = table(Accounts(servers=None, services=None))
    assert {name for name, service in services.items() if not service.is_awaited} == {
        "elasticsearch",
        "verdict-relay",
    }


def test_what_lies_between_telemetry_and_alarm_goes_first_natively_and_in_containers() -> None:
    natively = table(Accounts(servers=None, services=None))
    contained = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["services"]
    assert {name for name, service in natively.items() if service.is_urgent} == URGENT
    assert {name for name, service in contained.items() if "cpu_shares" in service} == URGENT


def test_every_one_shot_sets_up_a_server() -> None:
    services = table(Accounts(servers=None, services=None))
    assert all(not services[one_shot.after].after for one_shot in all_one_shots())


def test_root_lends_its_user_to_all_but_the_web_server_on_port_80() -> None:
    services = table(Accounts(servers="satellite", services="satellite"))
    assert {name for name, service in services.items() if service.user is None} == {"nginx"}


def test_web_server_beyond_port_80_needs_no_root() -> None:
    assert table(Accounts(servers="satellite", services="satellite"), 8088)["nginx"].user == "satellite"


def test_servers_keep_their_user_when_the_checkout_is_private() -> None:
    services = table(Accounts(servers="satellite", services=None))
    assert services["postgres"].user == "satellite"
    assert services["operation-server"].user is None


def test_worker_has_the_node_name_of_the_manual() -> None:
    command = table(Accounts(servers=None, services=None))["analysis-worker-1"].command
    assert command.endswith("-n celery@analysis-worker-1")


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("amqp://guest:guest@127.0.0.1:5672//", ("guest", "guest")),
        ("amqp://ops:p%40ss@host//", ("ops", "p@ss")),
        ("amqp://host//", ("guest", "guest")),
    ],
)
def test_broker_login_is_read_from_its_url(url: str, login: tuple[str, str]) -> None:
    assert broker_login(url) == login


def test_no_secret_stands_among_arguments() -> None:
    services = table(Accounts(servers=None, services=None))
    secrets = ("guest", "admin123", ":@", "Password", "password=")
    assert [name for name, one in services.items() if any(secret in one.command for secret in secrets)] == []


def test_servers_that_check_no_host_listen_where_no_page_finds_them() -> None:
    services = table(Accounts(servers=None, services=None))
    inner = {port for one in services.values() for port in one.inner_ports}
    assert inner >= {8428, 9201, 5555, 15672, 15692, 8500, 8502, 18500, 18502}
    for name in ("victoria-metrics", "flower", "triton-front"):
        assert "127.77.1.2" in services[name].command
        assert "127.0.0.1" not in services[name].command


def test_everything_that_administers_victoria_metrics_asks_for_a_key_and_no_page_gets_an_answer() -> None:
    command = table(Accounts(servers=None, services=None))["victoria-metrics"].command
    assert all(f" -{name}=file://" in command for name in ADMINISTRATIVE_KEYS)
    assert "-http.disableCORS" in command.split()


def test_changed_keys_and_files_restart_the_web_server_that_asks_for_them() -> None:
    assert table(Accounts(servers=None, services=None))["nginx"].environment.keys() == {
        "ALLOWED_HOSTS",
        "API_KEYS",
        "CODE_DIGEST",
    }


def test_secrets_of_targets_are_given_to_who_tells_people_alone() -> None:
    services = table(Accounts(servers=None, services=None))
    given = {name for name, service in services.items() if "NOTIFY_LEAD_URL" in service.environment}
    assert given == {"alarm-notifier"}
