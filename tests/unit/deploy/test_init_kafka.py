"""init-kafka.sh on hosts of many kinds, each made of programs that answer as its own would."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
FOLDERS = ("missions", "model_repository", "deploy/containers", "deploy/host", "deploy/triton")
COMMANDS = ("upgrade.sh", "monitor.sh", "deploy/backup", "deploy/restore")
FILES = ("init-kafka.sh", "docker-compose.yml", "deploy/definitions.json", *COMMANDS)
GPU = "560.35.03, 8.6, NVIDIA GeForce RTX 3090"
PORT_FLOOR = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
RUNTIME_CONFIGURATION = "/etc/nvidia-container-runtime/config.toml"
pytestmark = pytest.mark.slow  # each host is some twenty programs
PORT_KEYS = re.findall(
    r"\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{([A-Z_]+):-",
    (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"),
)


@dataclass(kw_only=True)
class Host:
    """What Docker, the driver and the disk of a host say."""

    engine: str = "27.3.1"
    compose: str = "v2.29.7"
    buildx: str = "github.com/docker/buildx v0.17.1 257815a"
    memory_mb: int = 16000
    free_gb: int = 100
    system: str = "Debian GNU/Linux 12 (bookworm)"
    platform: str = "Docker Engine - Community"
    runtimes: str = "runc"
    security: str = "name=seccomp"
    store: str = '[["Backing Filesystem","extfs"]]'
    publishing: str = ""
    gpu: str = ""
    kernel: str = "Linux"
    tools: Mapping[str, str] = field(default_factory=dict)

    def programs(self) -> dict[str, str]:
        """Return name and shell script of each program."""
        facts = (
            f"{self.engine}|{self.memory_mb * 1048576}|/|{self.system}"
            f'|{self.store}|{{"{self.runtimes}":{{}}}}|["{self.security}"]'
        )
        docker = (
            f"case $* in info*) echo '{facts}' ;;"
            f" 'compose version'*) echo '{self.compose}'; [ '{self.compose}' ] ;;"
            f" 'buildx version'*) echo '{self.buildx}'; [ '{self.buildx}' ] ;;"
            f" version*) echo '{self.platform}' ;; ps*) echo '{self.publishing}' ;; esac"
        )
        disk = f"printf 'Filesystem 1024-blocks Used Available\\n/dev/a 1 1 {self.free_gb * 1048576}\\n'"
        found = {"docker": docker, "df": disk, "uname": f"echo {self.kernel}"}
        if self.gpu:
            found["nvidia-smi"] = f"echo '{self.gpu}'"
        return found | dict(self.tools)


@dataclass(kw_only=True)
class Outcome:
    status: int
    printed: str
    wanted: str
    keys: dict[str, str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "my satellites"
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(CHECKOUT / name, folder / name)
    free = "".join(f"{key}={port}\n" for key, port in zip(PORT_KEYS, free_ports(len(PORT_KEYS)), strict=True))
    (folder / ".env").write_text(free)
    return folder


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def a_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def with_files(contents: Mapping[str, str]) -> dict[str, str]:
    """Return a `cat` that finds these files, wherever they are."""
    cases = "".join(f"{name}) printf '{text}\\n' ;; " for name, text in contents.items())
    return {"cat": f'case "$*" in {cases}*) exec /bin/cat "$@" ;; esac'}


def init_kafka(
    checkout: Path,
    host: Host | None = None,
    *,
    path: str = "",
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    tools = checkout.parent / "tools"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir()
    for name, script in (host or Host()).programs().items():
        if not script:
            continue
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["bash", checkout / "init-kafka.sh"],
        env={"PATH": f"{tools}:{path or os.environ['PATH']}"} | dict(variables or {}),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(status=done.returncode, printed=done.stdout, wanted=done.stderr, keys=keys(checkout))


def keys(checkout: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line)


def set_keys(checkout: Path, **changes: object) -> None:
    found = keys(checkout) | {name: str(value) for name, value in changes.items()}
    (checkout / ".env").write_text("".join(f"{name}={value}\n" for name, value in found.items()))


class TestEnvironmentFile:
    def test_the_first_run_writes_an_id_that_kafka_takes(self, checkout: Path) -> None:
        outcome = init_kafka(checkout)
        assert outcome.status == 0, outcome.wanted
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{21}", outcome.keys["KAFKA_CLUSTER_ID"])

    def test_without_a_file_it_makes_one(self, checkout: Path) -> None:
        (checkout / ".env").unlink()
        assert len(init_kafka(checkout).keys["KAFKA_CLUSTER_ID"]) == 22

    def test_a_second_run_changes_nothing(self, checkout: Path) -> None:
        init_kafka(checkout)
        before = (checkout / ".env").read_text()
        again = init_kafka(checkout)
        assert again.status == 0
        assert "stays as it is" in again.printed
        assert (checkout / ".env").read_text() == before

    def test_other_lines_stay(self, checkout: Path) -> None:
        (checkout / ".env").write_text("# mine\nPOSTGRES_PASSWORD=a|b&c\\d\nKAFKA_CLUSTER_ID=\n\nLAST=1")
        init_kafka(checkout)
        lines = (checkout / ".env").read_text().splitlines()
        assert lines[:2] == ["# mine", "POSTGRES_PASSWORD=a|b&c\\d"]
        assert re.fullmatch(r"KAFKA_CLUSTER_ID=.{22}", lines[2])
        assert lines[3:5] == ["", "LAST=1"]

    @pytest.mark.parametrize("line", ["{}\r\n", '"{}"\n', "'{}'\n", "{}", "{} # mine\n", "'{}' # mine\n"])
    def test_an_existing_id_is_never_changed(self, checkout: Path, line: str) -> None:
        written = "KAFKA_CLUSTER_ID=" + line.format("MkU3OEVBNTcwNTJENDM2Qg")
        (checkout / ".env").write_bytes(written.encode())
        assert "MkU3OEVBNTcwNTJENDM2Qg stays" in init_kafka(checkout).printed
        assert (checkout / ".env").read_bytes().startswith(written.encode())

    def test_a_key_may_be_exported(self, checkout: Path) -> None:
        (checkout / ".env").write_text("export KAFKA_CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg\n")
        assert "MkU3OEVBNTcwNTJENDM2Qg stays" in init_kafka(checkout).printed

    @pytest.mark.parametrize("line", ["{} = {}", "{}: {}", "\ufeff{}={}", "export {} ={}\r"])
    def test_a_key_may_be_written_in_every_way_that_compose_reads(self, checkout: Path, line: str) -> None:
        text = line.format("KAFKA_CLUSTER_ID", "MkU3OEVBNTcwNTJENDM2Qg") + "\n"
        (checkout / ".env").write_text(text, encoding="utf-8")
        assert "stays as it is" in init_kafka(checkout).printed
        assert (checkout / ".env").read_text(encoding="utf-8").count("KAFKA_CLUSTER_ID") == 1

    def test_what_compose_interpolates_is_taken_as_it_takes_it(self, checkout: Path) -> None:
        port, profiles = free_ports(1)[0], "# none\nexport COMPOSE_PROFILES = ''\n"
        with (checkout / ".env").open("a") as file:
            file.write(f"{profiles}NEXT={port}\nPOSTGRES_PORT=${{MOVED:-$NEXT}}\nKAFKA_PORT=$POSTGRES_PORT\n")
        wanted = init_kafka(checkout).wanted
        assert f"POSTGRES_PORT={port} is the port of another key, too" in wanted
        assert (checkout / ".env").read_text().count("COMPOSE_PROFILES") == 1
        moved = init_kafka(checkout, variables={"MOVED": "nowhere"})
        assert "POSTGRES_PORT=nowhere is not a port number" in moved.wanted

    def test_what_compose_refuses_is_refused_before_anything_is_written(self, checkout: Path) -> None:
        with (checkout / ".env").open("a") as file:
            file.write("POSTGRES_PORT=${MOVED:?set it}\nAPI_KEYS='a\n")
        before = (checkout / ".env").read_text()
        outcome = init_kafka(checkout)
        assert outcome.status == 1
        assert "init-kafka: .env cannot be read: POSTGRES_PORT: MOVED must be set: set it\n" in outcome.wanted
        assert "init-kafka: .env cannot be read: API_KEYS: its quote is not closed\n" in outcome.wanted
        assert (checkout / ".env").read_text() == before

    def test_the_file_keeps_its_mode(self, checkout: Path) -> None:
        (checkout / ".env").chmod(0o600)
        init_kafka(checkout)
        assert (checkout / ".env").stat().st_mode & 0o777 == 0o600

    def test_a_file_that_is_a_folder_is_refused_with_a_sentence(self, checkout: Path) -> None:
        (checkout / ".env").unlink()
        (checkout / ".env").mkdir()
        tools = {"PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["bash", checkout / "init-kafka.sh"], env=tools, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert done.stderr.startswith("init-kafka: .env cannot be read by")

    def test_profiles_are_written_once_and_none_stays_none(self, checkout: Path) -> None:
        assert init_kafka(checkout).keys["COMPOSE_PROFILES"] == "search,kafka-ui"
        set_keys(checkout, COMPOSE_PROFILES="")
        assert init_kafka(checkout).keys["COMPOSE_PROFILES"] == ""

    def test_nothing_waits_for_search_if_it_does_not_start(self, checkout: Path) -> None:
        set_keys(checkout, COMPOSE_PROFILES="", ELASTICSEARCH_URL="http://elasticsearch:9200")
        assert init_kafka(checkout).keys["ELASTICSEARCH_URL"] == ""
        set_keys(checkout, COMPOSE_PROFILES="search")
        assert init_kafka(checkout).keys["ELASTICSEARCH_URL"] == "http://elasticsearch:9200"

    def test_a_search_of_the_operators_own_stays(self, checkout: Path) -> None:
        set_keys(checkout, COMPOSE_PROFILES="", ELASTICSEARCH_URL="http://search.example:9200")
        assert init_kafka(checkout).keys["ELASTICSEARCH_URL"] == "http://search.example:9200"

    def test_an_override_file_stays_alive(self, checkout: Path) -> None:
        set_keys(checkout, COMPOSE_FILE="docker-compose.yml:docker-compose.gpu.yml")
        outcome = init_kafka(checkout, Host(gpu=GPU, runtimes="nvidia"))
        assert "COMPOSE_FILE" not in outcome.keys
        assert outcome.keys["TRITON_DEVICE"] == "gpu"

    def test_an_operators_own_list_of_files_stays(self, checkout: Path) -> None:
        set_keys(checkout, COMPOSE_FILE="docker-compose.yml:mine.yml")
        assert init_kafka(checkout).keys["COMPOSE_FILE"] == "docker-compose.yml:mine.yml"

    def test_the_name_with_an_underscore_is_the_same_script(self) -> None:
        assert (CHECKOUT / "init_kafka.sh").resolve() == CHECKOUT / "init-kafka.sh"
        assert os.access(CHECKOUT / "init_kafka.sh", os.X_OK)


class TestTools:
    """bash 3.2, and the programs of macOS and of BusyBox."""

    def test_no_option_that_only_gnu_programs_know(self) -> None:
        text = (CHECKOUT / "init-kafka.sh").read_text(encoding="utf-8")
        code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        for construct in (
            "sed -i",
            "readlink -f",
            "mapfile",
            "readarray",
            "declare -A",
            ",,}",
            "^^}",
            "grep -P",
            "date -d",
            "&>>",
        ):
            assert construct not in code

    def test_it_runs_with_programs_that_know_posix_only(self, checkout: Path) -> None:
        sed = 'case " $* " in *" -i"* | *" -E"* | *" -r"*) exit 2 ;; esac; exec /bin/sed --posix "$@"'
        readlink = 'case $1 in -*) exit 2 ;; esac; exec /bin/readlink "$@"'
        set_keys(checkout, KAFKA_CLUSTER_ID="")
        outcome = init_kafka(checkout, Host(tools={"sed": sed, "readlink": readlink}))
        assert outcome.status == 0, outcome.wanted
        assert len(outcome.keys["KAFKA_CLUSTER_ID"]) == 22


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


def nvidia(card: str, *, security: str = "name=seccomp", tools: Mapping[str, str] | None = None) -> Host:
    """Return a host whose Docker knows NVIDIA's runtime."""
    return Host(gpu=card, runtimes="nvidia", security=security, tools=tools or {})


