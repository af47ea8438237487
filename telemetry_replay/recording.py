"""The `recording:` section of a mission file: which column of a recording is which channel."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN, Mission

ChannelPath = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class _RecordingPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumn(_RecordingPart):
    """Which column holds a sample's generation time and in which format; without a zone it is UTC."""

    column: str
    format: str = "iso8601"
    """`iso8601`, `unix_s`, `unix_ms`, `unix_us` or a strptime pattern such as `%d.%m.%Y %H:%M:%S`."""

    @model_validator(mode="after")
    def _format_is_known(self) -> Self:
        if self.format not in {"iso8601", "unix_s", "unix_ms", "unix_us"} and "%" not in self.format:
            raise ValueError("format is iso8601, unix_s, unix_ms, unix_us or a strptime pattern")
        return self


class Recording(_RecordingPart):
    """Layout of a recording of one satellite."""

    satellite_id: Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)]
    time: TimeColumn
    channels: dict[str, ChannelPath] = Field(min_length=1)
    """Column to `subsystem.channel`."""
    skip_lines: int = Field(default=0, ge=0)
    """Lines of a CSV file before the one that names the columns."""


def recording_of(mission: Mission, source: str) -> Recording:
    """Validate the mission's recording section; raises `InvalidMission` naming `source` and the reason."""
    if mission.recording is None:
        raise InvalidMission(f"{source}: no `recording:` section, so no column can be assigned to a channel")
    try:
        recording = Recording.model_validate(mission.recording)
    except ValidationError as error:
        problems = [f"recording.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InvalidMission(f"{source}: {'; '.join(problems)}") from error
    _require_channels(mission, recording, source)
    return recording


def _require_channels(mission: Mission, recording: Recording, source: str) -> None:
    paths = list(recording.channels.values())
    known = {f"{name}.{channel}" for name, part in mission.subsystems.items() for channel in part.channels}
    if unknown := sorted(set(paths) - known):
        raise InvalidMission(f"{source}: recording.channels names {', '.join(unknown)}, not in subsystems")
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        raise InvalidMission(f"{source}: recording.channels assigns {', '.join(twice)} to two columns")
