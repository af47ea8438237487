"""The migrations of `db/migrations`, each applied once and in order, and the roles they need."""

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg2
import psycopg2.extensions

from telemetry_core.contract.errors import PlatformError
from telemetry_core.postgres.database import (
    CONNECT_TIMEOUT_S,
    Connection,
    address_of,
    is_passing,
    unavailable,
)
from telemetry_core.postgres.roles import apply_roles
from telemetry_core.service.settings import Settings

MIGRATION_LOCK: Final = 7_241_505_001
"""Advisory lock that lets one migration run at a time."""
MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "db" / "migrations"

_BOOKKEEPING: Final = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.schema_migrations (
    name text PRIMARY KEY, sha256 char(64) NOT NULL,
    applied_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
)"""


class MigrationRefused(PlatformError):  # noqa: N818 - named for what happened
    """A migration that must not be applied; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One forward step of the schema."""

    name: str
    sql: str
    sha256: str


def load_migrations(directory: Path) -> list[Migration]:
    """Read the files in order, or raise `MigrationRefused` when one is misnamed or a number is missing."""
    migrations = []
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        if not re.fullmatch(rf"{number:04d}_[a-z0-9]+(_[a-z0-9]+)*\.sql", path.name):
            raise MigrationRefused(
                f"{path.name}: the next file must be named {number:04d}_<verb>_<object>.sql"
            )
        sql = path.read_bytes()
        digest = hashlib.sha256(sql).hexdigest()
        migrations.append(Migration(name=path.name, sql=sql.decode(), sha256=digest))
    if not migrations:
        raise MigrationRefused(f"{directory} holds no migration")
    return migrations


def pending(migrations: Sequence[Migration], applied: dict[str, str]) -> list[Migration]:
    """Choose what is still to be applied, or raise `MigrationRefused` when history and files disagree."""
    for name in sorted(applied.keys() - {migration.name for migration in migrations}):
        raise MigrationRefused(
            f"{name} was applied to this database but is unknown here: use a newer release"
        )
    for migration in migrations:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationRefused(
                f"{migration.name} was changed after it was applied: restore the file and add a new one"
            )
    return [migration for migration in migrations if migration.name not in applied]


def migrate(settings: Settings, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is missing, each file in its own transaction; return the applied names."""
    connection = psycopg2.connect(
        **address_of(settings), connect_timeout=CONNECT_TIMEOUT_S, application_name="migrate"
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            cursor.execute(_BOOKKEEPING)
            cursor.execute("SELECT name, sha256 FROM ops.schema_migrations")
            applied = dict(cursor.fetchall())
        missing = pending(migrations, applied)
        for migration in missing:
            _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        connection.close()


def renew_roles(settings: Settings) -> None:
    """Give each service its login and its rights, whatever of both is there already."""
    connection = psycopg2.connect(
        **address_of(settings), connect_timeout=CONNECT_TIMEOUT_S, application_name="migrate"
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            apply_roles(cursor, settings.postgres_password)
    finally:
        connection.close()


def _apply(connection: Connection, migration: Migration) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO '5s'")
        cursor.execute(migration.sql)
        cursor.execute(
            "INSERT INTO ops.schema_migrations (name, sha256) VALUES (%s, %s)",
            (migration.name, migration.sha256),
        )


def migrate_when_ready(settings: Settings, migrations: Sequence[Migration], *, wait_s: float) -> list[str]:
    """Migrate and renew the roles when the server answers; give up with its last error after `wait_s`."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            applied = migrate(settings, migrations)
            renew_roles(settings)
        except psycopg2.Error as error:
            if not is_passing(error) or time.monotonic() > deadline:
                raise
            print(f"waiting: {unavailable(error)}", file=sys.stderr, flush=True)  # noqa: T201
            time.sleep(1)
        else:
            return applied


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m telemetry_core.postgres.migrations migrate`."""
    parser = argparse.ArgumentParser(prog="python -m telemetry_core.postgres.migrations")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("migrate", help="apply the missing files of db/migrations")
    command.add_argument(
        "--wait-s", type=float, default=60, help="how long to wait for the server (default 60)"
    )
    options = parser.parse_args(arguments)
    try:
        applied = migrate_when_ready(Settings(), load_migrations(MIGRATIONS), wait_s=options.wait_s)
    except (MigrationRefused, psycopg2.Error) as error:
        print(f"migrate: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("\n".join([*(f"applied {name}" for name in applied), "the schema is up to date"]))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
