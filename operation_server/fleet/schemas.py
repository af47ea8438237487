"""The fleet as clients see it."""

from datetime import datetime

from pydantic import BaseModel, Field

from operation_server.alarms.schemas import AnomaliesBehind
from operation_server.http.parameters import KeyName
from operation_server.http.responses import Answer, Number, State


class StateCounts(BaseModel):
    """Satellites by state."""

    critical: int
    serious: int
    caution: int
    normal: int
    standby: int
    off: int


class LearningProgress(BaseModel):
    """What a subsystem lacks whose telemetry no calibration covers, when it was last looked at."""

    samples: int = Field(description="Stored samples of its channels at the present sampling interval")
    needed: int
    remaining_s: Number = Field(description="Until there are enough; null if it lacks something else")
    reason: str = Field(
        description="`too_few_samples`; `not_stored`: no series in `metrics`; `left_out`: limits, alerts or"
        " gaps leave too little; `not_settled`: levels still wander; `check_failed`: false alarms on held-out"
        " telemetry; `not_fitted`"
    )


class RarelySampled(BaseModel):
    """Why a subsystem stays `warming_up`: its samples never fill the shortest window."""

    interval_s: float = Field(description="Between its samples")
    needed: int = Field(description="Samples of the shortest window that is judged")
    max_span_s: float = Field(description="Within which they must lie, by the mission file")
    enough_span_s: Number = Field(
        description="`max_span_s` that suffices; null if it is more than a mission file may have"
    )


class SubsystemState(BaseModel):
    """The newest that is known of one subsystem."""

    subsystem: str
    state: State
    is_stale: bool = Field(
        description="No telemetry for longer than the window's longest gap and than it usually pauses; with a"
        " contact plan, in a pass in which it was heard"
    )
    last_contact: datetime | None = Field(description="Newest sample; null when unknown")
    verdict: str | None
    anomaly_score: Number
    judged_at: datetime | None = Field(description="Generation time of the newest verdict")
    learning: LearningProgress | None = Field(
        description="Of the verdict `learning`; null before the first look"
    )
    rarely_sampled: RarelySampled | None = Field(
        description="Of the verdict `warming_up`, where more samples do not end it; else null"
    )
    open_alerts: int
    unacknowledged_alerts: int


class PassTimes(BaseModel):
    """A planned pass."""

    start_time: datetime
    end_time: datetime
    ground_station: str


class ContactPlan(BaseModel):
    """What the contact plan of a satellite says of now."""

    is_covered: bool = Field(description="Whether it says when the satellite is to be heard now")
    covered_until: datetime = Field(description="A time in the past: the plan ended then")
    has_run_out: bool = Field(
        description="It is over, its last pass by more than its passes usually lie apart, and none follows"
    )
    running: PassTimes | None = Field(description="The pass that it is in; of several the longest")
    next: PassTimes | None


class Retired(Answer):
    """Who retired a satellite, and why."""

    at: datetime
    operator: str
    comment: str


class RetirementChange(Retired):
    """Who retired a satellite, or took it back, and why."""

    key_name: KeyName
    is_retired: bool = Field(description="false: it was taken back")


class Retirement(Answer):
    """Whether a satellite is retired, and how that came."""

    satellite_id: str
    is_retired: bool
    changes: list[RetirementChange] = Field(description="The newest first, 100 at most")


class SatelliteState(BaseModel):
    """A satellite is as bad as its worst subsystem."""

    satellite_id: str
    state: State
    is_stale: bool
    clock_behind_s: Number = Field(
        description="How far the on-board clock lies behind, negative if ahead; null while it is right"
    )
    last_contact: datetime | None
    contact_plan: ContactPlan | None = Field(description="null: it has none")
    retired: Retired | None = Field(description="null: it is in service")
    open_alerts: int
    unacknowledged_alerts: int = Field(description="Open ones that need attention")
    returned_alerts: int = Field(
        description="Over, and need attention as nobody acknowledged them; 100 = so many or more"
    )
    subsystems: list[SubsystemState]


class Fleet(BaseModel):
    """All satellites, worst first, then by name; the retired ones, where these are asked for."""

    generated_at: datetime
    counts: StateCounts
    retired_count: int = Field(description="Satellites that are retired, listed here or not")
    anomalies_behind_s: AnomaliesBehind
    satellites: list[SatelliteState]
