"""Creates the platform's database where it is missing."""

import os
import sys
from collections.abc import Mapping

import psycopg2
from psycopg2 import sql

from deploy.native.services.logins import database_dsn


def create_database(environment: Mapping[str, str]) -> None:
    """Create the database in UTC, owned by the login that the server was initialised with."""
    name = environment["POSTGRES_DB"]
    connection = psycopg2.connect(**database_dsn(environment, "postgres"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8'").format(sql.Identifier(name)))
            cursor.execute(sql.SQL("ALTER DATABASE {} SET timezone TO 'UTC'").format(sql.Identifier(name)))
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        create_database(os.environ)
    except psycopg2.Error as error:
        sys.exit(f"database: {error}")
