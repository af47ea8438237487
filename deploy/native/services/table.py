"""The platform's servers and services, and the steps before and after their start: one table."""

import sys
from collections.abc import Mapping

from deploy.native.services.places import Accounts, Places
from deploy.native.services.python_services import python_services
from deploy.native.services.servers import kafka_ui, nginx, servers, triton
from deploy.native.services.service import OneShot, Service


def all_services(
    places: Places, accounts: Accounts, environment: Mapping[str, str], web_port: int
) -> tuple[Service, ...]:
    """Build the table in the order of the start."""
    return (
        *servers(places, accounts, environment),
        *triton(places, accounts, environment),
        *python_services(places, accounts, environment),
        kafka_ui(places, accounts, environment),
        nginx(places, accounts, environment, web_port),
    )


def all_one_shots() -> tuple[OneShot, ...]:
    """Build what must be done before the services start; each may be done again."""
    return (
        OneShot(name="topics", command=(sys.executable, "-m", "deploy.create_topics"), after="kafka"),
        OneShot(
            name="database",
            command=(sys.executable, "-m", "deploy.native.services.create_database"),
            after="postgres",
        ),
        OneShot(
            name="migrate",
            command=(sys.executable, "-m", "telemetry_core.postgres.migrations", "migrate"),
            after="postgres",
        ),
    )


def self_test(bind: str) -> OneShot:
    """Build the last step: a job through the whole path."""
    command = (sys.executable, "-m", "deploy.self_test", bind)
    return OneShot(name="self-test", command=command, after="analysis-worker-1")