def mounts() -> list[tuple[str, str]]:
    """Path here and place in a container of all that any service mounts from this folder."""
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    entries = {entry for service in services.values() for entry in service.get("volumes", [])}
    named = [entry.replace("${MODEL_REPOSITORY:-model_repository}", "model_repository") for entry in entries]
    return [(entry.split(":")[0][2:], entry.split(":")[1]) for entry in named if entry.startswith("./")]


def closed_to_others(checkout: Path) -> list[Path]:
    found = []
    for path, place in mounts():
        inside = [checkout / path, *(checkout / path).rglob("*")]
        found += [one for one in inside if not one.stat().st_mode & (0o005 if one.is_dir() else 0o004)]
        if "/bin/" in place and (checkout / path).stat().st_mode & 0o111 != 0o111:
            found.append(checkout / path)
    return found


class TestMounts:
    """What containers read of this folder, whatever the clone or the archive made of its modes."""

    def test_every_mount_of_the_compose_file_is_looked_at(self) -> None:
        assert {path for path, _ in mounts()} >= {"missions", "model_repository", "deploy/triton/serve"}

    def test_a_clone_under_umask_077_is_opened_to_containers(self, checkout: Path) -> None:
        for path in checkout.rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)
        outcome = init_kafka(checkout)
        assert outcome.status == 0, outcome.wanted
        assert closed_to_others(checkout) == []
        assert "was not readable before" in outcome.printed
        assert (checkout / ".env").stat().st_mode & 0o077 == 0

    def test_an_archive_without_modes_gets_those_that_containers_and_operators_need(
        self, checkout: Path
    ) -> None:
        for path in checkout.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        outcome = init_kafka(checkout)
        assert outcome.status == 0, outcome.wanted
        assert closed_to_others(checkout) == []
        assert [name for name in COMMANDS if not os.access(checkout / name, os.X_OK)] == []

    def test_where_nothing_is_closed_nothing_is_changed(self, checkout: Path) -> None:
        init_kafka(checkout)
        tools = {"chmod": "echo chmod: Operation not permitted >&2; exit 1"}
        assert init_kafka(checkout, Host(tools=tools)).status == 0

    def test_what_another_owner_closed_is_named(self, checkout: Path) -> None:
        (checkout / "missions" / "default.yaml").chmod(0o600)
        tools = {"chmod": 'echo "chmod: $*: Operation not permitted" >&2; exit 1'}
        outcome = init_kafka(checkout, Host(tools=tools))
        assert outcome.status == 1
        assert "missions/default.yaml: Operation not permitted" in outcome.wanted

    def test_thousands_of_closed_files_are_opened(self, checkout: Path) -> None:
        for number in range(3000):
            (checkout / "model_repository" / f"{'x' * 60}{number}").touch(mode=0o600)
        outcome = init_kafka(checkout)
        assert outcome.status == 0, outcome.wanted
        assert closed_to_others(checkout) == []

    def test_models_elsewhere_are_opened_through_a_link_and_with_blanks_in_their_name(
        self, checkout: Path
    ) -> None:
        folder = checkout.parent / "our models"
        shutil.copytree(CHECKOUT / "model_repository", folder)
        folder.chmod(0o700)
        (checkout / "models linked").symlink_to(folder)
        set_keys(checkout, MODEL_REPOSITORY="models linked")
        assert init_kafka(checkout).status == 0
        assert folder.stat().st_mode & 0o005 == 0o005

    @pytest.mark.parametrize(
        ("key", "value", "sentence"),
        [
            ("MODEL_REPOSITORY", "/data/models", "is an absolute path"),
            ("MODEL_REPOSITORY", "modles", "MODEL_REPOSITORY=modles does not exist"),
            ("MISSION_FILE", "/etc/mission.yaml", "is an absolute path"),
            ("MISSION_FILE", "missions/none.yaml", "MISSION_FILE=missions/none.yaml does not exist"),
        ],
    )
    def test_a_path_that_compose_would_not_find_is_named(
        self, checkout: Path, key: str, value: str, sentence: str
    ) -> None:
        set_keys(checkout, **{key: value})
        outcome = init_kafka(checkout)
        assert outcome.status == 1
        assert sentence in outcome.wanted

    def test_a_mounted_file_that_is_missing_is_named(self, checkout: Path) -> None:
        (checkout / "deploy" / "triton" / "serve").unlink()
        assert "deploy/triton/serve is missing" in init_kafka(checkout).wanted

    def test_a_file_system_without_execution_is_named(self, checkout: Path) -> None:
        outcome = init_kafka(checkout, Host(tools={"findmnt": "echo rw,nosuid,noexec,relatime"}))
        assert outcome.status == 0
        assert "(noexec)" in outcome.wanted


