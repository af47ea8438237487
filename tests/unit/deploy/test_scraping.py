"""VictoriaMetrics asks the same services for their metrics under Compose and natively."""

from pathlib import Path
from typing import Any

import yaml

from deploy.native.services.places import Accounts, Places
from deploy.native.services.python_services import python_services
from deploy.native.supervision.configuration import render

CHECKOUT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {
    "NATIVE_INNER_ADDRESS": "127.77.1.2",
    "BIND_ADDRESS": "127.0.0.1",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "CELERY_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
}
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))


ADDRESSES = {"BIND_ADDRESS": "127.0.0.1", "INNER_ADDRESS": "127.77.1.2"}


def jobs(name: str) -> dict[str, Any]:
    text = render((CHECKOUT / "deploy" / name).read_text(encoding="utf-8"), ADDRESSES)
    return {one["job_name"]: one for one in yaml.safe_load(text)["scrape_configs"]}


def native_ports() -> dict[str, int]:
    found = jobs("native/config/scrape.yml")
    targets = {name: one["static_configs"][0]["targets"][0] for name, one in found.items()}
    return {name: int(target.rpartition(":")[2]) for name, target in targets.items()}


def container_names() -> set[str]:
    found = jobs("containers/scrape.yml").values()
    targets = [
        target for one in found for part in one.get("static_configs", []) for target in part["targets"]
    ]
    looked_up = [name for one in found for part in one.get("dns_sd_configs", []) for name in part["names"]]
    return {target.partition(":")[0] for target in targets}.union(looked_up)


def test_both_ways_of_running_have_the_same_jobs() -> None:
    assert jobs("native/config/scrape.yml").keys() == jobs("containers/scrape.yml").keys()


def test_every_python_service_is_asked_on_a_port_of_its_own() -> None:
    places = Places(checkout=CHECKOUT, state=Path("/srv/state"))
    services = python_services(places, Accounts(servers=None, services=None), ENVIRONMENT)
    asked = native_ports()
    assert {one.name for one in services} <= asked.keys()
    assert all(asked[one.name] in (*one.ports, *one.inner_ports) for one in services)


def test_every_name_that_is_asked_is_a_service_of_compose() -> None:
    assert container_names() <= COMPOSE["services"].keys()


def test_our_containers_answer_on_the_port_that_is_asked() -> None:
    text = (CHECKOUT / "deploy" / "containers" / "scrape.yml").read_text(encoding="utf-8")
    configuration = COMPOSE["x-configuration"]
    assert configuration["METRICS_ADDRESS"] == "0.0.0.0"
    assert f"victoria-consumer:{configuration['METRICS_PORT']}" in text
    assert text.count(f"port: {configuration['METRICS_PORT']}") == 2
