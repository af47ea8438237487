"""A login of its own for each service in PostgreSQL: an injected statement can do little with it.

`db/roles.sql` says what each may do. Passwords are derived from the owner's: there is nothing to hand round.
"""

import hashlib
import hmac
from pathlib import Path
from typing import Any, Final

from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from telemetry_core.service.settings import Settings

SERVICES: Final = (
    "operation-server", "analysis-server", "verdict-relay", "housekeeping", "kafka-inference-trigger",
    "alarm-server", "alarm-notifier",
)  # fmt: skip
GRANTS: Final = Path(__file__).resolve().parents[2] / "db" / "roles.sql"
_LOGIN: Final = (
    "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %s"
)
_STATEMENT_LIMIT: Final = "15min"
"""Of a statement, where a service sets no shorter limit itself."""


def role_of(service: str) -> str:
    """Return the login of a service, or raise `KeyError` for one without."""
    if service not in SERVICES:
        raise KeyError(service)
    return f"satellite_{service.replace('-', '_')}"


def as_service(settings: Settings, service: str) -> Settings:
    """Return the settings with the service's login in place of the owner's."""
    role = role_of(service)
    return settings.model_copy(
        update={"postgres_user": role, "postgres_password": _password(settings.postgres_password, role)}
    )


def apply_roles(cursor: Any, owner_password: str) -> None:
    """Create the logins that are missing, renew their passwords and grant what `db/roles.sql` says."""
    for service in SERVICES:
        role = role_of(service)
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        if not cursor.fetchone():
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        verifier = encrypt_password(_password(owner_password, role), role, cursor.connection, "scram-sha-256")
        name = sql.Identifier(role)
        cursor.execute(sql.SQL(_LOGIN).format(name), (verifier,))
        cursor.execute(sql.SQL("ALTER ROLE {} SET statement_timeout TO %s").format(name), (_STATEMENT_LIMIT,))
    names = sql.SQL(", ").join(sql.Identifier(role_of(service)) for service in SERVICES)
    cursor.execute(sql.SQL(GRANTS.read_text(encoding="utf-8")).format(services=names))


def _password(owner_password: str, role: str) -> str:
    return hmac.new(owner_password.encode(), role.encode(), hashlib.sha256).hexdigest()
