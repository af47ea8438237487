"""Files that containers mount."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.unit.deploy.host.init_kafka import CHECKOUT, COMMANDS, Host, init_kafka, set_keys

pytestmark = pytest.mark.slow  # each host is some twenty programs


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
            ("NOTIFY_FILE", "/etc/notify.yaml", "is an absolute path: give it relative to this folder"),
            ("NOTIFY_FILE", "notify/none.yaml", "NOTIFY_FILE=notify/none.yaml does not exist"),
            ("NOTIFY_FILE", "missions/default.yaml", "is outside notify/"),
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
