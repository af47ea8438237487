"""What docker-compose.yml promises before anything runs: pinned, closed, limited, configured by keys."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.native.services.servers import ADMINISTRATIVE_KEYS

CHECKOUT = Path(__file__).resolve().parents[3]
DEVICES = ("cpu", "gpu")


def text_of(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def services_on(device: str) -> dict[str, dict[str, Any]]:
    """As Compose renders it: what a service extends, under what it says itself."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(text_of("docker-compose.yml"))["services"]
    bases = yaml.safe_load(text_of(f"docker-compose.{device}.yml"))["services"]
    return {name: extended(service, bases) for name, service in services.items()}


def extended(service: dict[str, Any], bases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "extends" not in service:
        return service
    base = bases[service["extends"]["service"]]
    return base | service | {"healthcheck": base["healthcheck"] | service["healthcheck"]}


TEXT = "".join(map(text_of, ["docker-compose.yml", *(f"docker-compose.{device}.yml" for device in DEVICES)]))
SERVICES = services_on("cpu")
DOCUMENTED = dict(
    line.split("=", 1)
    for line in (CHECKOUT / ".env.example").read_text().splitlines()
    if re.match(r"[A-Z]", line)
)
FOR_BUILDS = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "NPM_CONFIG_REGISTRY"}
#: Containers of nginx.
WEB_SERVERS = ("nginx", "elasticsearch-gate", "kafka-ui-gate")
#: init-kafka.sh chooses it where it is empty.
CHOSEN = {"TRITON_DEVICE": ""}
WITH_DEFAULT = re.compile(r"\$\{([A-Z_]+)(?::?-([^}]*))?\}")
MANUAL_PORTS = {80, 8000, 8080, 8428, 8500, 8501, 8502, 9092, 5432, 5555, 5672, 9200, 15672}


def needs(name: str) -> set[str]:
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*map(needs, direct))


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("device", DEVICES)
def test_every_foreign_image_has_a_version(device: str) -> None:
    images = {service["image"] for service in services_on(device).values()}
    foreign = {image for image in images if not image.startswith("satellite-")}
    assert [image for image in foreign if not re.search(r":v?\d+\.\d+", image)] == []


def test_rabbitmq_stays_before_the_release_that_denies_transient_queues() -> None:
    version = SERVICES["rabbitmq"]["image"].partition(":")[2]
    assert tuple(map(int, version.split(".")[:2])) < (4, 3)


def test_search_runs_one_java_process_in_three_times_its_heap() -> None:
    search = SERVICES["elasticsearch"]
    assert search["environment"]["DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI"] == "true"
    assert search["environment"]["OPENSEARCH_JAVA_OPTS"] == "-Xms512m -Xmx512m"
    assert search["mem_limit"] == "1536m"


@pytest.mark.parametrize(
    "rule",
    [
        ("action.auto_create_index", "false"),
        ("action.destructive_requires_name", "true"),
        ("cluster.routing.allocation.disk.threshold_enabled", "false"),
    ],
    ids=str,
)
def test_search_obeys_the_same_rules_in_containers_and_natively(rule: tuple[str, str]) -> None:
    assert rule in SERVICES["elasticsearch"]["environment"].items()
    assert f"'{': '.join(rule)}'" in text_of("deploy/native/bin/opensearch")


