"""Telemetry messages: from the bytes on Kafka to validated samples."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from telemetry_core.contract.channels import Channel
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN, Mission
from telemetry_core.contract.values import (
    TIME_FORMS,
    Refusal,
    number_of,
    parse_time,
    read_json,
    refusal_of,
    shown,
)

MAX_MESSAGE_BYTES: Final = 1_000_000
MAX_CLOCK_LEAD_S: Final = 300
"""A generation time may lie this far after the reception time; beyond it the on-board clock is wrong."""
MAX_DUMP_AGE_S: Final = 365 * 86_400
"""What is older when it is received, more than is kept of telemetry, has a wrong on-board clock."""
CLOCK_PATIENCE: Final = timedelta(minutes=5)
"""So long a wrong on-board clock is one without news of it: jobs, which tell of it too, may be seldom."""
REPLAYED_HEADER: Final = "replayed"
"""Kafka header of a message from a recording or a simulated past: its age does not make it a dump."""
TIMESTAMP: Final = "timestamp"
CONFLICTING_DUPLICATE: Final = "conflicting_duplicate"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND_DIGITS: Final = 13
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


class WrongClock(UnusableSampleSet):
    """A sample set whose time can't be right; its values are nevertheless the satellite's."""

    def __init__(
        self,
        reason: Refusal,
        detail: str,
        *,
        header: "MessageHeader",
        behind_s: float,
        samples: Mapping[str, tuple[float, ...]],
    ) -> None:
        sent = BadValue(channel=TIMESTAMP, reason=reason, value=shown(header.body[TIMESTAMP]))
        super().__init__(reason.value, detail, satellite_id=header.satellite_id, bad_values=[sent])
        #: How far the on-board clock lies behind the reception; negative where it is ahead.
        self.behind_s = behind_s
        #: As far as they were read: none where the header alone was.
        self.samples = samples


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


class ConflictingDuplicate(InvalidTelemetryMessage):
    """A live sample set that contradicts an earlier one: it is corrected, or the clock was set back."""

    def __init__(self, detail: str, *, message: TelemetryMessage, behind_s: float | None) -> None:
        super().__init__(CONFLICTING_DUPLICATE, detail)
        self.satellite_id = message.satellite_id
        self.samples = message.samples
        #: How far the on-board clock was set back; None while this may be a correction.
        self.behind_s = behind_s


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
    header = _header(raw)
    samples, bad_values = _samples(header.body, mission)
    _check_clock(header, mission, received_us, samples)
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
    header = _header(raw)
    _check_clock(header, mission, received_us, {})
    return header


def job_id_of(satellite_id: str, generated_us: int) -> str:
    """Name the job of a sample set: milliseconds in 13 digits, or microseconds in 16 where they matter."""
    milliseconds, rest_us = divmod(generated_us, 1000)
    number = f"{generated_us:016d}" if rest_us else f"{milliseconds:0{_MILLISECOND_DIGITS}d}"
    return f"kafka-{satellite_id}-{number}"


def generated_us_of(job_id: str) -> int:
    """Read the generation time, microseconds since 1970 UTC, that the id of a telemetry job ends in."""
    digits = job_id.rpartition("-")[2]
    return int(digits) * 1000 if len(digits) == _MILLISECOND_DIGITS else int(digits)


def generated_ms_of(job_id: str) -> int:
    """Read the generation time of a telemetry job's id in milliseconds since 1970 UTC."""
    return generated_us_of(job_id) // 1000


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


def _header(raw: bytes | None) -> MessageHeader:
    body = _json_object(raw)
    satellite_id = _satellite_id(body)
    try:
        generated_us = _generation_time(body.get(TIMESTAMP))
    except ValueError as error:
        reason, sent = Refusal.INVALID_TIMESTAMP, shown(body.get(TIMESTAMP))
        raise UnusableSampleSet(
            reason.value,
            str(error),
            satellite_id=satellite_id,
            bad_values=[BadValue(channel=TIMESTAMP, reason=reason, value=sent)],
        ) from error
    return MessageHeader(satellite_id=satellite_id, generated_us=generated_us, body=body)


def _generation_time(text: object) -> int:
    if not isinstance(text, str):
        raise ValueError(  # noqa: TRY004 - refused as any time that can't be read
            f"timestamp is no text: {TIME_FORMS}"
        )
    try:
        return microseconds_of(parse_time(text))
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not a valid time: {error}") from error


def _check_clock(
    header: MessageHeader, mission: Mission, received_us: int, samples: Mapping[str, tuple[float, ...]]
) -> None:
    """Raise `WrongClock` for a time that lies ahead of the reception, or before all missions."""
    text = header.body[TIMESTAMP][:40]
    behind_s = (received_us - header.generated_us) / 1_000_000
    if header.generated_us > received_us + MAX_CLOCK_LEAD_S * 1_000_000:
        detail = f"{text} lies over {MAX_CLOCK_LEAD_S} s after its reception"
        raise WrongClock(Refusal.TIME_AHEAD, detail, header=header, behind_s=behind_s, samples=samples)
    if header.generated_us < microseconds_of(mission.earliest_time):
        detail = f"{text} lies before {mission.earliest_time}"
        raise WrongClock(Refusal.TIME_TOO_EARLY, detail, header=header, behind_s=behind_s, samples=samples)


def _samples(
    body: Mapping[str, Any], mission: Mission
) -> tuple[dict[str, tuple[float, ...]], list[BadValue]]:
    """Return the values of each subsystem that has any, and what was taken as missing."""
    samples: dict[str, tuple[float, ...]] = {}
    bad_values: list[BadValue] = []
    for name, subsystem in mission.subsystems.items():
        fields = body.get(name)
        if fields is None:
            continue
        if not isinstance(fields, dict):
            bad_values.append(BadValue(channel=name, reason=Refusal.NO_OBJECT, value=shown(fields)))
            continue
        numbers = [
            number_of(_flag_as_number(fields.get(channel), definition), missing=definition.missing)
            for channel, definition in subsystem.channels.items()
        ]
        if None in numbers:
            bad_values += _bad_values(name, fields, numbers, subsystem.channels)
        if any(number is not None for number in numbers):
            samples[name] = tuple(math.nan if number is None else number for number in numbers)
    return samples, bad_values


def _flag_as_number(value: object, channel: Channel) -> object:
    return int(value) if isinstance(value, bool) and channel.kind == "flag" else value


def _bad_values(
    subsystem: str,
    fields: Mapping[str, Any],
    numbers: Iterable[float | None],
    channels: Mapping[str, Channel],
) -> Iterator[BadValue]:
    for (name, channel), number in zip(channels.items(), numbers, strict=True):
        if number is None and name in fields:
            reason = refusal_of(_flag_as_number(fields[name], channel))
            yield BadValue(channel=f"{subsystem}.{name}", reason=reason, value=shown(fields[name]))


def _nothing_usable(subsystems: str, bad_values: Sequence[BadValue]) -> str:
    """Name the first values before the subsystems: of a long detail only the beginning is kept."""
    first = [f"{bad.channel} is {bad.value!r} ({bad.reason})" for bad in bad_values[:3]]
    return "; ".join([*first, f"no usable value in any of: {subsystems}"])
