"""The mission that this server watches: what the console must know to draw it."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from operation_server.http.dependencies import Provided, known_models
from operation_server.http.parameters import API_PREFIX
from operation_server.jobs.schemas import MAX_POINTS, MIN_POINTS, Number
from telemetry_core.inferences import ANOMALY_THRESHOLD
from telemetry_core.subsystems import MAX_HORIZON, Mission, Subsystem, metrics_by_channel

router = APIRouter(prefix=f"{API_PREFIX}/mission", tags=["mission"])

NominalRange = tuple[float, float]
_UNITS: Final = "In the channel's unit"


class _Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class MissionModel(_Answer):
    """Model that judges the mission's telemetry."""

    name: str
    version: str


class MissionWindow(_Answer):
    """How many samples of the past one inference sees, and how far back they may lie."""

    length: int
    max_span_s: float
    max_gap_s: float


class MissionChannel(_Answer):
    """One measured value."""

    name: str
    unit: str
    is_flag: bool
    is_feature: bool = Field(description="Whether the model sees it")
    nominal: NominalRange | None = Field(description=_UNITS)
    metric: str | None = Field(description="Its series in VictoriaMetrics")


class MissionRule(_Answer):
    """A limit whose strict breach starts an inference."""

    channel: str
    below: Number
    above: Number
    equals: Number
    reason: str


class MissionSubsystem(_Answer):
    """Channels that are judged together."""

    name: str
    horizon: int = Field(description="Steps of its forecasts")
    channels: list[MissionChannel]
    rules: list[MissionRule]


class MissionDescription(_Answer):
    """The mission, its model and the bounds of what may be asked."""

    name: str
    model: MissionModel
    models: list[str] = Field(description="All models of the repository")
    window: MissionWindow
    anomaly_threshold: float
    max_horizon: int
    max_points: int = Field(description="Most values of a posted series")
    min_points: int = Field(description="Fewest values of a posted series")
    subsystems: list[MissionSubsystem]


@router.get("")
def get_mission(services: Provided) -> MissionDescription:
    """Describe the mission: subsystems, channels, rules, window, model and bounds."""
    return describe_mission(services.mission, list(known_models(services.model_repository)))


def describe_mission(mission: Mission, models: list[str]) -> MissionDescription:
    """Say of a mission file what the console needs."""
    metrics = metrics_by_channel(mission)
    return MissionDescription(
        name=mission.name,
        model=MissionModel(name=mission.model.name, version=mission.model.version),
        models=models,
        window=MissionWindow.model_validate(mission.window, from_attributes=True),
        anomaly_threshold=ANOMALY_THRESHOLD,
        max_horizon=MAX_HORIZON,
        max_points=MAX_POINTS,
        min_points=MIN_POINTS,
        subsystems=[_describe(name, subsystem, metrics) for name, subsystem in mission.subsystems.items()],
    )


def _describe(name: str, subsystem: Subsystem, metrics: dict[tuple[str, str], str]) -> MissionSubsystem:
    channels = [
        MissionChannel(
            name=channel_name,
            unit=channel.unit,
            is_flag=channel.kind == "flag",
            is_feature=channel.feature,
            nominal=channel.nominal,
            metric=metrics.get((name, channel_name)),
        )
        for channel_name, channel in subsystem.channels.items()
    ]
    rules = [MissionRule.model_validate(rule, from_attributes=True) for rule in subsystem.rules]
    return MissionSubsystem(name=name, horizon=subsystem.horizon, channels=channels, rules=rules)
