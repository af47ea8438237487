"""The arguments of hand-sent and API tasks: validated, and turned into windows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, ValidationError

from analysis_server.windows.window_sets import WindowSet
from scoring.series.judgement import LARGEST_VALUE
from telemetry_core.contract.channels import Detection, Modulo
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import Job, Source
from telemetry_core.contract.mission import (
    LONGEST_INTERVAL_S,
    MAX_HORIZON,
    MAX_WINDOW_LENGTH,
    MIN_WINDOW_LENGTH,
    SATELLITE_ID_PATTERN,
    SERIES_SUBSYSTEM,
)
from telemetry_core.contract.models import MODEL_VERSION_PATTERN
from telemetry_core.contract.rules import Name

DEFAULT_HORIZON: Final = 5
DEFAULT_WINDOW_LENGTH: Final = 64
NO_SATELLITE: Final = "none"
NO_VERSION: Final = "none"
"""Stands in the failed row of a model that the repository lacks."""
SERIES_CHANNEL: Final = "value"

NewestVersion = Callable[[str], str | None]
"""From a model's name to the newest of its versions."""

JobId = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,255}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Series = Annotated[list[FiniteFloat | None], Field(min_length=1, max_length=10_000)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


Parsed = TypeVar("Parsed", bound=_Arguments)


class Config(_Arguments):
    """How far to look back and ahead; the older names are read too."""

    forecast_horizon: int | None = Field(default=None, ge=1, le=MAX_HORIZON)
    forecast_steps: int | None = Field(default=None, ge=1, le=MAX_HORIZON)
    window_size: int | None = Field(default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH)
    sequence_length: int | None = Field(default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH)
    model_version: Annotated[str, StringConstraints(pattern=MODEL_VERSION_PATTERN)] | None = None
    """By default the newest of the repository."""
    interval_s: FiniteFloat | None = Field(default=None, gt=0, le=LONGEST_INTERVAL_S)
    """Seconds between the samples of every series; None = untold."""
    moduli: dict[Name, Modulo] = {}
    """Of counters, by channel: the number of values after which each starts anew."""

    @property
    def horizon(self) -> int:
        """Number of steps to forecast."""
        return self.forecast_horizon or self.forecast_steps or DEFAULT_HORIZON

    @property
    def window_length(self) -> int:
        """Number of newest samples that the model sees."""
        return self.window_size or self.sequence_length or DEFAULT_WINDOW_LENGTH


class Metadata(_Arguments):
    """Who asked, for which satellite, when."""

    model_config = ConfigDict(extra="allow")

    satellite_id: Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)] = NO_SATELLITE
    source: Source = Source.MANUAL
    trigger_reason: Annotated[str, StringConstraints(max_length=100)] | None = None
    total_subsystems: int = Field(default=1, ge=1, le=100)
    created_at: datetime | None = None


class SeriesArguments(_Arguments):
    """Arguments of `run_inference`."""

    job_id: JobId
    model_name: ModelName
    data: Series
    config: Config = Config()
    metadata: Metadata = Metadata()


class SubsystemArguments(_Arguments):
    """Arguments of `run_subsystem_inference` as the operator's manual lists them."""

    job_id: JobId
    subsystem: Name
    model_name: ModelName
    input_data: Annotated[
        dict[Name, Series] | list[FiniteFloat | None] | list[list[FiniteFloat | None]], Field(min_length=1)
    ]
    """Series by channel; or rows in time order; or one row in `input_features` order."""
    input_features: list[Name] | None = None
    config: Config = Config()
    metadata: Metadata = Metadata()


def parse_series(arguments: Mapping[str, Any], *, newest_version: NewestVersion) -> WindowSet:
    """Read the arguments of `run_inference`, or raise `ModelContractError` naming the wrong one."""
    parsed = _validated(SeriesArguments, arguments)
    return _window_set(
        parsed,
        newest_version,
        subsystem=SERIES_SUBSYSTEM,
        channels=(SERIES_CHANNEL,),
        series=[parsed.data],
        origin={"series": parsed.data},
        is_plain_series=True,
    )


