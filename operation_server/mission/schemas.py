"""The mission as clients see it."""

from typing import Final, Literal

from pydantic import Field

from operation_server.http.responses import Answer, Number
from telemetry_core.contract.rules import RuleKind

NominalRange = tuple[float, float]

_UNITS: Final = "In the channel's unit"


class MissionModel(Answer):
    """Model that judges the mission's telemetry."""

    name: str
    version: str


class MissionWindow(Answer):
    """How many samples of the past one inference sees, and how far back they may lie."""

    length: int
    max_span_s: float
    max_gap_s: float


class MissionChannel(Answer):
    """One measured value."""

    name: str
    unit: str
    is_flag: bool
    is_feature: bool = Field(description="Whether the model sees it")
    nominal: NominalRange | None = Field(description=_UNITS)
    metric: str | None = Field(description="Its series in VictoriaMetrics")


class MissionRate(Answer):
    """How fast a value may rise and fall."""

    rises: Number
    falls: Number
    per: Literal["second", "minute"]
    over_s: float = Field(description="Over so much time; 0 = since the sample before")


class MissionRule(Answer):
    """What of a channel is an alarm: a limit whose strict breach starts an inference, a rate or a change."""

    channel: str
    kind: RuleKind
    below: Number
    above: Number
    equals: Number
    rate: MissionRate | None
    reason: str
    is_contextual: bool = Field(
        description="Whether it is compared only while other channels say so (`when` of the mission file), or"
        " not at all"
    )
    switched_off: str | None = Field(description="Why it is compared with nothing; null: it is compared")


class MissionSubsystem(Answer):
    """Channels that are judged together."""

    name: str
    horizon: int = Field(description="Steps of its forecasts")
    channels: list[MissionChannel]
    rules: list[MissionRule]


class MissionDescription(Answer):
    """The mission, its model and the bounds of what may be asked."""

    name: str
    limit_set: str = Field(description="By which the rules are told", examples=["default"])
    model: MissionModel
    models: list[str] = Field(description="All models of the repository")
    window: MissionWindow
    anomaly_threshold: float
    max_horizon: int
    max_points: int = Field(description="Most values of a posted series")
    min_points: int = Field(description="Fewest values of a posted series")
    subsystems: list[MissionSubsystem]