class TestGpu:
    """Found, or why not."""

    def test_one_that_docker_can_use_is_used(self, checkout: Path) -> None:
        outcome = init_kafka(checkout, Host(gpu=GPU, runtimes="nvidia"))
        assert outcome.status == 0, outcome.wanted
        assert outcome.keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("host", "reason"),
        [
            (Host(), "there is no NVIDIA driver"),
            (Host(kernel="Darwin", gpu=GPU, runtimes="nvidia"), "containers on macOS have no GPU"),
            (Host(tools={"nvidia-smi": "echo 'NVIDIA-SMI has failed'; exit 9"}), "NVIDIA-SMI has failed"),
            (Host(tools={"nvidia-smi": "echo 'No devices were found'"}), "finds none: No devices were found"),
            (nvidia("470.256.02, 8.6, NVIDIA GeForce RTX 3090"), "driver 470.256.02 is too old"),
            (nvidia("530.41.03, 8.6, NVIDIA GeForce RTX 3090"), "driver 530.41.03 is too old"),
            (nvidia("550.120, 8.9, NVIDIA RTX A2000"), "driver 550.120 is too old"),
            (nvidia("470.42.01, 7.5, Tesla T4"), "driver 470.42.01 is too old"),
            (nvidia("530.30.02, 8.0, NVIDIA A100-SXM4-40GB"), "driver 530.30.02 is too old"),
            (nvidia("555.42.02, 9.0, NVIDIA H100 80GB HBM3"), "driver 555.42.02 is too old"),
            (nvidia("570.86.10, 12.0, NVIDIA GeForce RTX 5090"), "(compute capability 12.0) is newer than"),
            (nvidia("570.86.10, 10.0, NVIDIA B200"), "set TRITON_IMAGE to release 25.01 or later"),
            (nvidia("560.35.03, 5.2, NVIDIA GeForce GTX 980"), "is older than"),
            (nvidia(GPU, security="name=rootless"), "nvidia-container-cli.no-cgroups"),
            (Host(gpu=GPU), "install NVIDIA's Container Toolkit"),
            (
                Host(gpu=GPU, system="Docker Desktop", platform="Docker Desktop 4.33.1 (161083)"),
                "Docker Desktop (Docker Desktop 4.33.1 (161083)) offers no NVIDIA runtime",
            ),
        ],
        ids=lambda value: "" if isinstance(value, Host) else value,
    )
    def test_the_reason_for_the_cpu_is_said(self, checkout: Path, host: Host, reason: str) -> None:
        outcome = init_kafka(checkout, host)
        assert outcome.keys["TRITON_DEVICE"] == "cpu"
        assert reason in outcome.printed

    @pytest.mark.parametrize(
        "card",
        [
            "470.223.02, 7.5, Tesla T4",
            "525.147.05, 8.0, NVIDIA A100-SXM4-40GB",
            "535.183.01, 9.0, NVIDIA H100 80GB HBM3",
            "545.23.08, 8.9, NVIDIA L40S",
            "550.90.07, 8.6, NVIDIA A10G",
            "565.57.01, 8.9, NVIDIA GeForce RTX 4090",
        ],
    )
    def test_a_driver_that_the_release_notes_admit_on_this_card_is_used(
        self, checkout: Path, card: str
    ) -> None:
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("card", "device"),
        [
            ("570.86.10, 12.0, NVIDIA GeForce RTX 5090", "gpu"),
            ("550.120, 8.6, NVIDIA GeForce RTX 3090", "cpu"),
            ("560.35.03, 7.0, Tesla V100-PCIE-16GB", "cpu"),
        ],
    )
    def test_a_newer_image_is_judged_by_its_own_release_notes(
        self, checkout: Path, card: str, device: str
    ) -> None:
        set_keys(checkout, TRITON_IMAGE="nvcr.io/nvidia/tritonserver:25.01-py3")
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == device

    def test_an_image_of_the_operators_own_is_not_judged(self, checkout: Path) -> None:
        set_keys(checkout, TRITON_IMAGE="registry.example/our-triton:2")
        card = "450.80.02, 5.2, NVIDIA GeForce GTX 980"
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("card", "device"),
        [
            ("470.223.02, Tesla T4", "gpu"),
            ("470.223.02, NVIDIA GeForce GTX 1080", "cpu"),
            ("470.223.02, Tesla K80", "cpu"),
        ],
    )
    def test_a_driver_that_does_not_tell_the_capability_is_judged_by_its_version(
        self, checkout: Path, card: str, device: str
    ) -> None:
        smi = (
            "case $1 in *compute_cap*) echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2 ;;"
            f" *) echo '{card}' ;; esac"
        )
        outcome = init_kafka(checkout, Host(runtimes="nvidia", tools={"nvidia-smi": smi}))
        assert outcome.keys["TRITON_DEVICE"] == device
        assert "finds none" not in outcome.printed

    def test_docker_without_root_uses_a_card_where_nvidias_runtime_is_set_up_for_it(
        self, checkout: Path
    ) -> None:
        tools = with_files({RUNTIME_CONFIGURATION: "[nvidia-container-cli]\n no-cgroups = true"})
        host = nvidia(GPU, security="name=rootless", tools=tools)
        assert init_kafka(checkout, host).keys["TRITON_DEVICE"] == "gpu"

    def test_a_choice_of_the_operator_stays(self, checkout: Path) -> None:
        set_keys(checkout, TRITON_DEVICE="cpu")
        outcome = init_kafka(checkout, Host(gpu=GPU, runtimes="nvidia"))
        assert outcome.keys["TRITON_DEVICE"] == "cpu"
