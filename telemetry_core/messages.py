"""Telemetry messages: from the bytes on Kafka to validated samples."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from telemetry_core.errors import InvalidTelemetryMessage
from telemetry_core.subsystems import SATELLITE_ID_PATTERN, Channel, Mission
from telemetry_core.values import number_of, parse_time, read_json

MAX_MESSAGE_BYTES: Final = 1_000_000
MAX_CLOCK_LEAD_S: Final = 300
"""A generation time may lie this far after the reception time; beyond it the on-board clock is wrong."""
MAX_DUMP_AGE_S: Final = 365 * 86_400
"""What is older when it is received, more than is kept of telemetry, has a wrong on-board clock."""
REPLAYED_HEADER: Final = "replayed"
"""Kafka header of a message from a recording or a simulated past: its age does not make it a dump."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryMessage:
    """One sample set of one satellite."""

    satellite_id: str
    #: Generation time, microseconds since 1970 UTC.
    generated_us: int
    #: Subsystem to values in channel order; NaN = missing. A subsystem without any value is left out.
    samples: Mapping[str, tuple[float, ...]]
    #: Values that were present but unusable (NaN, null, fill value, wrong type, beyond float32).
    bad_values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeader:
    """Whose message it is and of when; the body is as it was sent, not yet judged by channel."""

    satellite_id: str
    #: Generation time, microseconds since 1970 UTC.
    generated_us: int
    body: Mapping[str, Any]


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    satellite_id: Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)]


def parse_telemetry_message(raw: bytes | None, *, mission: Mission, received_us: int) -> TelemetryMessage:
    """Parse and validate one Kafka value, or raise `InvalidTelemetryMessage` with the reason.

    `received_us` is the broker's append time: with it, unlike with the clock, a redelivered message
    is judged as it was the first time.
    """
    header = parse_header(raw, mission=mission, received_us=received_us)
    samples: dict[str, tuple[float, ...]] = {}
    bad_values = 0
    for name, subsystem in mission.subsystems.items():
        fields = header.body.get(name)
        if not isinstance(fields, dict):
            bad_values += fields is not None
            continue
        values, bad = _values(fields, subsystem.channels)
        bad_values += bad
        if not all(math.isnan(value) for value in values):
            samples[name] = values
    if not samples:
        raise InvalidTelemetryMessage(
            "no_usable_channel", f"no usable value in any of: {', '.join(mission.subsystems)}"
        )
    return TelemetryMessage(
        satellite_id=header.satellite_id,
        generated_us=header.generated_us,
        samples=samples,
        bad_values=bad_values,
    )


def parse_header(raw: bytes | None, *, mission: Mission, received_us: int) -> MessageHeader:
    """Find satellite and generation time, or raise `InvalidTelemetryMessage` with the reason."""
    body = _json_object(raw)
    return MessageHeader(
        satellite_id=_satellite_id(body),
        generated_us=_generation_time(body, mission, received_us),
        body=body,
    )


def job_id_of(satellite_id: str, generated_us: int) -> str:
    """Name the job of a sample set: milliseconds in 13 digits, or microseconds in 16 where they matter."""
    milliseconds, rest_us = divmod(generated_us, 1000)
    number = f"{generated_us:016d}" if rest_us else f"{milliseconds:013d}"
    return f"kafka-{satellite_id}-{number}"


def microseconds_of(moment: datetime) -> int:
    """Convert an aware time to microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def time_of(microseconds: int) -> datetime:
    """Convert microseconds since 1970 UTC to an aware time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _json_object(raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise InvalidTelemetryMessage("not_json", "the message has no value")
    if len(raw) > MAX_MESSAGE_BYTES:
        raise InvalidTelemetryMessage("too_large", f"{len(raw)} bytes, {MAX_MESSAGE_BYTES} allowed")
    try:
        body = read_json(raw)
    except ValueError as error:
        raise InvalidTelemetryMessage("not_json", str(error)) from error
    if not isinstance(body, dict):
        raise InvalidTelemetryMessage("not_json", f"an object is needed, not {type(body).__name__}")
    return body


def _satellite_id(body: dict[str, Any]) -> str:
    try:
        return _Header.model_validate(body).satellite_id
    except ValidationError as error:
        raise InvalidTelemetryMessage("invalid_satellite_id", error.errors()[0]["msg"]) from error


def _generation_time(body: dict[str, Any], mission: Mission, received_us: int) -> int:
    text = body.get("timestamp")
    if not isinstance(text, str):
        raise InvalidTelemetryMessage("invalid_timestamp", "timestamp must be ISO 8601 text with UTC offset")
    try:
        generated_us = microseconds_of(parse_time(text))
    except ValueError as error:
        raise InvalidTelemetryMessage(
            "invalid_timestamp", f"{text[:40]!r} is not ISO 8601 with UTC offset"
        ) from error
    if generated_us > received_us + MAX_CLOCK_LEAD_S * 1_000_000:
        raise InvalidTelemetryMessage(
            "time_ahead", f"{text[:40]} lies over {MAX_CLOCK_LEAD_S} s after its reception"
        )
    if generated_us < microseconds_of(mission.earliest_time):
        raise InvalidTelemetryMessage("time_too_early", f"{text[:40]} lies before {mission.earliest_time}")
    return generated_us


def _values(fields: dict[str, Any], channels: Mapping[str, Channel]) -> tuple[tuple[float, ...], int]:
    values = []
    bad = 0
    for name, channel in channels.items():
        value = _number(fields[name], channel) if name in fields else None
        bad += value is None and name in fields
        values.append(math.nan if value is None else value)
    return tuple(values), bad


def _number(value: object, channel: Channel) -> float | None:
    """Return what a channel takes for a number, or None."""
    if isinstance(value, bool) and channel.kind == "flag":
        value = int(value)
    return number_of(value, missing=channel.missing)
