"""The logins of the services, and an operation server over a database of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings
from tests.integration.servers.running_api import RunningApi, running_api


@pytest.fixture
def theirs(database: Settings) -> Iterator[Pool]:
    """The alarm server's own login."""
    with closing(open_pool(as_service(database, "alarm-server"), max_connections=2)) as found:
        yield found


@pytest.fixture
def operators(database: Settings) -> Iterator[Pool]:
    """The operation server's own login."""
    with closing(open_pool(as_service(database, "operation-server"), max_connections=4)) as found:
        yield found


@pytest.fixture
def api(database: Settings, tmp_path: Path) -> Iterator[RunningApi]:
    (tmp_path / "models").mkdir()
    with running_api(database, tmp_path / "models") as running:
        yield running
