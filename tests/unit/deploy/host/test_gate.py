"""When init-kafka.sh refuses a host."""

import re
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.deploy.host.init_kafka import (
    PORT_FLOOR,
    PORT_KEYS,
    Host,
    a_server,
    init_kafka,
    keys,
    set_keys,
    with_files,
)

pytestmark = pytest.mark.slow  # each host is some twenty programs


class TestGate:
    """What would make the start fail is said before anything is pulled."""

    @pytest.mark.parametrize(
        ("host", "sentence"),
        [
            (Host(engine="19.03.15"), "Docker Engine 19.03.15 is too old: 20.10"),
            (Host(engine="18.9"), "Docker Engine 18.9 is too old"),
            (Host(compose="v2.23.3"), "Docker Compose v2.23.3 is too old: 2.24"),
            (Host(compose="1.29.2"), "Docker Compose 1.29.2 is too old"),
            (Host(compose=""), "'docker compose' is missing"),
            (Host(buildx=""), "'docker buildx' is missing"),
            (
                Host(compose="v2.40.3", buildx="github.com/docker/buildx v0.13.1 788433953af1"),
                "docker buildx v0.13.1 is too old for Docker Compose v2.40.3",
            ),
            (
                Host(compose="5.0.0", buildx="github.com/docker/buildx 0.16.2+ds1 1"),
                "buildx 0.16.2+ds1 is too old",
            ),
            (Host(memory_mb=3800), "Docker has 3800 MB of memory"),
            (Host(free_gb=3), "3 GB are free"),
        ],
        ids=lambda value: "" if isinstance(value, Host) else value,
    )
    def test_a_host_that_is_too_old_or_too_small_is_named(
        self, checkout: Path, host: Host, sentence: str
    ) -> None:
        outcome = init_kafka(checkout, host)
        assert outcome.status == 1
        assert sentence in outcome.wanted
        assert outcome.keys["KAFKA_CLUSTER_ID"]

    @pytest.mark.parametrize(
        "host",
        [
            Host(engine="20.10.24+dfsg1", compose="2.26.1-4"),
            Host(
                engine="29.0.1",
                compose="5.0.0-desktop.1",
                buildx="github.com/docker/buildx v0.29.1-desktop.1 a",
            ),
            Host(compose="2.26.1-4", buildx="github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3"),
            Host(compose="dev", buildx="github.com/docker/buildx 788433953 788433953"),
            Host(engine="24.0.7-ce", compose="v2.40.3-desktop.1"),
        ],
    )
    def test_versions_in_every_spelling_are_read(self, checkout: Path, host: Host) -> None:
        assert init_kafka(checkout, host).status == 0

    def test_the_core_alone_fits_in_4_gb(self, checkout: Path) -> None:
        set_keys(checkout, COMPOSE_PROFILES="")
        assert init_kafka(checkout, Host(memory_mb=3800)).status == 0

    def test_without_docker_the_id_is_written_all_the_same(self, checkout: Path, tmp_path: Path) -> None:
        programs = tmp_path / "programs"
        programs.mkdir()
        needed = "bash sh awk sed grep cat head tr base64 find chmod cut sort dirname readlink id touch"
        for name in needed.split():
            (programs / name).symlink_to(shutil.which(name) or name)
        outcome = init_kafka(checkout, Host(tools={"docker": ""}), path=str(programs))
        assert outcome.status == 0
        assert "There is no 'docker' here" in outcome.wanted
        assert outcome.keys["KAFKA_CLUSTER_ID"]

    @pytest.mark.parametrize(
        ("said", "remedy"),
        [
            (
                "permission denied while trying to connect to the Docker daemon socket",
                "into the group docker",
            ),
            ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "start it"),
        ],
    )
    def test_a_docker_that_does_not_answer_is_a_refusal_with_its_words(
        self, checkout: Path, said: str, remedy: str
    ) -> None:
        tools = {"docker": f"case $1 in info) echo '|0|||'; echo '{said}' >&2; exit 1 ;; esac"}
        outcome = init_kafka(checkout, Host(tools=tools))
        assert outcome.status == 1
        assert f"Docker does not answer ({said}): " in outcome.wanted
        assert remedy in outcome.wanted
        assert outcome.keys["KAFKA_CLUSTER_ID"]

    def test_podman_under_the_name_of_docker_is_named(self, checkout: Path) -> None:
        tools = {"docker": "case $1 in --version) echo podman version 4.3.1 ;; *) exit 125 ;; esac"}
        outcome = init_kafka(checkout, Host(tools=tools))
        assert outcome.status == 1
        assert "'docker' is Podman here" in outcome.wanted

    def test_every_taken_port_is_named_with_its_key(self, checkout: Path) -> None:
        with ExitStack() as servers:
            taken = {key: servers.enter_context(a_server()) for key in PORT_KEYS}
            set_keys(checkout, **taken)
            outcome = init_kafka(checkout)
        assert outcome.status == 1
        assert len(taken) == 13
        for key, port in taken.items():
            assert re.search(
                rf"port {port} is taken by .*: stop it, or set {key} in .env to a free port", outcome.wanted
            )

    def test_the_owner_of_a_taken_port_is_named(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, KAFKA_PORT=port)
            outcome = init_kafka(checkout, Host(tools={"lsof": "printf 'p812\\ncpostgres\\n'"}))
        assert f"port {port} is taken by postgres:" in outcome.wanted

    def test_an_owner_that_may_not_be_named_is_said_to_be_one(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, KAFKA_PORT=port)
            outcome = init_kafka(checkout, Host(tools={"lsof": "exit 1", "ss": "exit 1"}))
        assert "only its owner or root may name" in outcome.wanted

    def test_another_projects_container_is_named(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, KAFKA_PORT=port)
            outcome = init_kafka(checkout, Host(publishing="shop/shop-kafka-1"))
        assert "is taken by the container shop-kafka-1:" in outcome.wanted

    def test_the_platforms_own_ports_are_its_own(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, KAFKA_PORT=port)
            assert init_kafka(checkout, Host(publishing="satellite/kafka")).status == 0

    def test_a_project_of_another_name_knows_its_own_ports(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, KAFKA_PORT=port, COMPOSE_PROJECT_NAME="flight")
            assert init_kafka(checkout, Host(publishing="flight/kafka")).status == 0
            assert (
                "by the container kafka:" in init_kafka(checkout, Host(publishing="satellite/kafka")).wanted
            )

    @pytest.mark.parametrize("address", ["0.0.0.0", "::", "[::]"])
    def test_a_port_is_looked_for_on_the_address_that_will_publish_it(
        self, checkout: Path, address: str
    ) -> None:
        with a_server() as port:
            set_keys(checkout, BIND_ADDRESS=address, KAFKA_PORT=port)
            assert f"port {port} is taken" in init_kafka(checkout).wanted

    def test_a_port_of_a_profile_that_does_not_start_may_be_taken(self, checkout: Path) -> None:
        with a_server() as port:
            set_keys(checkout, COMPOSE_PROFILES="kafka-ui", ELASTICSEARCH_PORT=port)
            assert init_kafka(checkout).status == 0

    def test_two_keys_of_one_port_are_refused(self, checkout: Path) -> None:
        set_keys(checkout, FLOWER_PORT=keys(checkout)["KAFKA_PORT"])
        assert "is the port of another key, too" in init_kafka(checkout).wanted

    def test_invalid_port_is_refused(self, checkout: Path) -> None:
        set_keys(checkout, KAFKA_PORT="9092/tcp")
        assert "KAFKA_PORT=9092/tcp is not a port number" in init_kafka(checkout).wanted

    def test_docker_without_root_cannot_open_port_80(self, checkout: Path) -> None:
        set_keys(checkout, NGINX_PORT=80)
        host = Host(security="name=rootless", tools=with_files({PORT_FLOOR: "1024"}))
        assert "set NGINX_PORT in .env to one from 1024 on" in init_kafka(checkout, host).wanted

    def test_docker_without_root_may_open_what_the_kernel_allows(self, checkout: Path) -> None:
        set_keys(checkout, NGINX_PORT=80)
        host = Host(security="name=rootless", tools=with_files({PORT_FLOOR: "80"}))
        assert "without root" not in init_kafka(checkout, host).wanted

    def test_a_listener_on_one_address_is_in_the_way_of_all_addresses(self, checkout: Path) -> None:
        with socket.create_server(("127.0.0.9", 0)) as server:
            port = server.getsockname()[1]
            set_keys(checkout, BIND_ADDRESS="0.0.0.0", KAFKA_PORT=port)
            tools = {"ss": f"case $* in *:{port}) echo LISTEN 0 128 127.0.0.9:{port} 0.0.0.0:* ;; esac"}
            assert f"port {port} is taken" in init_kafka(checkout, Host(tools=tools)).wanted

    def test_an_address_of_ones_own_is_looked_at_without_connecting_to_it(self, checkout: Path) -> None:
        set_keys(checkout, BIND_ADDRESS="192.0.2.7", KAFKA_PORT=19092)
        taken = "case $* in *:19092) echo 'LISTEN 0 128 192.0.2.7:19092 0.0.0.0:*' ;; esac"
        assert "port 19092 is taken" in init_kafka(checkout, Host(tools={"ss": taken})).wanted
        elsewhere = taken.replace("192.0.2.7", "127.0.0.1")
        assert init_kafka(checkout, Host(tools={"ss": elsewhere})).status == 0

    @pytest.mark.parametrize("tool", ["df", "ss", "lsof", "findmnt"])
    def test_a_tool_that_fails_ends_nothing_without_a_word(self, checkout: Path, tool: str) -> None:
        outcome = init_kafka(checkout, Host(tools={tool: "exit 1"}))
        assert outcome.status == 0, outcome.wanted
        assert "Then: docker compose up -d" in outcome.printed

    def test_an_unexpected_exit_is_reported(self, checkout: Path) -> None:
        outcome = init_kafka(checkout, Host(tools={"awk": "exit 2"}))
        assert outcome.status != 0
        assert "stopped before all checks were done" in outcome.wanted

    def test_the_disk_of_containerd_is_looked_at_where_it_keeps_the_images(self, checkout: Path) -> None:
        folder = "/var/lib/containerd"
        tools = {
            "df": f"case $* in *{folder}) free=2 ;; *) free=90 ;; esac; echo Filesystem;"
            ' echo "/dev/a 1 1 $((free * 1048576))"'
        }
        store = '[["driver-type","io.containerd.snapshotter.v1"]]'
        wanted = init_kafka(checkout, Host(store=store, tools=tools)).wanted
        assert not Path(folder).is_dir() or f"2 GB are free on the disk of {folder}, 12 GB" in wanted
        assert init_kafka(checkout, Host(tools=tools)).status == 0

    def test_the_builder_that_cannot_set_modes_is_refused(self, checkout: Path) -> None:
        outcome = init_kafka(checkout, variables={"DOCKER_BUILDKIT": "0"})
        assert "DOCKER_BUILDKIT=0 is set" in outcome.wanted

    @pytest.mark.parametrize("address", ["::1", "[::1]"])
    def test_an_address_of_ipv6_is_said_as_a_url(self, checkout: Path, address: str) -> None:
        set_keys(checkout, BIND_ADDRESS=address)
        assert "http://[::1]:" in init_kafka(checkout).printed

    def test_the_addresses_are_said_with_their_ports(self, checkout: Path) -> None:
        set_keys(checkout, NGINX_PORT=18081)
        assert "http://localhost:18081/" in init_kafka(checkout).printed
