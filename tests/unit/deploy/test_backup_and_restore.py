"""Backup and restore against a Docker that keeps databases by name and fails where a test says so."""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PARTS = (
    "docker-compose.yml",
    "deploy/backup",
    "deploy/restore",
    "deploy/backups.sh",
    "deploy/table_contents.sql",
)
# Answers as PostgreSQL's clients in the container would; a swap is one transaction, so it is all or nothing.
DOCKER = r"""#!/bin/bash
cd "@HERE@"
case "$*" in *"@FAILING@"*) echo "told to fail: @FAILING@" >&2; exit 3 ;; esac
case $* in
  ps*project=@PROJECT@) echo 1 ;;
  ps*) ;;
  'exec postgres printenv POSTGRES_DB') echo orders_db ;;
  'exec postgres printenv POSTGRES_USER') echo admin ;;
  'compose ps'*) echo worker ;;
  'compose run'*) cat >/dev/null ;;
  compose*) echo "$*" >>asked ;;
  *' createdb '*) touch "databases/${!#}" ;;
  *' dropdb '*) rm -f "databases/${!#}" ;;
  *pg_restore*) cat >/dev/null ;;
  *'name=orders_db'*)
    cat >/dev/null
    for part in "$@"; do
      case $part in former=*) former=${part#*=} ;; incoming=*) incoming=${part#*=} ;; esac
    done
    mv databases/orders_db "databases/$former" && mv "databases/$incoming" databases/orders_db
    case "@FAILING@" in lost*) exit 3 ;; esac ;;
  *'FROM pg_database'*) ls databases | grep -c before_restore || true ;;
  *'dump=1'*) echo dump; echo 'table public.jobs 3 abc' >&2 ;;
  *'FROM inference_jobs'*) echo 0 ;;
  *'version()'*) echo 'PostgreSQL 17' ;;
  *'psql -X -q -f -'*) echo 'table public.jobs 3 abc' >&2 ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    status: int
    printed: str


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "my satellites"
    for name in PARTS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    shutil.copytree(CHECKOUT / "deploy" / "host", folder / "deploy" / "host")
    for name in ("missions/default.yaml", "model_repository/shipped/config.pbtxt", "notify/ours.yaml"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    (folder / ".env").write_text("POSTGRES_PASSWORD=secret\n")
    (folder / "databases").mkdir()
    (folder / "databases" / "orders_db").write_text("old")
    return folder


def run(
    checkout: Path,
    *command: str,
    failing: str = "nothing",
    project: str = "satellite",
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Run it beside the containers of `project`; `failing` is part of the command that Docker refuses."""
    tools = checkout.parent / "tools"
    tools.mkdir(exist_ok=True)
    text = DOCKER.replace("@HERE@", str(checkout)).replace("@FAILING@", failing).replace("@PROJECT@", project)
    (tools / "docker").write_text(text)
    (tools / "docker").chmod(0o755)
    done = subprocess.run(
        ["bash", *command],
        env={"PATH": f"{tools}:{os.environ['PATH']}"} | dict(variables or {}),
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(status=done.returncode, printed=done.stdout + done.stderr)


def databases(checkout: Path) -> set[str]:
    return {path.name.partition("_restore_")[0] for path in (checkout / "databases").iterdir()}


def holds_the_old(checkout: Path) -> bool:
    return (checkout / "databases" / "orders_db").read_text() == "old"


def members(checkout: Path) -> set[str]:
    with tarfile.open(checkout / "kept" / "configuration.tgz") as archive:
        return {member.name for member in archive.getmembers() if member.isfile()}


@pytest.fixture
def backed_up(checkout: Path) -> Path:
    made = run(checkout, "deploy/backup", "kept")
    assert made.status == 0, made.printed
    return checkout


class TestProject:
    """The containers are those of the project that Compose itself would take."""

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            (".env", "COMPOSE_PROJECT_NAME=flight\n"),
            (".env", "TEAM=flight\nCOMPOSE_PROJECT_NAME=${TEAM:-satellite}\n"),
            ("docker-compose.override.yml", "services: {}\nname: flight\n"),
            ("docker-compose.override.yml", 'name: "flight"  # ours\n'),
        ],
    )
    def test_name_is_found_where_it_is_written(self, checkout: Path, file: str, text: str) -> None:
        (checkout / file).write_text(text)
        made = run(checkout, "deploy/backup", "kept", project="flight")
        assert made.status == 0, made.printed

    def test_shell_and_list_of_files_win(self, checkout: Path) -> None:
        (checkout / ".env").write_text("COMPOSE_PROJECT_NAME=other\nCOMPOSE_PATH_SEPARATOR=;\n")
        (checkout / "our files.yml").write_text("name: flight\n")
        (checkout / "docker-compose.override.yml").write_text("name: other\n")
        files = {"COMPOSE_PROJECT_NAME": "", "COMPOSE_FILE": "docker-compose.yml;our files.yml"}
        made = run(checkout, "deploy/backup", "kept", project="flight", variables=files)
        assert made.status == 0, made.printed
        shell = {"COMPOSE_PROJECT_NAME": "orbit"}
        made = run(checkout, "deploy/backup", "again", project="orbit", variables=shell)
        assert made.status == 0, made.printed

    def test_containers_of_another_project_are_not_the_platform(self, checkout: Path) -> None:
        made = run(checkout, "deploy/backup", "kept", project="satellite-of-others")
        assert made.status != 0
        assert not (checkout / "kept").exists()


