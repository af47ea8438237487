"""The login that the notifier has."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from alarm_notifier.__main__ import SERVICE
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings


@pytest.fixture
def theirs(database: Settings) -> Iterator[Pool]:
    """The service's own login."""
    with closing(open_pool(as_service(database, SERVICE), max_connections=4)) as found:
        yield found