@pytest.mark.parametrize(
    "name", [name for name in SERVICES if SERVICES[name]["image"].startswith("satellite-")]
)
def test_our_own_containers_have_a_read_only_root(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


def test_port_of_what_a_profile_adds_is_published_with_that_profile_only() -> None:
    for name in ("elasticsearch", "kafka-ui"):
        assert SERVICES[f"{name}-gate"]["profiles"] == SERVICES[name]["profiles"]
        key = f"{name.upper().replace('-', '_')}_PORT"
        publishing = [service for service in SERVICES if key in str(SERVICES[service].get("ports"))]
        assert publishing == [f"{name}-gate"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_proxy_of_docker_stands_between_containers(name: str) -> None:
    spellings = {
        key for proxy in ("http_proxy", "https_proxy", "all_proxy") for key in (proxy, proxy.upper())
    }
    assert {key: SERVICES[name]["environment"].get(key) for key in spellings} == dict.fromkeys(spellings, "")


def test_ports_are_those_of_the_manual_on_the_configured_address() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:${") for port in ports)


def test_only_servers_that_check_their_callers_are_published() -> None:
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    # Kafka, PostgreSQL, AMQP and gRPC speak no protocol of a browser; the API looks at Host and Origin.
    assert published == {"kafka", "postgres", "rabbitmq", "triton-server", "operation-server", *WEB_SERVERS}
    assert not [port for port in SERVICES["rabbitmq"]["ports"] if "15672" in port]


def test_web_server_listens_where_it_is_published_and_leads_to_servers_that_exist() -> None:
    configuration = (CHECKOUT / "nginx" / "containers.conf").read_text(encoding="utf-8")
    listened = set(re.findall(r"listen (\d+);", configuration))
    published = [port for name in WEB_SERVERS for port in SERVICES[name]["ports"]]
    assert {port.rpartition(":")[2] for port in published} == listened
    reached = set(re.findall(r"set \$\w+ ([a-z-]+):\d+;", configuration))
    assert reached <= SERVICES.keys()


def test_victoria_metrics_asks_for_a_key_wherever_it_does_natively() -> None:
    script = (CHECKOUT / "deploy" / "containers" / "victoria-start").read_text(encoding="utf-8")
    assert set(re.findall(r"[\w.]+AuthKey", script)) == set(ADMINISTRATIVE_KEYS)
    assert "-http.disableCORS" in SERVICES["victoria-metrics"]["command"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_among_arguments(name: str) -> None:
    service = SERVICES[name]
    arguments = str([service.get(key) for key in ("command", "entrypoint", "healthcheck")])
    assert not re.search(r"POSTGRES_PASSWORD|CELERY_BROKER_URL|API_KEYS|BASIC_AUTH|guest|admin123", arguments)


def test_every_variable_is_documented_with_its_default() -> None:
    used = WITH_DEFAULT.findall(TEXT)
    assert {name for name, _ in used} - FOR_BUILDS <= DOCUMENTED.keys()
    defaults = {(name, CHOSEN.get(name, default)) for name, default in used if name not in FOR_BUILDS}
    assert defaults <= set(DOCUMENTED.items())


@pytest.mark.parametrize("device", DEVICES)
def test_an_image_of_ours_has_one_builder_and_is_never_pulled(device: str) -> None:
    services = services_on(device)
    ours = {name for name, service in services.items() if service["image"].startswith("satellite-")}
    builders = [services[name]["image"] for name in services if "build" in services[name]]
    assert sorted(builders) == sorted({services[name]["image"] for name in ours})
    assert all(services[name]["pull_policy"] == "never" for name in ours)
    assert all("pull_policy" not in services[name] for name in services.keys() - ours)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_started_alone_brings_the_builder_of_its_image(name: str) -> None:
    image = SERVICES[name]["image"]
    started = {name} | needs(name)
    assert not image.startswith("satellite-") or any(
        "build" in SERVICES[other] for other in started if SERVICES[other]["image"] == image
    )


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_waits_for_one_that_its_profile_leaves_out(name: str) -> None:
    needed = [
        other for other, how in SERVICES[name].get("depends_on", {}).items() if how.get("required", True)
    ]
    assert all("profiles" not in SERVICES[other] for other in needed)


def test_every_published_port_has_a_key_of_its_own() -> None:
    published = [
        port.split("}:")[1] + "}" for service in SERVICES.values() for port in service.get("ports", [])
    ]
    found = [match for port in published if (match := WITH_DEFAULT.fullmatch(port))]
    assert len(found) == len(published) == len({match[1] for match in found})
    assert {int(match[2]) for match in found} == MANUAL_PORTS


def test_the_key_of_the_database_moves_where_it_listens_where_it_is_published_and_where_it_is_dialled() -> (
    None
):
    key = "${POSTGRES_PORT:-5432}"
    assert SERVICES["postgres"]["ports"] == [f"${{BIND_ADDRESS:-127.0.0.1}}:{key}:{key}"]
    assert SERVICES["postgres"]["environment"]["PGPORT"] == key
    assert SERVICES["operation-server"]["environment"]["POSTGRES_PORT"] == key


def test_kafka_tells_clients_outside_the_port_that_is_published() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised.endswith("EXTERNAL://${KAFKA_EXTERNAL_HOST:-localhost}:${KAFKA_PORT:-9092}")


def test_without_a_cluster_id_compose_names_the_script() -> None:
    assert "${KAFKA_CLUSTER_ID:?run ./init-kafka.sh first}" in TEXT
    assert "${KAFKA_CLUSTER_ID:-" not in TEXT


def test_everything_starts_by_default_and_the_core_has_neither_search_nor_kafka_ui() -> None:
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    extras = ("elasticsearch", "kafka-ui", "elasticsearch-gate", "kafka-ui-gate")
    assert profiles.pop("simulator") == ["demo"]
    assert profiles == dict(zip(extras, (["search"], ["kafka-ui"]) * 2, strict=True))
    assert DOCUMENTED["COMPOSE_PROFILES"] == "search,kafka-ui"


@pytest.mark.parametrize(
    "line", re.findall(r"^COPY (?!--from).*", text_of("Dockerfile"), re.MULTILINE), ids=lambda line: line[:60]
)
def test_what_an_image_copies_is_readable_whatever_the_checkouts_modes(line: str) -> None:
    assert line.startswith("COPY --chmod=755 ")


def test_start_order_waits_for_health_or_completion_only() -> None:
    conditions = {
        condition["condition"]
        for service in SERVICES.values()
        for condition in service.get("depends_on", {}).values()
    }
    assert conditions == {"service_healthy", "service_completed_successfully"}


def test_every_server_waits_for_preflight() -> None:
    assert [name for name in SERVICES if name != "preflight" and "preflight" not in needs(name)] == []


def test_replicas_belong_to_services_without_a_container_name() -> None:
    named = {service["container_name"] for service in SERVICES.values() if "container_name" in service}
    for name in ("analysis-worker-1", "kafka-inference-trigger"):
        assert name in named
        assert "container_name" not in SERVICES[name]
    assert "hostname" not in SERVICES["analysis-worker-1"]  # a worker's node bears it


def test_triton_computes_float32_as_float32_and_opens_only_what_is_used() -> None:
    triton = SERVICES["triton-server"]
    assert triton["environment"]["NVIDIA_TF32_OVERRIDE"] == "0"
    assert triton["command"][:3] == ["sh", "/usr/local/bin/serve", "tritonserver"]
    assert "./deploy/triton/serve:/usr/local/bin/serve:ro,z" in triton["volumes"]


@pytest.mark.parametrize("path", ["deploy/containers/rabbitmq.conf", "deploy/native/config/rabbitmq.conf"])
def test_log_of_the_quorum_queues_is_small_beside_the_memory_that_rabbitmq_may_take(path: str) -> None:
    settings = dict(line.split(" = ") for line in text_of(path).splitlines() if " = " in line)
    watermark = int(settings["vm_memory_high_watermark.absolute"].removesuffix("MB")) * 1_000_000
    assert int(settings["raft.wal_max_size_bytes"]) * 4 <= watermark


@pytest.mark.parametrize(
    "path", ["deploy/containers/flower-start", "deploy/native/services/python_services.py"]
)
def test_flower_keeps_a_bounded_number_of_tasks(path: str) -> None:
    (kept,) = re.findall(r"flower --address=\S+ --port=5555 --max_tasks=(\d+)", text_of(path))
    assert int(kept) <= 5000
