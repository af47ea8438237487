"""A search engine, the relay that fills it, and an API that searches there."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from telemetry_core.postgres.database import Pool
from telemetry_core.search import VERDICT_INDEX, SearchEngine
from telemetry_core.service.settings import Settings
from tests.integration.servers.running_api import running_api
from tests.integration.servers.search_server import SearchServer
from verdict_relay.relay import Relay
from verdict_relay.sinks import SearchSink


@pytest.fixture
def engine(search_server: SearchServer) -> Iterator[SearchEngine]:
    client = SearchEngine(search_server.url, answer_timeout_s=30)
    yield client
    client.send("DELETE", f"/{VERDICT_INDEX}-*")
    client.close()


@pytest.fixture
def relay(pool: Pool, engine: SearchEngine) -> Relay:
    return Relay(pool, SearchSink(engine))


@pytest.fixture
def client(database: Settings, search_server: SearchServer, tmp_path: Path) -> Iterator[httpx.Client]:
    settings = database.model_copy(update={"elasticsearch_url": search_server.url})
    with running_api(settings, tmp_path) as api, httpx.Client(base_url=api.url) as client:
        yield client
