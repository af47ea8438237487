"""The alarm server beside the API, under its own login."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from tests.integration.api.alerts.hearing import Telemetry
from tests.integration.servers.running_api import RunningApi


@pytest.fixture
def telemetry(api: RunningApi) -> Iterator[Telemetry]:
    """Offer to send messages to the alarm server."""
    with closing(open_pool(as_service(api.database, "alarm-server"), max_connections=1)) as pool:
        yield Telemetry(pool)


@pytest.fixture
def owner(api: RunningApi) -> Iterator[Pool]:
    """Offer the database as its owner has it, who may write any alarm."""
    with closing(open_pool(api.database, max_connections=1)) as pool:
        yield pool
