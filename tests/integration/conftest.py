"""A private PostgreSQL and OpenSearch for the session and a database of its own for each test."""

from collections.abc import Iterator

import pytest
import requests

from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.search import VERDICT_INDEX
from telemetry_core.service.settings import Settings
from testbed.postgres_server import migrated_template, private_database, running_server
from tests.integration.servers.running_api import RunningApi, running_api
from tests.integration.servers.search_server import SearchServer, running_search


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Settings]:
    """Start the server once."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres_server: Settings) -> str:
    """Name of a migrated database that others are copied from."""
    return migrated_template(postgres_server).postgres_db


@pytest.fixture
def empty_database(postgres_server: Settings) -> Iterator[Settings]:
    """Offer a database without any table."""
    with private_database(postgres_server, "template0") as settings:
        yield settings


@pytest.fixture
def database(postgres_server: Settings, migrated: str) -> Iterator[Settings]:
    """Offer a migrated database that the test has for itself."""
    with private_database(postgres_server, migrated) as settings:
        yield settings


@pytest.fixture
def pool(database: Settings) -> Iterator[Pool]:
    pool = open_pool(database, max_connections=8)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def search_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    """Start OpenSearch once."""
    with running_search(tmp_path_factory.mktemp("opensearch")) as running:
        yield running


@pytest.fixture
def emptied_index(search_server: SearchServer) -> Iterator[None]:
    """Delete afterwards what the test passed on to OpenSearch."""
    yield
    requests.delete(f"{search_server.url}/{VERDICT_INDEX}-*", timeout=30).raise_for_status()


@pytest.fixture(scope="session")
def api_server(
    postgres_server: Settings,
    migrated: str,
    search_server: SearchServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningApi]:
    """Run the operation server once, over a database of its own."""
    with private_database(postgres_server, migrated) as database:
        settings = database.model_copy(update={"elasticsearch_url": search_server.url})
        with running_api(settings, tmp_path_factory.mktemp("models")) as running:
            yield running


@pytest.fixture
def api(api_server: RunningApi) -> RunningApi:
    """Offer the running server as if it had just been started."""
    api_server.forget()
    return api_server


@pytest.fixture
def api_pool(api: RunningApi) -> Pool:
    """Offer the database behind the running server."""
    pool: Pool = api.pool
    return pool
