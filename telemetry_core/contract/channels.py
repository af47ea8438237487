"""Channels of a mission file: what is measured, how it is sent, and which of its deviations count."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, FiniteFloat, field_validator, model_validator

from telemetry_core.contract.rules import MissionPart

MAX_SMOOTHING: Final = 64
MAX_FILL_VALUES: Final = 16

Modulo = Annotated[FiniteFloat, Field(gt=0, le=2**53)]
"""Number of values after which a counter starts anew; beyond 2^53 a float64 can't count."""


class Detection(MissionPart):
    """What of a channel's deviations counts in the anomaly score; the default is everything."""

    smoothing: int = Field(default=1, ge=1, le=MAX_SMOOTHING)
    """Samples of the trailing mean that is judged in place of single samples."""
    direction: Literal["both", "above", "below"] = "both"
    """On which side of the forecast and of the usual level a deviation counts."""
    minimum_deviation: FiniteFloat = Field(default=0, ge=0)
    """In the channel's unit: a window that deviates less counts as nominal."""
    valid_range: tuple[FiniteFloat, FiniteFloat] | None = None
    """In the channel's unit: a value outside is a missing sample."""
    modulo: Modulo | None = Field(default=None, exclude_if=lambda modulo: modulo is None)
    """Of a counter, from its channel: so it travels to where windows are judged. A worker of before it takes
    the settings of what is no counter."""

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        if self.valid_range is not None and not self.valid_range[0] < self.valid_range[1]:
            raise ValueError("valid_range needs a lower value before a higher one")
        return self


class Channel(MissionPart):
    """One measured value of a subsystem."""

    unit: str
    kind: Literal["number", "flag", "counter"] = "number"
    modulo: Modulo | None = None
    """Number of values after which a counter starts anew: such a wrap is no event."""
    feature: bool = True
    """Whether the model sees it; a flag that only a rule reads is no feature."""
    nominal: tuple[float, float] | None = None
    """Usual range in `unit`, drawn by the console; beyond it a subsystem is restless. No score reads it."""
    missing: tuple[FiniteFloat, ...] = Field(default=(), max_length=MAX_FILL_VALUES)
    """Fill values, numbers that its source writes for "none": missing samples wherever they are read."""
    reporting: Literal["periodic", "on_change"] = "periodic"
    """`on_change`: sent only with a new value, the last one holds at the samples of its subsystem."""
    detection: Detection = Detection()

    @field_validator("missing", mode="before")
    @classmethod
    def _lists_numbers(cls, value: object) -> object:
        """Pydantic would take YAML's `off` for the number 0."""
        if not isinstance(value, list | tuple) or any(isinstance(item, bool) for item in value):
            raise ValueError("missing is a list of numbers, such as [-9999, 1e30]")
        return value

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        if self.nominal is not None and not self.nominal[0] < self.nominal[1]:
            raise ValueError("nominal needs a lower value before a higher one")
        return self

    @model_validator(mode="after")
    def _counter_has_modulo(self) -> Self:
        if self.kind == "counter" and self.modulo is None:
            raise ValueError(
                "a counter needs modulo, the number of values after which it wraps around: 65536 for 16 bits"
            )
        if self.kind != "counter" and self.modulo is not None:
            raise ValueError(f"modulo belongs to kind: counter, this channel is a {self.kind}")
        if self.detection.modulo is not None:
            raise ValueError("modulo belongs beside kind: counter, not under detection")
        return self

    @model_validator(mode="after")
    def _detection_has_an_effect(self) -> Self:
        if not self.feature and self.detection != Detection():
            raise ValueError("detection has no effect on a channel that is no feature")
        return self
