"""Whose key it was stands beside who says to have done something, over a real PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from telemetry_core.postgres.database import transaction
from telemetry_core.service.settings import Settings
from tests.integration.api.alarms.rows import raised
from tests.integration.servers.running_api import RunningApi, running_api

pytestmark = pytest.mark.integration

KIM: Final = "kims-key"
SPARE: Final = "spare-key"
KEYS: Final = f"Kim Minji:operator:{KIM}, Ada:engineer:adas-key, {SPARE}"
ACTIONS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("POST", "acknowledgements", {}), ("POST", "comments", {}), ("POST", "feedback", {"feedback": "known"}),
    ("PUT", "assignment", {"assigned_to": "Li"}), ("POST", "shelves", {"minutes": 5}),
    ("DELETE", "shelves", {}),
]  # fmt: skip
DAY: Final = {"start_time": "2026-12-01T00:00:00Z", "end_time": "2026-12-02T00:00:00Z"}


@pytest.fixture
def api(database: Settings, tmp_path: Path) -> Iterator[RunningApi]:
    with running_api(database.model_copy(update={"api_keys": KEYS}), tmp_path) as running:
        yield running


def ask(
    api: RunningApi, method: str, path: str, body: Any = None, *, key: str = KIM, **query: Any
) -> requests.Response:
    return requests.request(
        method,
        f"{api.url}/api/v1/{path}",
        json=body,
        params=query,
        headers={"X-API-Key": key},
        timeout=20,
    )


def answered(answer: requests.Response) -> Any:
    assert answer.ok, answer.text
    return answer.json()


def signed(item: dict[str, Any]) -> tuple[str, str | None]:
    return item["operator"], item["key_name"]


@pytest.mark.parametrize(
    ("given", "key", "written"),
    [
        ({}, KIM, ("Kim Minji", "Kim Minji")),
        ({"operator": "Grace"}, KIM, ("Grace", "Kim Minji")),
        ({"operator": "Grace"}, SPARE, ("Grace", None)),
    ],
)
def test_history_keeps_who_was_given_and_whose_key_it_was(
    api: RunningApi, given: dict[str, str], key: str, written: tuple[str, str | None]
) -> None:
    alarm_id = raised(api.pool)
    words = {**given, "comment": "seen"}
    for method, path, more in ACTIONS:
        changed = answered(ask(api, method, f"alarms/{alarm_id}/{path}", {**words, **more}, key=key))
        assert signed(changed["events"][0]) == written
    assert changed["acknowledged_by"] == written[0]
    assert signed(changed["events"][-1] | {"operator": "platform"}) == ("platform", None)

    for method in ("POST", "DELETE"):
        retired = answered(ask(api, method, "fleet/SAT-001/retirement", words, key=key))
        assert signed(retired["changes"][0]) == written

    entry = answered(ask(api, "POST", "shift/entries", {**given, "text": "quiet"}, key=key))
    assert signed(entry) == written
    assert signed(answered(ask(api, "GET", "shift/entries"))["entries"][0]) == written

    answered(
        ask(api, "PUT", "passes/plan", {**given, **DAY, "satellites": ["SAT-001"], "passes": []}, key=key)
    )
    answered(ask(api, "DELETE", "passes/plan", satellite_id="SAT-001", **DAY, **given, key=key))
    changes = answered(ask(api, "GET", "passes/changes"))["changes"]
    assert [signed(change) for change in changes] == [written] * 2


def test_changes_of_limits_and_dead_letters_name_the_key(api: RunningApi) -> None:
    (limit,) = [
        one
        for one in answered(ask(api, "GET", "limits"))["limits"]
        if (one["subsystem"], one["reason"]) == ("eps", "low_battery")
    ]
    body = {"comment": "eclipse", "version": 0, "values": limit["file"] | {"below": 25}}
    assert ask(api, "PUT", "limits/eps/low_battery", body).status_code == 403
    answered(ask(api, "PUT", "limits/eps/low_battery", {**body, "operator": "Grace"}, key="adas-key"))
    assert signed(answered(ask(api, "GET", "limits/changes"))["changes"][0]) == ("Grace", "Ada")
    with transaction(api.pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.dead_letters (source, place, identity, reason, detail, attempt, refused_at,"
            " headers, body, size_bytes, body_sha256, is_cut)"
            " VALUES ('rabbitmq', 'inference', 'x', 'poison', '', 1, now(),"
            " '{}', '', 0, repeat('0', 64), FALSE) RETURNING id"
        )
        found = cursor.fetchone()
    assert found
    chosen = {"action": "discard", "ids": [found[0]], "dry_run": False}
    assert ask(api, "POST", "dead-letters/actions", chosen).status_code == 403
    assert answered(ask(api, "POST", "dead-letters/actions", chosen, key="adas-key"))["handled"] == 1
    letter = answered(ask(api, "GET", f"dead-letters/{found[0]}"))
    assert (letter["handled_by"], letter["handled_with_key"]) == ("Ada", "Ada")


def test_who_is_neither_given_nor_named_by_the_key_is_asked_for(api: RunningApi) -> None:
    entry = ask(api, "POST", "shift/entries", {"text": "quiet"}, key=SPARE)
    deletion = ask(api, "DELETE", "passes/plan", satellite_id="SAT-001", **DAY, key=SPARE)
    for refused in (entry, deletion):
        assert refused.status_code == 422
        assert "operator: " in refused.json()["detail"]
        assert "say who you are" in refused.json()["detail"]
    blank = ask(api, "POST", "shift/entries", {"operator": "  ", "text": "quiet"})
    assert blank.status_code == 422


def test_requests_at_once_are_each_signed_by_their_own_key(api: RunningApi) -> None:
    """In threads that serve one after the other."""
    keys = [KIM, SPARE, "adas-key"] * 20
    body = {"operator": "Grace", "text": "quiet"}
    with ThreadPoolExecutor(12) as threads:
        entries = threads.map(lambda key: answered(ask(api, "POST", "shift/entries", body, key=key)), keys)
    names = {KIM: "Kim Minji", SPARE: None, "adas-key": "Ada"}
    assert [entry["key_name"] for entry in entries] == [names[key] for key in keys]
