"""The database behind the running server as its owner has it: the API's login may write no alarm."""

from collections.abc import Iterator

import pytest

from telemetry_core.postgres.database import Pool, open_pool
from tests.integration.servers.running_api import RunningApi


@pytest.fixture
def api_pool(api: RunningApi) -> Iterator[Pool]:
    """Offer what the alarm server, too, may write to."""
    pool = open_pool(api.database, max_connections=4)
    yield pool
    pool.close()
