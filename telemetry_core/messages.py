"""Telemetry messages: from the bytes on Kafka to validated samples."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from telemetry_core.errors import InvalidTelemetryMessage
from telemetry_core.subsystems import SATELLITE_ID_PATTERN, Channel, Mission
from telemetry_core.values import TIME_FORMS, Refusal, number_of, parse_time, read_json, refusal_of, shown

MAX_MESSAGE_BYTES: Final = 1_000_000
MAX_CLOCK_LEAD_S: Final = 300
"""A generation time may lie this far after the reception time; beyond it the on-board clock is wrong."""
MAX_DUMP_AGE_S: Final = 365 * 86_400
"""What is older when it is received, more than is kept of telemetry, has a wrong on-board clock."""
REPLAYED_HEADER: Final = "replayed"
"""Kafka header of a message from a recording or a simulated past: its age does not make it a dump."""
TIMESTAMP: Final = "timestamp"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadValue:
    """A value that was present and is no sample (NaN, null, fill value, wrong type, beyond float32)."""

    #: `subsystem.channel`; the subsystem alone where it is no object, `timestamp` for the generation time.
    channel: str
    reason: Refusal
    #: For a reader, cut.
    value: str


class UnusableSampleSet(InvalidTelemetryMessage):
    """A message of a known satellite that can never be used, with the values that are the reason."""

    def __init__(
        self, reason: str, detail: str, *, satellite_id: str, bad_values: Sequence[BadValue]
    ) -> None:
        super().__init__(reason, detail)
        self.satellite_id = satellite_id
        self.bad_values = bad_values


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryMessage:
    """One sample set of one satellite."""

    satellite_id: str
    #: Generation time, microseconds since 1970 UTC.
    generated_us: int
    #: Subsystem to values in channel order; NaN = missing. A subsystem without any value is left out.
    samples: Mapping[str, tuple[float, ...]]
    #: What was taken as missing.
    bad_values: Sequence[BadValue]


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
    bad_values: list[BadValue] = []
    for name, subsystem in mission.subsystems.items():
        fields = header.body.get(name)
        if fields is None:
            continue
        if not isinstance(fields, dict):
            bad_values.append(BadValue(channel=name, reason=Refusal.NO_OBJECT, value=shown(fields)))
            continue
        values = tuple(_value(fields, channel, subsystem.channels[channel]) for channel in subsystem.channels)
        bad_values += _bad_values(name, fields, values, subsystem.channels)
        if not all(math.isnan(value) for value in values):
            samples[name] = values
    if not samples:
        raise UnusableSampleSet(
            "no_usable_channel",
            _nothing_usable(", ".join(mission.subsystems), bad_values),
            satellite_id=header.satellite_id,
            bad_values=bad_values,
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
    satellite_id = _satellite_id(body)
    try:
        generated_us = _generation_time(body, mission, received_us)
    except InvalidTelemetryMessage as error:
        sent = shown(body.get(TIMESTAMP))
        raise UnusableSampleSet(
            error.reason,
            error.detail,
            satellite_id=satellite_id,
            bad_values=[BadValue(channel=TIMESTAMP, reason=Refusal(error.reason), value=sent)],
        ) from error
    return MessageHeader(satellite_id=satellite_id, generated_us=generated_us, body=body)


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
    text = body.get(TIMESTAMP)
    if not isinstance(text, str):
        raise InvalidTelemetryMessage(Refusal.INVALID_TIMESTAMP.value, f"timestamp is no text: {TIME_FORMS}")
    try:
        generated_us = microseconds_of(parse_time(text))
    except ValueError as error:
        raise InvalidTelemetryMessage(
            Refusal.INVALID_TIMESTAMP.value, f"{text[:40]!r} is no time: {error}"
        ) from error
    if generated_us > received_us + MAX_CLOCK_LEAD_S * 1_000_000:
        raise InvalidTelemetryMessage(
            Refusal.TIME_AHEAD.value, f"{text[:40]} lies over {MAX_CLOCK_LEAD_S} s after its reception"
        )
    if generated_us < microseconds_of(mission.earliest_time):
        raise InvalidTelemetryMessage(
            Refusal.TIME_TOO_EARLY.value, f"{text[:40]} lies before {mission.earliest_time}"
        )
    return generated_us


def _value(fields: Mapping[str, Any], name: str, channel: Channel) -> float:
    """Return what a channel takes for a number, or NaN."""
    number = number_of(_flag_as_number(fields.get(name), channel), missing=channel.missing)
    return math.nan if number is None else number


def _flag_as_number(value: object, channel: Channel) -> object:
    return int(value) if isinstance(value, bool) and channel.kind == "flag" else value


def _bad_values(
    subsystem: str, fields: Mapping[str, Any], values: Iterable[float], channels: Mapping[str, Channel]
) -> Iterator[BadValue]:
    for (name, channel), value in zip(channels.items(), values, strict=True):
        if math.isnan(value) and name in fields:
            reason = refusal_of(_flag_as_number(fields[name], channel))
            yield BadValue(channel=f"{subsystem}.{name}", reason=reason, value=shown(fields[name]))


def _nothing_usable(subsystems: str, bad_values: Sequence[BadValue]) -> str:
    """Name the first values before the subsystems: of a long detail only the beginning is kept."""
    first = [f"{bad.channel} is {bad.value!r} ({bad.reason})" for bad in bad_values[:3]]
    return "; ".join([*first, f"no usable value in any of: {subsystems}"])
