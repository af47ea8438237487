"""upgrade.sh against a Docker that keeps a log of what it was asked and fails where a test says so."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
WELL = "kafka running 0 healthy\nfrontend running 0 \nmigrate exited 0 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    status: int
    printed: str
    asked: list[str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "my satellites"
    (folder / "deploy").mkdir(parents=True)
    for name in ("upgrade.sh", "docker-compose.yml", "Dockerfile"):
        shutil.copy(CHECKOUT / name, folder)
    script(folder / "init-kafka.sh", "exit 0")
    script(folder / "deploy" / "backup", f"echo backup >>'{folder}/asked'")
    (folder / ".env").write_text("KAFKA_CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg\n")
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def upgrade(
    checkout: Path,
    *,
    image: str = "postgres:17.5-bookworm",
    before: str = WELL,
    after: str = WELL,
    jobs: tuple[int, int] = (5, 6),
    failing: str = "none",
) -> Outcome:
    """Run it; `failing` is the beginning of the command that Docker refuses."""
    tools = checkout.parent / "tools"
    tools.mkdir()
    (checkout / "asked").touch()
    script(
        tools / "docker",
        f"cd '{checkout}'\n"
        f"case $* in '{failing}'*) exit 1 ;; esac\n"
        "started() { grep -q '^compose up' asked; }\n"
        "case $* in\n"
        f"  inspect*) [ '{image}' ] && echo '{image}' ;;\n"
        f"  'compose ps'*) if started; then echo '{after}'; else echo '{before}'; fi ;;\n"
        "  'exec postgres printenv'*) echo \"$4\" ;;\n"
        "  'exec postgres psql -U POSTGRES_USER -d POSTGRES_DB'*)\n"
        f"    if started; then echo {jobs[1]}; else echo {jobs[0]}; fi ;;\n"
        '  *) echo "$*" >>asked ;;\n'
        "esac",
    )
    done = subprocess.run(
        [checkout / "upgrade.sh"],
        env={"PATH": f"{tools}:{os.environ['PATH']}"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    asked = (checkout / "asked").read_text().splitlines()
    return Outcome(status=done.returncode, printed=done.stdout + done.stderr, asked=asked)


def test_a_backup_comes_first_and_the_start_last(checkout: Path) -> None:
    outcome = upgrade(checkout)
    assert outcome.status == 0, outcome.printed
    assert outcome.asked == [
        "backup",
        "compose pull --ignore-buildable",
        "compose build --pull",
        "compose up -d --wait --remove-orphans",
    ]
    assert "Upgraded: 6 jobs" in outcome.printed


@pytest.mark.parametrize(
    "state",
    ["worker running 0 unhealthy", "worker running 0 starting", "worker exited 1 ", "worker restarting 0 "],
)
def test_a_platform_that_is_not_well_is_not_upgraded(checkout: Path, state: str) -> None:
    outcome = upgrade(checkout, before=f"{WELL}\n{state}")
    assert outcome.status == 1
    assert "not everything is well before the upgrade: worker." in outcome.printed
    assert outcome.asked == []


def test_a_platform_that_does_not_run_cannot_be_backed_up(checkout: Path) -> None:
    outcome = upgrade(checkout, image="")
    assert "start the old version first" in outcome.printed
    assert (outcome.status, outcome.asked) == (1, [])


def test_another_major_version_of_the_database_is_refused(checkout: Path) -> None:
    outcome = upgrade(checkout, image="postgres:16.4-bookworm")
    assert "postgres:16.4-bookworm cannot hand its data to postgres:17" in outcome.printed
    assert (outcome.status, outcome.asked) == (1, [])


def test_conflicts_of_a_merge_are_refused(checkout: Path) -> None:
    with (checkout / "docker-compose.yml").open("a") as file:
        file.write("<<<<<<< HEAD\n")
    outcome = upgrade(checkout)
    assert "merge conflicts are left in docker-compose.yml" in outcome.printed
    assert (outcome.status, outcome.asked) == (1, [])


def test_a_host_that_does_not_fit_is_refused(checkout: Path) -> None:
    script(checkout / "init-kafka.sh", "exit 1")
    assert upgrade(checkout).asked == []


def test_without_a_backup_nothing_is_changed(checkout: Path) -> None:
    script(checkout / "deploy" / "backup", "exit 1")
    outcome = upgrade(checkout)
    assert "there is no backup" in outcome.printed
    assert (outcome.status, outcome.asked) == (1, [])


@pytest.mark.parametrize("failing", ["compose pull", "compose build"])
def test_images_that_do_not_come_leave_the_old_version_running(checkout: Path, failing: str) -> None:
    outcome = upgrade(checkout, failing=failing)
    assert "the old version goes on running" in outcome.printed
    assert outcome.status == 1
    assert not any(asked.startswith("compose up") for asked in outcome.asked)


def test_a_failed_start_names_the_backup_and_the_way_back(checkout: Path) -> None:
    outcome = upgrade(checkout, failing="compose up")
    assert outcome.status == 1
    assert "the backup is backups/before_upgrade_" in outcome.printed


def test_a_service_that_did_not_come_up_is_named(checkout: Path) -> None:
    outcome = upgrade(checkout, after=f"{WELL}\nworker running 0 unhealthy")
    assert "these did not come up: worker;" in outcome.printed
    assert outcome.status == 1


def test_fewer_jobs_than_before_are_no_success(checkout: Path) -> None:
    outcome = upgrade(checkout, jobs=(6, 5))
    assert "there were 6 jobs before and are 5 now" in outcome.printed
    assert outcome.status == 1
