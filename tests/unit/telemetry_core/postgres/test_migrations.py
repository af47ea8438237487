"""Migrations are applied once, in order, and never where history and files disagree."""

from pathlib import Path
from typing import Any, Self

import psycopg2
import pytest

from telemetry_core.postgres import migrations
from telemetry_core.postgres.migrations import (
    MIGRATIONS,
    MigrationRefused,
    load_migrations,
    main,
    migrate,
    pending,
)
from telemetry_core.postgres.roles import SERVICES, apply_roles, as_service, role_of
from telemetry_core.service.settings import Settings


class Server:
    """PostgreSQL as far as a migration sees it: `applied` files with their digests, and what was asked."""

    connection: Any = None

    def __init__(self, applied: dict[str, str]) -> None:
        self.applied = applied
        self.asked: list[str] = []
        self.absent = 0
        self._answer: list[Any] = []

    def connect(self, **_: Any) -> Self:
        if self.absent:
            self.absent -= 1
            raise psycopg2.OperationalError("refused")
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def cursor(self) -> Self:
        return self

    def execute(self, statement: Any, parameters: tuple[str, ...] = ()) -> None:
        text = str(statement)
        self.asked.append(text)
        if text.startswith("INSERT INTO ops.schema_migrations"):
            self.applied[parameters[0]] = parameters[1]
        self._answer = list(self.applied.items()) if text.startswith("SELECT name") else []

    def fetchall(self) -> list[Any]:
        return self._answer

    def fetchone(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server({})
    monkeypatch.setattr(psycopg2, "connect", found.connect)
    monkeypatch.setattr(migrations, "apply_roles", lambda cursor, _: cursor.execute("roles"))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("0001_create_a.sql", "0002_add_b.sql"):
        (tmp_path / name).write_text(f"-- {name}")
    return tmp_path


def test_files_of_the_platform_are_numbered_without_a_gap() -> None:
    names = [migration.name[:4] for migration in load_migrations(MIGRATIONS)]
    assert names == [f"{number:04d}" for number in range(1, len(names) + 1)]


@pytest.mark.parametrize("name", ["0004_add_c.sql", "0003_Add_c.sql", "0003-add-c.sql"])
def test_file_with_a_wrong_name_is_refused_with_the_right_one(name: str, folder: Path) -> None:
    (folder / name).write_text("")
    with pytest.raises(MigrationRefused, match=r"must be named 0003_<verb>_<object>\.sql"):
        load_migrations(folder)


def test_folder_without_a_migration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationRefused, match="holds no migration"):
        load_migrations(tmp_path)


def test_what_is_missing_is_applied_in_order_and_only_once(server: Server, folder: Path) -> None:
    files = load_migrations(folder)
    assert migrate(Settings(), files[:1]) == ["0001_create_a.sql"]
    assert migrate(Settings(), files) == ["0002_add_b.sql"]
    assert migrate(Settings(), files) == []
    assert [text for text in server.asked if text.startswith("-- ")] == [file.sql for file in files]


def test_file_that_changed_after_it_was_applied_is_refused(folder: Path) -> None:
    with pytest.raises(MigrationRefused, match=r"0001_create_a\.sql was changed after it was applied"):
        pending(load_migrations(folder), {"0001_create_a.sql": "another"})


def test_database_of_a_newer_release_is_refused(folder: Path) -> None:
    with pytest.raises(MigrationRefused, match=r"0003_add_c\.sql was applied .* use a newer release"):
        pending(load_migrations(folder), {"0003_add_c.sql": "x"})


def test_server_that_comes_up_late_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.absent = 2
    monkeypatch.setattr("telemetry_core.postgres.migrations.time.sleep", lambda _: None)
    assert main(["migrate"]) == 0
    told = capsys.readouterr()
    assert told.err.count("waiting: postgresql unavailable: refused") == 2
    assert told.out.endswith("the schema is up to date\n")
    assert server.asked[-1] == "roles"


def test_server_that_stays_away_ends_it_with_one_line(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.absent = 9
    assert main(["migrate", "--wait-s", "-1"]) == 1
    assert capsys.readouterr().err == "migrate: refused\n"


def test_each_service_has_a_login_and_a_password_of_its_own() -> None:
    owner = Settings()
    logins = [as_service(owner, service) for service in SERVICES]
    assert len({login.postgres_user for login in logins}) == len(SERVICES)
    assert len({login.postgres_password for login in logins} | {owner.postgres_password}) == len(SERVICES) + 1
    with pytest.raises(KeyError):
        role_of("flower")


def test_logins_are_created_and_the_rights_come_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry_core.postgres.roles.encrypt_password", lambda *_: "verifier")
    cursor = Server({})
    apply_roles(cursor, "owner")
    created = [text for text in cursor.asked if "CREATE ROLE" in text]
    assert len(created) == len(SERVICES)
    assert "GRANT" in cursor.asked[-1]
