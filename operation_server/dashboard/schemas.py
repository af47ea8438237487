"""What dashboards are told."""

from pydantic import Field

from operation_server.http.responses import Answer, Number
from operation_server.jobs.schemas import Statistics


class LiveStatistics(Statistics):
    """The same with the present pace."""

    throughput_per_minute: float = Field(description="Jobs completed within the last 60 s")


class ModelStatistics(Answer):
    """What one model did."""

    total: int
    avg_time: Number = Field(description="Seconds from start to verdict")
    completed: int
    failed: int


class ModelComparison(Answer):
    """What each model did within the last hour."""

    comparison: dict[str, ModelStatistics]


class Pattern(Answer):
    """Jobs whose metadata name one pattern."""

    pattern: str
    count: int
    avg_time: Number = Field(description="Seconds from submission to completion")


class Patterns(Answer):
    """Jobs of the last hour by the pattern in their metadata."""

    patterns: list[Pattern]
