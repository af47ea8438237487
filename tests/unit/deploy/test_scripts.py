"""The scripts that run before or around the services."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(CHECKOUT / "init-kafka.sh", tmp_path)
    return tmp_path


def init_kafka(checkout: Path, *, tools: Path | None = None) -> str:
    path = f"{tools}:{os.environ['PATH']}" if tools else os.environ["PATH"]
    return subprocess.run(
        [checkout / "init-kafka.sh"], env={"PATH": path}, cwd="/", capture_output=True, text=True, check=True
    ).stdout


def keys(checkout: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line)


def a_host_with_a_gpu(folder: Path, *, runtime: str = "nvidia") -> Path:
    folder.mkdir()
    for name, answer in {"nvidia-smi": "GPU 0: H100", "docker": f'{{"{runtime}":{{}}}}'}.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_first_run_writes_an_id_that_kafka_takes(checkout: Path) -> None:
    init_kafka(checkout)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{21}", keys(checkout)["KAFKA_CLUSTER_ID"])


def test_a_second_run_changes_nothing(checkout: Path) -> None:
    init_kafka(checkout)
    before = (checkout / ".env").read_text()
    assert "stays as it is" in init_kafka(checkout)
    assert (checkout / ".env").read_text() == before


def test_lines_of_an_existing_file_stay(checkout: Path) -> None:
    (checkout / ".env").write_text("POSTGRES_PASSWORD=a|b&c\nKAFKA_CLUSTER_ID=\nLAST=1")
    init_kafka(checkout)
    found = keys(checkout)
    assert (found["POSTGRES_PASSWORD"], found["LAST"]) == ("a|b&c", "1")
    assert len(found["KAFKA_CLUSTER_ID"]) == 22


def test_an_existing_id_is_never_changed(checkout: Path) -> None:
    (checkout / ".env").write_text("KAFKA_CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg\r\n")
    assert "MkU3OEVBNTcwNTJENDM2Qg stays" in init_kafka(checkout)


def test_a_gpu_that_docker_knows_adds_its_file(checkout: Path, tmp_path: Path) -> None:
    init_kafka(checkout, tools=a_host_with_a_gpu(tmp_path / "bin"))
    assert keys(checkout)["COMPOSE_FILE"] == "docker-compose.yml:docker-compose.gpu.yml"


def test_a_gpu_without_its_container_runtime_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    init_kafka(checkout, tools=a_host_with_a_gpu(tmp_path / "bin", runtime="runc"))
    assert keys(checkout)["COMPOSE_FILE"] == "docker-compose.yml"


def test_the_name_with_an_underscore_is_the_same_script() -> None:
    assert (CHECKOUT / "init_kafka.sh").resolve() == CHECKOUT / "init-kafka.sh"
    assert os.access(CHECKOUT / "init_kafka.sh", os.X_OK)


def test_arguments_lose_the_blanks_that_backslashes_leave() -> None:
    script = CHECKOUT / "deploy" / "containers" / "trim-arguments"
    given = ["printf", "%s|", "-A", "tasks", " --loglevel=info", "  --concurrency=4", " ", "a b"]
    outcome = subprocess.run([script, *given], capture_output=True, text=True, check=True)
    assert outcome.stdout == "-A|tasks|--loglevel=info|--concurrency=4|a b|"
