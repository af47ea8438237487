"""Measured values of a satellite, thinned so that no spike is lost."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Response

from operation_server.http.dependencies import ProvidedMission
from operation_server.http.parameters import API_PREFIX, RecentRange, Satellite, require_known
from operation_server.http.problems import responses
from operation_server.http.responses import json_response
from operation_server.telemetry.dependencies import ProvidedVictoria
from operation_server.telemetry.schemas import Strategy, Telemetry
from operation_server.telemetry.series import (
    Series,
    grid_of,
    milliseconds_of,
    span_of_newest,
    times_of,
    with_gaps,
)
from operation_server.telemetry.victoria import VictoriaMetrics, selector_of
from telemetry_core.contract.mission import Mission, metrics_by_channel
from telemetry_core.contract.rules import Name

router = APIRouter(prefix=f"{API_PREFIX}/telemetry", tags=["telemetry"])

_NOTHING: Final = Series(low={}, high={})


@router.get("/{satellite_id}", response_model=Telemetry, responses=responses(422, 503))
def get_telemetry(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    victoria: ProvidedVictoria,
    mission: ProvidedMission,
    satellite_id: Satellite,
    within: RecentRange,
    subsystem: Annotated[Name | None, Query(description="By default all of the mission")] = None,
    channel: Annotated[list[Name] | None, Query(max_length=100, description="By default all")] = None,
    strategy: Annotated[
        Strategy, Query(description="`minmax`: extremes of equal intervals; `latest`: the newest samples")
    ] = "minmax",
    size: Annotated[
        int, Query(ge=1, le=4000, description="Most times in the answer, not counting those of gaps")
    ] = 800,
) -> Response:
    """Return what a satellite measured between two times; no spike is lost.

    A range of no more than `size` seconds, and no more samples, is answered with the samples themselves.
    """
    if strategy == "minmax" and size == 1:
        raise HTTPException(422, "size: minmax needs at least 2; strategy=latest takes 1")
    wanted = wanted_channels(mission, subsystem, channel)
    source = _Source(
        victoria=victoria,
        selector=selector_of((item.metric for item in wanted), satellite_id),
        start_ms=milliseconds_of(within.start),
        end_ms=milliseconds_of(within.end),
    )
    table = _read(source, strategy, size) if wanted else _Table(step_ms=0, series={}, times_ms=[])
    times_ms = table.times_ms
    if strategy == "minmax":
        times_ms = with_gaps(list(table.series.values()), mission.window, step_ms=table.step_ms)
    body = {
        "satellite_id": satellite_id,
        "start_time": within.start,
        "end_time": within.end,
        "strategy": strategy,
        "step_s": table.step_ms / 1000,
        "times": [time_ms / 1000 for time_ms in times_ms],
        "channels": [_columns(item, table.series.get(item.metric, _NOTHING), times_ms) for item in wanted],
    }
    return json_response(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedChannel:
    """A channel and where its values are."""

    subsystem: str
    channel: str
    metric: str
    unit: str


def wanted_channels(
    mission: Mission, subsystem: str | None, channels: Sequence[str] | None
) -> list[WantedChannel]:
    """Choose channels that have a metric, in the mission's order, or refuse what the mission lacks."""
    if subsystem is not None:
        require_known("subsystem", subsystem, mission.subsystems)
    metrics = metrics_by_channel(mission)
    offered = [
        WantedChannel(subsystem=of, channel=name, metric=metrics[of, name], unit=channel.unit)
        for of, described in mission.subsystems.items()
        for name, channel in described.channels.items()
        if subsystem in {None, of} and (of, name) in metrics
    ]
    names = dict.fromkeys(item.channel for item in offered)
    if unknown := [name for name in channels or () if name not in names]:
        raise HTTPException(422, f"channel: no series of {', '.join(unknown)}; there are {', '.join(names)}")
    return [item for item in offered if not channels or item.channel in channels]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    victoria: VictoriaMetrics
    selector: str
    start_ms: int
    end_ms: int

    def count(self, start_ms: int) -> int:
        return self.victoria.sample_count(self.selector, start_ms=start_ms, end_ms=self.end_ms)

    def samples(self, start_ms: int) -> dict[str, Series]:
        return self.victoria.samples(self.selector, start_ms=start_ms, end_ms=self.end_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    step_ms: int
    series: dict[str, Series]
    times_ms: list[int]


def _read(source: _Source, strategy: Strategy, size: int) -> _Table:
    if strategy == "latest":
        return _latest(source, size)
    return _samples(source, size) or _extremes(source, size)


def _latest(source: _Source, size: int) -> _Table:
    span_ms = span_of_newest(
        lambda span_ms: source.count(source.end_ms - span_ms),
        size=size,
        longest_ms=source.end_ms - source.start_ms,
    )
    series = source.samples(source.end_ms - span_ms)
    return _Table(step_ms=0, series=series, times_ms=times_of(list(series.values()))[-size:])


def _samples(source: _Source, size: int) -> _Table | None:
    """Read the samples themselves where range and answer are short enough."""
    if source.end_ms - source.start_ms > size * 1000 or source.count(source.start_ms) > size:
        return None
    series = source.samples(source.start_ms)
    times_ms = times_of(list(series.values()))
    return _Table(step_ms=0, series=series, times_ms=times_ms) if len(times_ms) <= size else None


def _extremes(source: _Source, size: int) -> _Table:
    grid = grid_of(source.start_ms, source.end_ms, size)
    series = source.victoria.extremes(source.selector, grid)
    return _Table(step_ms=grid.step_ms, series=series, times_ms=times_of(list(series.values())))


def _columns(wanted: WantedChannel, series: Series, times_ms: Sequence[int]) -> dict[str, Any]:
    return {
        **asdict(wanted),
        "min": [series.low.get(time_ms) for time_ms in times_ms],
        "max": [series.high.get(time_ms) for time_ms in times_ms],
    }
