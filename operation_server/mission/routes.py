"""The mission that this server watches: what the console must know to draw it."""

from typing import Annotated

from fastapi import APIRouter, Query

from operation_server.http.parameters import API_PREFIX, Satellite
from operation_server.http.problems import responses
from operation_server.inference.models import ProvidedRepository, known_models
from operation_server.inference.schemas import MAX_POINTS, MIN_POINTS
from operation_server.limits.routes import ProvidedLimits
from operation_server.mission.schemas import (
    MissionChannel,
    MissionDescription,
    MissionModel,
    MissionRule,
    MissionSubsystem,
    MissionWindow,
)
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from telemetry_core.contract.mission import MAX_HORIZON, Mission, Subsystem, metrics_by_channel
from telemetry_core.contract.rules import DEFAULT_SET

router = APIRouter(prefix=f"{API_PREFIX}/mission", tags=["mission"])


@router.get("", responses=responses(422))
def get_mission(
    followed: ProvidedLimits,
    repository: ProvidedRepository,
    satellite_id: Annotated[
        Satellite | None, Query(description="Whose limit set the rules are told by; else the default")
    ] = None,
) -> MissionDescription:
    """Describe the mission: subsystems, channels, rules, window, model and bounds."""
    limits = followed.limits
    limit_set = limits.set_of(satellite_id) if satellite_id else DEFAULT_SET
    return describe_mission(limits.missions[limit_set], list(known_models(repository)), limit_set=limit_set)


def describe_mission(
    mission: Mission, models: list[str], *, limit_set: str = DEFAULT_SET
) -> MissionDescription:
    """Say of a mission what the console needs."""
    metrics = metrics_by_channel(mission)
    return MissionDescription(
        name=mission.name,
        limit_set=limit_set,
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
