"""VictoriaMetrics over HTTP: queries built from validated names only, answers bounded and in time order."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import requests

from operation_server.health.probes import Gate
from operation_server.http.parameters import RETENTION
from operation_server.telemetry.series import Grid, Series, Values
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import MAX_CLOCK_LEAD_S

DEPENDENCY: Final = "victoria-metrics"
MAX_POINTS: Final = 11_000
HEALTH_PATH: Final = "/health"
TIMEOUT_S: Final = (1.0, 10.0)
"""To connect, and between two pieces of the answer."""
METRIC_PREFIX: Final = "satellite_"
LOW: Final = "min_over_time"
HIGH: Final = "max_over_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value and its time in seconds since 1970 UTC."""

    time_s: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The newest value of a series and its labels."""

    labels: dict[str, str]
    value: float


def step_of(start: datetime, end: datetime) -> int:
    """Return the smallest whole number of seconds that keeps a range below `MAX_POINTS` points."""
    return max(1, math.ceil((end - start).total_seconds() / (MAX_POINTS - 1)))


def raw_query(metric: str, satellite_id: str | None, step_s: int) -> str:
    """Ask for samples where there are some: no value is repeated into a gap.

    Without a satellite, the mean over all of them.
    """
    if satellite_id is None:
        return f"avg(last_over_time({series_of(metric)}[{step_s}s]))"
    return f"last_over_time({series_of(metric, satellite_id)}[{step_s}s])"


def series_of(metric: str, satellite_id: str | None = None) -> str:
    """Select a metric, of one satellite or of all; quoted, for a bare `by` or `nan` is a keyword."""
    satellite = "" if satellite_id is None else f',satellite_id="{_escaped(satellite_id)}"'
    return f'{{__name__="{metric}"{satellite}}}'


def until_newest(span_s: float) -> str:
    """Select the last `span_s` and what lies ahead: an on-board clock may be fast by `CLOCK_LEAD`."""
    lead_ms = MAX_CLOCK_LEAD_S * 1000
    return f"[{round(span_s * 1000) + lead_ms}ms] offset -{lead_ms}ms"


def selector_of(metrics: Iterable[str], satellite_id: str) -> str:
    """Select several series of one satellite; metrics are validated names, so they need no escape."""
    return f'{{__name__=~"{"|".join(metrics)}",satellite_id="{_escaped(satellite_id)}"}}'


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class VictoriaMetrics:
    """Read access; every failure is `DependencyUnavailable`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._gate = Gate(self.check)

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

    def extremes(self, selector: str, grid: Grid) -> dict[str, Series]:
        """Return, by metric, the least and the greatest value of each interval that holds a sample.

        VictoriaMetrics' intervals exclude their start and include their end: a millisecond turns that around.
        """
        late_ms = grid.step_ms - 1
        window = f"[{grid.step_ms}ms]"
        parameters = {
            "query": f'aggr_over_time(("{LOW}", "{HIGH}"), {selector}{window}) keep_metric_names',
            "start": _seconds(grid.first_ms + late_ms),
            "end": _seconds(grid.last_ms + late_ms),
            "step": f"{grid.step_ms}ms",
            "nocache": "1",
        }
        result = self._get("/api/v1/query_range", parameters)["result"]
        with _readable():
            return _by_metric(result, late_ms)

    def samples(self, selector: str, *, start_ms: int, end_ms: int) -> dict[str, Series]:
        """Return, by metric, the samples between two times, both included."""
        exported = self._exported(selector, start_ms=start_ms, end_ms=end_ms)
        return {metric: Series(low=values, high=values) for metric, values in exported}

    def sample_count(self, selector: str, *, start_ms: int, end_ms: int) -> int:
        """Return how many samples the busiest of some series has between two times, both included."""
        query = f"max(count_over_time({selector}[{end_ms - start_ms + 1}ms]))"
        parameters = {"query": query, "time": _seconds(end_ms), "nocache": "1"}
        result = self._get("/api/v1/query", parameters)["result"]
        with _readable():
            return int(result[0]["value"][1]) if result else 0

    def metric_names(self) -> list[str]:
        """Return the names of the telemetry series."""
        names = self._get("/api/v1/label/__name__/values", _since_retention())
        return sorted(name for name in names if name.startswith(METRIC_PREFIX))

    def satellites(self) -> list[str]:
        """Return the satellites that sent telemetry."""
        return sorted(self._get("/api/v1/label/satellite_id/values", _since_retention()))

    def newest(self, query: str) -> list[Sample]:
        """Return the present samples of a query; one that a client wrote never comes here."""
        found = self._get("/api/v1/query", {"query": query})["result"]
        return [Sample(labels=item["metric"], value=float(item["value"][1])) for item in found]

    def newest_values(self, query: str) -> dict[str, float]:
        """Answer an instant query of one value for each satellite."""
        return {sample.labels["satellite_id"]: sample.value for sample in self.newest(query)}

    def check(self) -> None:
        """Raise unless the server calls itself healthy."""
        self._answer(HEALTH_PATH, {}, timeout_s=(1.0, 1.0))

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _exported(self, selector: str, *, start_ms: int, end_ms: int) -> list[tuple[str, Values]]:
        parameters = {"match[]": selector, "start": _seconds(start_ms), "end": _seconds(end_ms)}
        answer = self._answer("/api/v1/export", parameters, timeout_s=TIMEOUT_S)
        with _readable():
            series = [orjson.loads(line) for line in answer.content.splitlines()]
            return [(item["metric"]["__name__"], _values(item)) for item in series]

    def _get(self, path: str, parameters: dict[str, Any]) -> Any:
        answer = self._answer(path, parameters, timeout_s=TIMEOUT_S)
        with _readable():
            return orjson.loads(answer.content)["data"]

    def _answer(
        self, path: str, parameters: dict[str, Any], *, timeout_s: tuple[float, float]
    ) -> requests.Response:
        if path != HEALTH_PATH:
            self._gate.ensure()
        try:
            answer = self._session.get(self._url + path, params=parameters, timeout=timeout_s)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error
        self._gate.answered()
        return answer


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        raise DependencyUnavailable(DEPENDENCY, f"unreadable answer: {error}") from error


def _by_metric(result: Sequence[Any], late_ms: int) -> dict[str, Series]:
    found: dict[str, dict[str, Values]] = {}
    for item in result:
        found.setdefault(item["metric"]["__name__"], {})[item["metric"]["rollup"]] = {
            round(time_s * 1000) - late_ms: value
            for time_s, text in item["values"]
            if math.isfinite(value := float(text))
        }
    return {name: Series(low=by.get(LOW, {}), high=by.get(HIGH, {})) for name, by in found.items()}


def _values(exported: Mapping[str, Any]) -> Values:
    """Read an exported series; it holds no number where a sample is none or infinite."""
    pairs = zip(exported["timestamps"], exported["values"], strict=True)
    return {time_ms: value for time_ms, value in pairs if isinstance(value, int | float)}


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _since_retention() -> dict[str, Any]:
    # whole days: such a query is answered from the index of the day
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"start": (today - RETENTION).timestamp()}
