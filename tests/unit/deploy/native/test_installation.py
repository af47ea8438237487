import subprocess
import sys
from pathlib import Path

import pytest

from deploy.native.installation import Platform, choose_services
from deploy.native.services.places import Accounts, choose_accounts, places_from_environment
from deploy.native.services.service import Service
from deploy.native.supervision.ports import TakenPort
from deploy.native.supervision.readiness import stages, why_hopeless
from deploy.native.supervision.refusals import (
    RefusedError,
    describe_absence,
    describe_taken_ports,
    one_at_a_time,
    refuse_broken_configuration,
    refuse_open_address,
)
from deploy.native.supervision.supervisor import ProcessState

CHECKOUT = Path(__file__).resolve().parents[4]
RUNNING = ProcessState(state="RUNNING", pid=7, started_at=1)


def ready() -> str | None:
    return None


def service(name: str, *after: str) -> Service:
    return Service(name=name, command=name, probe=ready, after=after, directory=Path("/srv"))


SERVICES = [service("kafka"), service("trigger", "kafka"), service("postgres")]


def test_no_name_chooses_every_service_in_order() -> None:
    assert choose_services(SERVICES, []) == SERVICES


def test_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RefusedError, match=r"no service kafak; there are kafka, postgres, trigger"):
        choose_services(SERVICES, ["kafak"])


def test_clients_start_after_servers() -> None:
    first, second, _ = stages(SERVICES)
    assert [item.name for item in first] == ["kafka", "postgres"]
    assert [item.name for item in second] == ["trigger"]


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "satellite.example", "", "::1", "[::1]"])
def test_address_beyond_loopback_is_refused(address: str) -> None:
    with pytest.raises(RefusedError, match="loopback"):
        refuse_open_address(address)


def test_loopback_address_is_accepted() -> None:
    refuse_open_address("127.0.0.1")


def test_taken_ports_are_described_with_owner() -> None:
    text = describe_taken_ports([TakenPort(service="postgres", port=5432, owner="postgres (pid 9, user db)")])
    assert "5432 (for postgres) by postgres (pid 9, user db)" in text


def test_ordinary_user_runs_everything_as_itself() -> None:
    assert choose_accounts(is_root=False, can_run_python=False) == Accounts(servers=None, services=None)


def test_root_keeps_what_its_service_user_cannot_run() -> None:
    accounts = choose_accounts(is_root=True, can_run_python=False)
    assert accounts == Accounts(servers="satellite", services=None)


def test_service_that_keeps_ending_is_given_up_before_the_time_is_up() -> None:
    assert why_hopeless(RUNNING, "refused", 3, is_late=False) is None
    assert why_hopeless(RUNNING, "refused", 4, is_late=False) == "it ended 3 times after its start"


def test_reason_is_reported_after_the_timeout() -> None:
    assert why_hopeless(RUNNING, "refused", 1, is_late=True) == "the time is up (running; refused)"


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_environment_can_be_sourced_and_what_is_set_wins(shell: str) -> None:
    script = '. deploy/native/env; echo "$POSTGRES_DB $KAFKA_BOOTSTRAP_SERVERS $PGUSER"'
    outcome = subprocess.run(
        [shell, "-euc", script],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "POSTGRES_DB": "other_db"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert outcome.stdout.split() == ["other_db", "127.0.0.1:9092", "admin"]


@pytest.mark.parametrize("spelling", ["no_proxy", "NO_PROXY"])
def test_proxy_of_the_shell_is_for_what_lies_outside(spelling: str) -> None:
    asked = (
        "import os; from requests.utils import should_bypass_proxies as direct;"
        "urls = ('VICTORIA_METRICS_URL', 'ELASTICSEARCH_URL');"
        "print([direct(os.environ[url], None) for url in urls],"
        " direct('http://127.0.0.1:9101/healthz', None), direct('http://intern.example/', None),"
        " direct('http://pypi.example/', None))"
    )
    script = f'. deploy/native/env; . deploy/native/env; echo "$no_proxy"; "{sys.executable}" -c "{asked}"'
    outcome = subprocess.run(
        ["bash", "-euc", script],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "http_proxy": "http://192.0.2.1:3128", spelling: "intern.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    listed, answers = outcome.stdout.splitlines()
    assert answers == "[True, True] True True False"
    assert listed.count("localhost") == 1


def test_native_and_compose_configuration_have_the_same_keys() -> None:
    compose = {
        line.split("=")[0] for line in (CHECKOUT / ".env.example").read_text().splitlines() if "=" in line
    }
    native = (CHECKOUT / "deploy" / "native" / "env").read_text()
    compose_only = {"KAFKA_CLUSTER_ID", "KAFKA_EXTERNAL_HOST", "FLOWER_BASIC_AUTH", "COMPOSE_PROFILES"}
    compose_only |= {"TRITON_DEVICE", "TRITON_IMAGE", "TRITON_GPU_COUNT"}
    compose_only |= {key for key in compose if key.endswith("_PORT")} - {"POSTGRES_PORT"}
    assert all(f"export {key}=" in native for key in compose - compose_only)


SOUND = {
    "BIND_ADDRESS": "127.0.0.1",
    "CELERY_BROKER_URL": "amqp://guest:guest@localhost:5672//",
    "MISSION_FILE": str(CHECKOUT / "missions" / "default.yaml"),
    "MODEL_REPOSITORY": str(CHECKOUT / "model_repository"),
}


def test_sound_configuration_is_accepted() -> None:
    refuse_broken_configuration(SOUND)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MISSION_FILE", "/nonexistent"), ("MISSION_FILE", str(CHECKOUT / "README.md")),
        ("MAX_SATELLITES", "abc"), ("MAX_SATELLITES", "0"), ("INTAKE_BREAKER_SHARE", "2"),
        ("RETENTION_FAILED_DAYS", "-1"), ("POSTGRES_PORT", ""), ("MODEL_REPOSITORY", "/nonexistent"),
        ("ALLOWED_HOSTS", "*"), ("API_KEYS", "a$b"), ("CELERY_BROKER_URL", "redis://localhost"),
        ("VICTORIA_METRICS_URL", "http://user:p@ss/word@host"),
    ],
)  # fmt: skip
def test_invalid_configuration_leaves_running_services_alone(tmp_path: Path, key: str, value: str) -> None:
    places = places_from_environment(
        {"NATIVE_CHECKOUT": str(CHECKOUT), "NATIVE_STATE": str(tmp_path), "NATIVE_INNER_ADDRESS": "127.1.1.1"}
    )
    platform = Platform(places, Accounts(servers=None, services=None), SOUND | {key: value})
    with pytest.raises(RefusedError, match=f"(?s)Nothing was started or changed:.*{key}"):
        platform.up([])
    assert [path.name for path in tmp_path.rglob("*")] == ["changing.lock"]


def test_second_command_that_changes_the_platform_is_refused(tmp_path: Path) -> None:
    places = places_from_environment({"NATIVE_CHECKOUT": str(CHECKOUT), "NATIVE_STATE": str(tmp_path)})
    with (
        one_at_a_time(places),
        pytest.raises(RefusedError, match="Another 'make up' or 'make down'"),
        one_at_a_time(places),
    ):
        pass
    with one_at_a_time(places):
        pass


def test_services_without_their_supervisor_are_not_said_to_be_absent() -> None:
    assert "without their supervisor" in describe_absence(12)
    assert describe_absence(0) == "The platform is not running: make up"
