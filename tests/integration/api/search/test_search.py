"""The routes that search in a real OpenSearch."""

from pathlib import Path

import httpx
import pytest

from telemetry_core.postgres.database import Pool
from telemetry_core.search import SearchEngine
from telemetry_core.service.settings import Settings
from testbed.postgres_server import free_port
from tests.integration.api.search.indexing import drain, indexed, save
from tests.integration.servers.running_api import running_api
from verdict_relay.relay import Relay

pytestmark = pytest.mark.integration


def test_routes_find_what_was_relayed(
    pool: Pool, relay: Relay, engine: SearchEngine, client: httpx.Client
) -> None:
    save(pool, [1, 2, 3])
    drain(relay)
    indexed(engine)
    text = client.get("/api/v1/search", params={"q": "SAT-001 low battery", "limit": 2}).json()
    assert (len(text["hits"]), text["total"]) == (2, 3)
    assert set(text["hits"][0]) == {"job_id", "model_name", "metadata", "score"}
    assert client.get("/api/v1/search", params={"q": "SAT-002"}).json()["total"] == 0
    found = client.get(
        "/api/v1/search/inference", params={"model_name": "lstm_timeseries", "limit": 2}
    ).json()
    assert found["count"] == 2
    assert client.get("/api/v1/search/inference", params={"status": "failed"}).json()["results"] == []
    readings = client.get("/api/v1/search/sensor", params={"sensor_id": "battery_voltage"}).json()
    assert readings["count"] == 3
    assert readings["results"][0]["value"] == 3.9
    models = client.get("/api/v1/search/analytics/models").json()["model_statistics"]
    assert models == [
        {
            "model_name": "lstm_timeseries",
            "total_inferences": 3,
            "avg_inference_time": 0.0125,
            "status_breakdown": {"completed": 3},
        }
    ]


@pytest.mark.parametrize("words", ["* OR 1", 'a" AND "b', "job_id:*", "/.*/", "\\", "free_text:(low"])
def test_operators_are_words_like_others(
    pool: Pool, relay: Relay, engine: SearchEngine, client: httpx.Client, words: str
) -> None:
    save(pool, [1])
    drain(relay)
    indexed(engine)
    answer = client.get("/api/v1/search", params={"q": words})
    assert (answer.status_code, answer.json()["total"]) == (200, 0)


@pytest.mark.parametrize(
    "path",
    [
        "?q=", "?q=x&limit=0", "/inference?limit=1001", "/inference?status=lost", "/sensor?limit=10001",
        "/inference?from_date=2025-10-31T00:00:00Z&to_date=2025-10-30T00:00:00Z", "",
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v1/search{path}").status_code == 422


def test_only_search_is_unavailable_without_the_engine(database: Settings, tmp_path: Path) -> None:
    away = database.model_copy(update={"elasticsearch_url": f"http://127.0.0.1:{free_port()}"})
    with running_api(away, tmp_path) as api, httpx.Client(base_url=api.url) as client:
        for path in ("?q=x", "/inference", "/sensor", "/analytics/models"):
            answer = client.get(f"/api/v1/search{path}")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert client.get("/api/v1/results/history").status_code == 200
        assert client.get("/readyz").status_code == 200
