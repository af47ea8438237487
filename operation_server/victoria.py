"""VictoriaMetrics over HTTP: queries built from validated names only, answers bounded and in time order."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from telemetry_core.errors import DependencyUnavailable

DEPENDENCY: Final = "victoria-metrics"
MAX_POINTS: Final = 11_000
TIMEOUT_S: Final = (1.0, 10.0)
"""To connect, and between two pieces of the answer."""
RETENTION: Final = timedelta(days=365)
METRIC_PREFIX: Final = "satellite_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value and its time in seconds since 1970 UTC."""

    time_s: float
    value: float


def step_of(start: datetime, end: datetime) -> int:
    """Return the smallest whole number of seconds that keeps a range below `MAX_POINTS` points."""
    return max(1, math.ceil((end - start).total_seconds() / (MAX_POINTS - 1)))


def raw_query(metric: str, satellite_id: str | None, step_s: int) -> str:
    """Ask for samples where there are some: no value is repeated into a gap.

    Without a satellite, the mean over all of them.
    """
    if satellite_id is None:
        return f"avg(last_over_time({metric}[{step_s}s]))"
    return f'last_over_time({metric}{{satellite_id="{_escaped(satellite_id)}"}}[{step_s}s])'


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class VictoriaMetrics:
    """Read access; every failure is `DependencyUnavailable`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()

    def raw_points(
        self, metric: str, satellite_id: str | None, *, start: datetime, end: datetime
    ) -> list[Point]:
        """Return the newest sample of each step between two times."""
        step_s = step_of(start, end)
        parameters = {
            "query": raw_query(metric, satellite_id, step_s),
            "start": start.timestamp(),
            "end": end.timestamp(),
            "step": f"{step_s}s",
        }
        series = self._get("/api/v1/query_range", parameters)["result"]
        values = series[0]["values"] if series else []
        points = [Point(time_s=float(time_s), value=float(value)) for time_s, value in values]
        return [point for point in points if math.isfinite(point.value)]

    def metric_names(self) -> list[str]:
        """Return the names of the telemetry series."""
        names = self._get("/api/v1/label/__name__/values", _since_retention())
        return sorted(name for name in names if name.startswith(METRIC_PREFIX))

    def satellites(self) -> list[str]:
        """Return the satellites that sent telemetry."""
        return sorted(self._get("/api/v1/label/satellite_id/values", _since_retention()))

    def check(self) -> None:
        """Raise unless the server calls itself healthy."""
        self._answer("/health", {}, timeout_s=(1.0, 1.0))

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _get(self, path: str, parameters: dict[str, Any]) -> Any:
        try:
            return self._answer(path, parameters, timeout_s=TIMEOUT_S).json()["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise DependencyUnavailable(DEPENDENCY, f"unreadable answer: {error}") from error

    def _answer(
        self, path: str, parameters: dict[str, Any], *, timeout_s: tuple[float, float]
    ) -> requests.Response:
        try:
            answer = self._session.get(self._url + path, params=parameters, timeout=timeout_s)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error
        return answer


def _since_retention() -> dict[str, Any]:
    # whole days: such a query is answered from the index of the day
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"start": (today - RETENTION).timestamp()}
