"""The worker's access to learned constants, over a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from analysis_server.learning.calibrations import Calibrations
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings


@pytest.fixture
def worker(database: Settings) -> Iterator[Calibrations]:
    """The worker's own login."""
    with closing(open_pool(as_service(database, "analysis-server"), max_connections=2)) as pool:
        yield Calibrations(pool)
