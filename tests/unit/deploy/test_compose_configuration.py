"""What docker-compose.yml promises before anything runs: pinned, closed, limited, configured by keys."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
TEXT = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
DOCUMENTED = dict(
    line.split("=", 1)
    for line in (CHECKOUT / ".env.example").read_text().splitlines()
    if re.match(r"[A-Z]", line)
)
FOR_BUILDS = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "NPM_CONFIG_REGISTRY"}
WITH_DEFAULT = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")
MANUAL_PORTS = {80, 8000, 8080, 8428, 8500, 8501, 8502, 9092, 5432, 5555, 5672, 9200, 15672}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_foreign_image_has_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert "build" in SERVICES[name] or re.search(r":v?\d+\.\d+", image), image


@pytest.mark.parametrize(
    "name", [name for name in SERVICES if SERVICES[name]["image"].startswith("satellite-")]
)
def test_our_own_containers_have_a_read_only_root(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


def test_ports_are_those_of_the_manual_on_the_configured_address() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in ports)
    assert {int(port.split(":")[-2]) for port in ports} >= MANUAL_PORTS


def test_every_variable_is_documented_with_its_default() -> None:
    used = WITH_DEFAULT.findall(TEXT)
    assert {name for name, _ in used} - FOR_BUILDS <= DOCUMENTED.keys()
    assert {(name, default) for name, default in used if name not in FOR_BUILDS} <= set(DOCUMENTED.items())


def test_start_order_waits_for_health_or_completion_only() -> None:
    conditions = {
        condition["condition"]
        for service in SERVICES.values()
        for condition in service.get("depends_on", {}).values()
    }
    assert conditions == {"service_healthy", "service_completed_successfully"}


def test_every_server_waits_for_preflight() -> None:
    def needs(name: str) -> set[str]:
        direct = set(SERVICES[name].get("depends_on", {}))
        return direct.union(*map(needs, direct))

    assert [name for name in SERVICES if name != "preflight" and "preflight" not in needs(name)] == []


def test_replicas_belong_to_services_without_a_container_name() -> None:
    named = {service["container_name"] for service in SERVICES.values() if "container_name" in service}
    for name in ("analysis-worker-1", "kafka-inference-trigger"):
        assert name in named
        assert "container_name" not in SERVICES[name]
    assert "hostname" not in SERVICES["analysis-worker-1"]  # a worker's node bears it
