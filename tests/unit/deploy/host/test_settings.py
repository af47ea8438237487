"""What init-kafka.sh writes and reads of .env, and the tools it needs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.host.init_kafka import CHECKOUT, GPU, Host, free_ports, init_kafka, set_keys

pytestmark = pytest.mark.slow  # each host is some twenty programs


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
