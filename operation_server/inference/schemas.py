"""Requests to judge a posted series, and the job that each became."""

from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, StringConstraints, model_validator

from operation_server.http.responses import Answer
from telemetry_core.contract.mission import (
    LONGEST_INTERVAL_S,
    MAX_HORIZON,
    MAX_WINDOW_LENGTH,
    MIN_WINDOW_LENGTH,
    SATELLITE_ID_PATTERN,
)
from telemetry_core.contract.models import MODEL_VERSION_PATTERN
from telemetry_core.contract.rules import Name
from telemetry_core.contract.values import MAX_FLOAT32

MIN_POINTS = 10

MAX_POINTS = 10_000

NO_SATELLITE = "none"

MAX_METADATA_BYTES = 16_384

#: A number that a float32 can hold.
Value = Annotated[FiniteFloat, Field(ge=-MAX_FLOAT32, le=MAX_FLOAT32)]

Series = Annotated[list[Value], Field(max_length=MAX_POINTS)]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", protected_namespaces=())


class InferenceConfig(_Request):
    """How far to look ahead and back."""

    forecast_horizon: int | None = Field(default=None, ge=1, le=MAX_HORIZON)
    forecast_steps: int | None = Field(
        default=None, ge=1, le=MAX_HORIZON, description="Older name of `forecast_horizon`"
    )
    window_size: int | None = Field(default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH)
    sequence_length: int | None = Field(
        default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH, description="Older name of `window_size`"
    )
    interval_s: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_INTERVAL_S,
        description="Seconds between samples; if given, channels are compared with what is usual at it",
    )
    model_version: str | None = Field(
        default=None,
        pattern=MODEL_VERSION_PATTERN,
        description="By default the mission's for subsystems and its model, else the newest installed",
    )

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for name, older in (("forecast_horizon", "forecast_steps"), ("window_size", "sequence_length")):
            values = {getattr(self, name), getattr(self, older)} - {None}
            if len(values) > 1:
                raise ValueError(f"{name} and {older} are two names of one value and contradict each other")
        return self


class InferenceMetadata(BaseModel):
    """Who asks and for which satellite; further keys are stored with the job."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    satellite_id: Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)] = NO_SATELLITE
    source: Literal["manual", "scheduled", "test"] = "manual"
    trigger_reason: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,100}$")] | None = None

    @model_validator(mode="after")
    def _is_storable(self) -> Self:
        try:
            encoded = orjson.dumps(self.__pydantic_extra__)
        except TypeError as error:
            raise ValueError(f"metadata can't be stored as JSON: {error}") from error
        if len(encoded) > MAX_METADATA_BYTES:
            raise ValueError(f"metadata takes {len(encoded)} bytes, {MAX_METADATA_BYTES} are allowed")
        if b"\\u0000" in encoded:
            raise ValueError("metadata must not contain the character NUL")
        if not _all_finite(self.__pydantic_extra__):
            raise ValueError("metadata must not contain NaN or infinite numbers")
        return self


class SubmitRequest(_Request):
    """A series, or the channels of several subsystems, to be judged as one job."""

    model_name: str = Field(min_length=1, max_length=100, description="A model of the repository")
    data: Series | None = Field(default=None, description="One series, oldest value first")
    subsystems: dict[Name, dict[Name, Series]] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="Instead of `data`: subsystem of the mission to channel to series, oldest value first",
    )
    config: InferenceConfig = InferenceConfig()
    metadata: InferenceMetadata = Field(default_factory=lambda: InferenceMetadata.model_validate({}))

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_name": "lstm_timeseries",
                    "data": [25.0, 26.1, 27.3, 28.5, 29.2, 30.1, 31.0, 32.4, 33.1, 34.5],
                    "config": {"forecast_horizon": 5, "window_size": 10},
                    "metadata": {"satellite_id": "SAT-001", "source": "manual"},
                },
                {
                    "model_name": "lstm_timeseries",
                    "subsystems": {
                        "comm": {
                            "rssi_dbm": [-80.0, -79.5, -79.0, -78.5, -78.0, -77.5, -77.0, -76.5, -76.0, -75.5]
                        }
                    },
                    "metadata": {"satellite_id": "SAT-001", "trigger_reason": "manual_test"},
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _has_one_input(self) -> Self:
        if (self.data is None) == (self.subsystems is None):
            raise ValueError("either data or subsystems is needed, and not both")
        return self


class SubmitResponse(Answer):
    """The job that was dispatched."""

    job_id: str = Field(examples=["f47ac10b-58cc-4372-a567-0e02b2c3d479"])
    status: Literal["pending"] = "pending"
    message: str = "Inference job submitted to analysis server"


def _all_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_all_finite(item) for item in value.values())
    if isinstance(value, list):
        return all(_all_finite(item) for item in value)
    return not isinstance(value, float) or abs(value) < float("inf")
