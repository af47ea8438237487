"""Measured and forecast series, and what of telemetry was passed over."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, Field

from operation_server.http.responses import Answer, Number
from telemetry_core.contract.values import Refusal


class DataPoint(Answer):
    """A value and its time."""

    timestamp: datetime
    value: float


class SeriesSummary(Answer):
    """Statistics of a series, rounded to 4 decimals; null where it is empty."""

    count: int
    mean: Number
    min: Number
    max: Number
    std: Number


class Trend(Answer):
    """A series of one metric."""

    metric_name: str
    satellite_id: str | None
    data_points: list[DataPoint]
    summary: SeriesSummary


class TrendComparison(Answer):
    """Measured and forecast values, paired by time."""

    metric_name: str
    raw_data: list[DataPoint]
    prediction_data: list[DataPoint]
    pairs: int
    correlation: Number
    mae: Number
    rmse: Number


class MetricNames(Answer):
    """Series that can be asked for."""

    metrics: list[str]
    count: int
    source: Literal["victoria-metrics", "default"] = Field(
        description="`default`: VictoriaMetrics is unavailable, these are the mission's"
    )


class Satellites(Answer):
    """Satellites that sent telemetry within the retention."""

    satellites: list[str]
    count: int


Strategy = Literal["minmax", "latest"]


class TelemetryChannel(BaseModel):
    """Least and greatest value of one channel at each of the times; null where it has none."""

    subsystem: str
    channel: str
    metric: str
    unit: str
    min: list[Number]
    max: list[Number]


class Telemetry(BaseModel):
    """Channels on one grid of times; a row of nulls marks a gap."""

    satellite_id: str
    start_time: datetime
    end_time: datetime
    strategy: Strategy
    step_s: float = Field(description="Width of the intervals; 0: these are the samples themselves")
    times: list[float] = Field(description="Seconds since 1970 UTC, start of each interval")
    channels: list[TelemetryChannel]


class ForecastChannel(BaseModel):
    """Forecast of one channel with the intervals that hold half and nine tenths of the truth."""

    predictions: list[Number]
    lower_50: list[Number]
    upper_50: list[Number]
    lower_90: list[Number]
    upper_90: list[Number]
    times: list[float] | None = Field(description="Of its own; null: those of the forecast")


class Forecast(BaseModel):
    """What one verdict expected to come."""

    job_id: str
    made_at: datetime = Field(description="Time of the newest sample that it knew")
    times: list[float] = Field(description="Seconds since 1970 UTC of each step")
    channels: dict[str, ForecastChannel]


class Forecasts(Answer):
    """Forecasts in time order; a newer one does not cut an older one."""

    satellite_id: str
    subsystem: str
    model_name: str
    forecasts: list[Forecast]
    is_thinned: bool = Field(description="Whether there are more: every n-th is given, and the newest")


MAX_VALUES: Final = 500


class RefusedValue(BaseModel):
    """Values of one channel that were refused for one reason."""

    channel: str = Field(
        description="subsystem.channel, the subsystem that was no object, or timestamp, the message's time",
        examples=["eps.battery_voltage"],
    )
    reason: str = Field(description=f"One of: {', '.join(Refusal)}", examples=[Refusal.FILL_VALUE])
    count: int = Field(description="Since the first one; restarts after 30 days without any")
    last_value: str = Field(description="At most 100 characters of the last one", examples=["-9999"])
    last_at: datetime = Field(description="When the last one was received")


class PassedOverValues(BaseModel):
    """Channels with refused values, the newest first."""

    satellite_id: str
    values: list[RefusedValue] = Field(description=f"At most {MAX_VALUES}")