class TestBackup:
    def test_models_and_mission_that_are_in_use_are_in_it(self, checkout: Path) -> None:
        ours = checkout.parent / "ours"
        ours.mkdir()
        (ours / "model.onnx").write_text("ours")
        (checkout / "linked").symlink_to(ours)
        shutil.rmtree(checkout / "model_repository")
        with (checkout / ".env").open("a") as file:
            file.write("MODEL_REPOSITORY='linked'  # ours\n")
        made = run(checkout, "deploy/backup", "kept")
        assert made.status == 0, made.printed
        assert members(checkout) == {".env", "linked/model.onnx", "missions/default.yaml", "notify/ours.yaml"}

    def test_secrets_of_the_notifier_are_kept(self, checkout: Path) -> None:
        (checkout / ".env.notify").write_text("NOTIFY_DUTY_SECRET=secret\n")
        assert run(checkout, "deploy/backup", "kept").status == 0
        assert ".env.notify" in members(checkout)

    def test_what_is_missing_is_named_and_the_rest_is_kept(self, checkout: Path) -> None:
        shutil.rmtree(checkout / "model_repository")
        made = run(checkout, "deploy/backup", "kept")
        assert made.status == 0, made.printed
        assert "there is no model_repository to back up" in made.printed
        assert members(checkout) == {".env", "missions/default.yaml", "notify/ours.yaml"}


class TestRestore:
    def test_the_backup_takes_the_databases_place(self, backed_up: Path) -> None:
        outcome = run(backed_up, "deploy/restore", "kept", "--replace")
        assert outcome.status == 0, outcome.printed
        assert databases(backed_up) == {"orders_db"}
        assert not holds_the_old(backed_up)
        assert (backed_up / "asked").read_text().splitlines()[-1] == "compose up -d --wait"

    @pytest.mark.parametrize(
        "failing", ["createdb", "pg_restore", "victoria-consumer", "compose stop", "name=orders_db"]
    )
    def test_until_the_swap_the_database_is_as_it_was(self, backed_up: Path, failing: str) -> None:
        outcome = run(backed_up, "deploy/restore", "kept", "--replace", failing=failing)
        assert outcome.status != 0
        assert holds_the_old(backed_up)
        assert databases(backed_up) == {"orders_db"}
        assert "the database here is as it was" in outcome.printed

    @pytest.mark.parametrize(
        "failing", ["lost connection", "dropdb --if-exists --force before", "compose up"]
    )
    def test_after_the_swap_the_backup_is_in_place_and_that_is_said(
        self, backed_up: Path, failing: str
    ) -> None:
        outcome = run(backed_up, "deploy/restore", "kept", "--replace", failing=failing)
        assert outcome.status != 0
        assert not holds_the_old(backed_up)
        assert "the backup is in place" in outcome.printed
        assert "as it was" not in outcome.printed
        assert "docker compose up -d --wait starts them" in outcome.printed
