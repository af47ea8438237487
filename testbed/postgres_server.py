"""A private PostgreSQL server: real, empty, on a free port, gone afterwards.

`python -m testbed.postgres_server` writes db/schema.sql anew from the migrations.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from telemetry_core.postgres.migrations import MIGRATIONS, load_migrations, migrate, renew_roles
from telemetry_core.service.settings import Settings


def server_programs() -> Path:
    """Folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL's server programs are not installed: make setup")
    return found[-1].parent


def _as_other_user(user: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_within(first: int, last: int) -> int:
    """Find a port that can be listened on, for a server that takes no other ones."""
    for port in range(first, last + 1):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError(f"no free port between {first} and {last}")


@contextmanager
def running_server() -> Iterator[Settings]:
    """Start a server; nothing of it stays behind."""
    folder = Path(tempfile.mkdtemp(prefix="pg-test-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    programs, port = server_programs(), free_port()
    run = _as_other_user("postgres")
    data = folder / "data"
    password = folder / "password"
    password.write_text("admin123")
    password.chmod(0o644)
    subprocess.run(
        [*run, str(programs / "initdb"), "-D", str(data), "-U", "admin", "--pwfile", str(password),
         "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        check=True, capture_output=True, timeout=60, cwd=folder,
    )  # fmt: skip
    options = (
        f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        " -c fsync=off -c shared_buffers=32MB -c max_connections=60 -c log_min_messages=fatal"
    )
    control = [*run, str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "30"]
    log = folder / "log"
    subprocess.run([*control, "-l", str(log), "-o", options, "start"], check=True, timeout=60, cwd=folder,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        yield Settings(postgres_host="127.0.0.1", postgres_port=port, postgres_db="postgres")
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, timeout=60, cwd=folder,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        shutil.rmtree(folder)


def administer(server: Settings, statement: str) -> None:
    """Run one statement outside of any transaction."""
    connection = psycopg2.connect(
        host=server.postgres_host, port=server.postgres_port, user=server.postgres_user,
        password=server.postgres_password, dbname="postgres",
    )  # fmt: skip
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def migrated_template(server: Settings) -> Settings:
    """Make a migrated database that others are copied from."""
    administer(server, "CREATE DATABASE migrated")
    template = server.model_copy(update={"postgres_db": "migrated"})
    migrate(template, load_migrations(MIGRATIONS))
    renew_roles(template)
    return template


@contextmanager
def private_database(server: Settings, template: str) -> Iterator[Settings]:
    """Copy a database, and drop the copy afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    # a copy does not inherit the settings of its template
    administer(server, f"ALTER DATABASE {name} SET timezone TO 'UTC'")
    try:
        yield server.model_copy(update={"postgres_db": name})
    finally:
        administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def dumped_schema(server: Settings) -> str:
    """Return `pg_dump --schema-only` without comments, session settings and blank lines."""
    dump = subprocess.run(
        [str(server_programs() / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges",
         "-h", server.postgres_host, "-p", str(server.postgres_port), "-U", server.postgres_user,
         server.postgres_db],
        check=True, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PGPASSWORD": server.postgres_password},
    ).stdout  # fmt: skip
    skipped = ("--", "SET ", "SELECT pg_catalog.set_config", "\\")
    return "\n".join(line for line in dump.splitlines() if line and not line.startswith(skipped)) + "\n"


if __name__ == "__main__":
    with running_server() as server:
        migrate(server, load_migrations(MIGRATIONS))
        (MIGRATIONS.parent / "schema.sql").write_text(dumped_schema(server), encoding="utf-8")
