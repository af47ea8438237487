"""How broker and database are logged in to, read from the environment."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit


def broker_login(broker_url: str) -> tuple[str, str]:
    """User and password in the broker's URL."""
    parts = urlsplit(broker_url)
    return unquote(parts.username or "guest"), unquote(parts.password or "guest")


def database_dsn(environment: Mapping[str, str], database: str) -> dict[str, Any]:
    """Keywords for `psycopg2.connect`."""
    return {
        "host": environment["POSTGRES_HOST"],
        "port": environment["POSTGRES_PORT"],
        "user": environment["POSTGRES_USER"],
        "password": environment["POSTGRES_PASSWORD"],
        "dbname": database,
    }