def parse_subsystem(arguments: Mapping[str, Any], *, newest_version: NewestVersion) -> WindowSet:
    """Read the arguments of `run_subsystem_inference`, or raise `ModelContractError`."""
    parsed = _validated(SubsystemArguments, arguments)
    channels, series = _series_by_channel(parsed)
    return _window_set(
        parsed,
        newest_version,
        subsystem=parsed.subsystem,
        channels=channels,
        series=series,
        origin={"series": dict(zip(channels, series, strict=True))},
    )


def _validated(kind: type[Parsed], arguments: Mapping[str, Any]) -> Parsed:
    try:
        return kind.model_validate({key: value for key, value in arguments.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelContractError(f"task argument {where}: {first['msg']}") from error


def _series_by_channel(
    parsed: SubsystemArguments,
) -> tuple[tuple[str, ...], list[Sequence[float | None]]]:
    data = parsed.input_data
    if isinstance(data, dict):
        names = tuple(parsed.input_features or data)
        missing = [name for name in names if name not in data]
        if missing:
            raise ModelContractError(f"task argument input_data: no series for {', '.join(missing)}")
        return names, [data[name] for name in names]
    rows = [row if isinstance(row, list) else [row] for row in data]
    names = tuple(parsed.input_features or [SERIES_CHANNEL])
    if all(len(row) == 1 for row in rows) and len(rows) == len(names):
        rows = [[row[0] for row in rows]]
    if any(len(row) != len(names) for row in rows):
        raise ModelContractError(f"task argument input_data: rows need {len(names)} values, one per feature")
    return names, [list(column) for column in zip(*rows, strict=True)]


def _window_set(  # noqa: PLR0913 - the parts of one window
    parsed: SeriesArguments | SubsystemArguments,
    newest_version: NewestVersion,
    *,
    subsystem: str,
    channels: tuple[str, ...],
    series: Sequence[Sequence[float | None]],
    origin: Mapping[str, Any],
    is_plain_series: bool = False,
) -> WindowSet:
    length = min(parsed.config.window_length, max(len(values) for values in series))
    window = np.full((1, len(channels), length), np.nan)
    for target, values in zip(window[0], series, strict=True):
        newest = [
            np.nan if value is None or abs(value) > LARGEST_VALUE else value for value in values[-length:]
        ]
        target[length - len(newest) :] = newest
    return WindowSet(
        subsystem=subsystem,
        model_name=parsed.model_name,
        model_version=parsed.config.model_version or newest_version(parsed.model_name) or NO_VERSION,
        channels=channels,
        horizon=parsed.config.horizon,
        jobs=[_job(parsed)],
        origins=[origin],
        windows=window,
        interval_s=_told_interval_s(parsed.config, len(channels)),
        is_plain_series=is_plain_series,
        detection={name: Detection(modulo=modulo) for name, modulo in parsed.config.moduli.items()},
    )


def _told_interval_s(config: Config, channel_count: int) -> NDArray[np.float64] | None:
    return None if config.interval_s is None else np.full((1, channel_count), config.interval_s)


def _job(parsed: SeriesArguments | SubsystemArguments) -> Job:
    metadata = parsed.metadata
    return Job(
        job_id=parsed.job_id,
        satellite_id=metadata.satellite_id,
        source=metadata.source,
        trigger_reason=metadata.trigger_reason,
        trigger_reasons=(metadata.trigger_reason,) if metadata.trigger_reason else (),
        total_subsystems=metadata.total_subsystems,
        created_at=_utc(metadata.created_at) if metadata.created_at else datetime.now(UTC),
        # As it came, so that a client finds what it sent in the result.
        metadata=metadata.model_dump(mode="json", exclude={"total_subsystems"}, exclude_unset=True),
    )


def _utc(moment: datetime) -> datetime:
    """Treat a time without zone as UTC: hand-sent tasks often have none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
