"""Contact plans as tests send them; times are minutes after `START`, which lies ahead."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from tests.integration.servers.running_api import RunningApi

START: Final = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
DAY_MIN: Final = 24 * 60


def at(minutes: float) -> str:
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def one_pass(
    begin: float, end: float, *, satellite: str = "SAT-001", station: str = "Svalbard"
) -> dict[str, Any]:
    return {
        "satellite_id": satellite,
        "start_time": at(begin),
        "end_time": at(end),
        "ground_station": station,
    }


def put(
    api: RunningApi, *passes: dict[str, Any], begin: float = 0, end: float = DAY_MIN, **fields: Any
) -> requests.Response:
    body = {"operator": "Ada", "start_time": at(begin), "end_time": at(end), "passes": passes, **fields}
    return requests.put(f"{api.url}/api/v1/passes/plan", json=body, timeout=20)


def put_csv(api: RunningApi, text: str | bytes, **query: Any) -> requests.Response:
    asked = {"operator": "Ada", "start_time": at(0), "end_time": at(DAY_MIN), **query}
    return requests.put(
        f"{api.url}/api/v1/passes/plan.csv",
        data=text,
        params=asked,
        headers={"Content-Type": "text/csv"},
        timeout=20,
    )


def listed(api: RunningApi, **query: Any) -> list[dict[str, Any]]:
    """Follow the pages to the last one."""
    asked = {"start_time": at(0), "end_time": at(2 * DAY_MIN), **query}
    found: list[dict[str, Any]] = []
    while True:
        answer = requests.get(f"{api.url}/api/v1/passes", params=asked, timeout=20)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["passes"]
        if page["next_cursor"] is None:
            return found
        asked["cursor"] = page["next_cursor"]


def times(passes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["satellite_id"], one["start_time"], one["ground_station"]) for one in passes]
