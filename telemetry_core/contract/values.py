"""What the platform takes for a number, a time and a storable text: one definition for every edge and sink.

A number is finite and fits a float32, for that is what models see; integers beyond 2^53 lose their last
digits, as in every float64. What JSON, PostgreSQL's jsonb and the sinks can't all hold is made storable
here, so that no stored row is one that another service can't read.
"""

import json
import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any, Final

from pydantic_core import from_json

MAX_FLOAT32: Final = 3.4028234663852886e38
MAX_NUMBER_LENGTH: Final = 64
"""Characters of a number that was sent as text."""
MAX_DEPTH: Final = 64
"""Objects and lists within each other; PostgreSQL and every reader in Python go deeper than this."""
Values = Mapping[int, float]
"""Samples of one channel or metric, none missing, by time: microseconds since 1970 UTC, ascending."""

LEAST_INTEGER: Final = -(2**63)
GREATEST_INTEGER: Final = 2**64 - 1
"""Integers that JSON's readers here keep exactly; beyond them they are floating-point numbers."""
MAX_INTEGER_DIGITS: Final = 310
"""A longer integer is beyond every floating-point number."""

TIME_FORMS: Final = (
    "a time is written as 2026-11-28T12:00:00.5Z, 2026-332T12:00:00Z or 20261128T120000Z,"
    " with its offset from UTC (Z, +09, +0900 or +09:00)"
)
MAX_SHOWN_LENGTH: Final = 100
"""Characters of a refused value that are kept."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DATE: Final = (
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})|-?(?P<ordinal>[0-9]{3})"
    r"|(?P<basic_month>[0-9]{2})(?P<basic_day>[0-9]{2}))"
)
_CLOCK: Final = (
    r"(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"|(?P<basic_minute>[0-9]{2})(?:(?P<basic_second>[0-9]{2})(?:[.,](?P<basic_fraction>[0-9]+))?)?)?"
)
_OFFSET: Final = (
    r"(?P<offset>[Zz]|[+-](?P<offset_hour>[01][0-9]|2[0-3])"
    r"(?::?(?P<offset_minute>[0-5][0-9])(?::?(?P<offset_second>[0-5][0-9]))?)?)"
)
_TIME: Final = re.compile(rf"{_DATE}(?:[Tt ]{_CLOCK}{_OFFSET}?)?")
_LONGEST_SHOWN_BITS: Final = 256
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Refusal(StrEnum):
    """Why a value is no sample, or no time of one."""

    NULL = "null"
    FILL_VALUE = "fill_value"
    NOT_FINITE = "not_finite"
    TOO_LARGE = "too_large"
    BOOLEAN = "boolean"
    TEXT = "text"
    NO_NUMBER = "no_number"
    NO_OBJECT = "no_object"
    INVALID_TIMESTAMP = "invalid_timestamp"
    TIME_AHEAD = "time_ahead"
    TIME_TOO_EARLY = "time_too_early"


def number_of(value: object, *, missing: Collection[float] = ()) -> float | None:
    """Return a finite number that fits a float32, also where it was sent as text; otherwise None.

    Booleans are no numbers: whoever allows them says so. `missing` are fill values, which mean "none"; a
    number is one of them where both are the same float64.
    """
    # Nearly all are floats: what else a number may be is asked of the others alone.
    written = value if isinstance(value, float) else _written_number(value)
    if written is None or not -MAX_FLOAT32 <= written <= MAX_FLOAT32:
        return None
    number = float(written)
    return None if number in missing else number


def refusal_of(value: object) -> Refusal:
    """Say why `number_of` returned None."""
    written = _written_number(value)
    if written is not None:
        if isinstance(written, float) and not math.isfinite(written):
            return Refusal.NOT_FINITE
        return Refusal.FILL_VALUE if -MAX_FLOAT32 <= written <= MAX_FLOAT32 else Refusal.TOO_LARGE
    if value is None:
        return Refusal.NULL
    if isinstance(value, bool):
        return Refusal.BOOLEAN
    return Refusal.TEXT if isinstance(value, str) else Refusal.NO_NUMBER


def shown(value: object) -> str:
    """Write any value of JSON for a reader in at most `MAX_SHOWN_LENGTH` storable characters."""
    if isinstance(value, dict):
        return f"an object with {len(value)} fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    text = value if isinstance(value, str) else json.dumps(value)
    return storable_text(text[:MAX_SHOWN_LENGTH])


def parse_time(text: str, *, zone: tzinfo | None = None) -> datetime:
    """Read ISO 8601 as a time in UTC, or raise `ValueError`; `zone` applies to a time without one.

    All that CCSDS 301.0-B-4 (3.5.1, codes A and B) and PostgreSQL write: calendar date or day of the year,
    extended or basic, `T` or a blank, offset `Z`, `+00`, `+0000`, `+00:00` or with seconds. Digits beyond
    microseconds are cut off. A leap second, `:60`, is the instant of the second that follows it, and 24:00 is
    midnight of the day that follows; with `zone` a date alone is its midnight.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(TIME_FORMS)
    offset = _offset_of(found) or zone
    if offset is None:
        raise ValueError(f"the offset from UTC is missing: {TIME_FORMS}")
    try:
        moment = _midnight_of(found) + _since_midnight(found)
        return moment.replace(tzinfo=offset).astimezone(UTC)
    except ValueError as error:
        raise ValueError(f"{error}: {TIME_FORMS}") from error
    except OverflowError as error:
        raise ValueError("a time lies between the years 1 and 9999 UTC") from error


def storable(value: Any, *, depth: int = 0) -> Any:
    """Return a JSON value that jsonb and all readers can hold.

    What is no finite number becomes null, an integer beyond 64 bits a floating-point number, the characters
    that PostgreSQL refuses become U+FFFD, and what lies too deep is cut off.
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not LEAST_INTEGER <= value <= GREATEST_INTEGER:
        return _float_or_none(value)
    if isinstance(value, Mapping):
        inner = {storable_text(str(key)): item for key, item in value.items()} if depth < MAX_DEPTH else {}
        return {key: storable(item, depth=depth + 1) for key, item in inner.items()}
    if isinstance(value, list | tuple):
        return [storable(item, depth=depth + 1) for item in value] if depth < MAX_DEPTH else []
    return value


def storable_text(text: str) -> str:
    """Replace NUL and lone surrogates, which a text column refuses."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def read_json(raw: bytes) -> Any:
    """Read JSON as it was sent, or raise `ValueError`.

    An integer of thousands of digits is no number, and half a surrogate pair no character that can be stored:
    neither spoils the rest.
    """
    try:
        return from_json(raw, allow_inf_nan=True)
    except ValueError:
        patient = read_stored_json(raw.decode())
        if patient is None:
            raise
        return patient


def read_stored_json(text: str | bytes) -> Any:
    """Read JSON from jsonb, which writes 1e20 as an integer of 21 digits: it becomes a number as before.

    What was nested by another hand so deeply that no reader here follows is null.
    """
    try:
        return json.loads(text, parse_int=_integer, parse_float=_finite)
    except RecursionError:
        return None


def _integer(text: str) -> int | float | None:
    if len(text) < 19:
        return int(text)
    if len(text) > MAX_INTEGER_DIGITS:
        return None
    number = int(text)
    return number if LEAST_INTEGER <= number <= GREATEST_INTEGER else _float_or_none(number)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _float_or_none(number: int) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def _written_number(value: object) -> int | float | None:
    if isinstance(value, str):
        text = value.strip() if len(value) <= MAX_NUMBER_LENGTH else ""
        return float(text) if _NUMBER.fullmatch(text) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _midnight_of(found: re.Match[str]) -> datetime:
    year, ordinal = int(found["year"]), found["ordinal"]
    if ordinal is None:
        month, day = found["month"] or found["basic_month"], found["day"] or found["basic_day"]
        return datetime(year, int(month), int(day))  # noqa: DTZ001 - its offset follows
    first = datetime(year, 1, 1)  # noqa: DTZ001
    if not 1 <= int(ordinal) <= first.replace(month=12, day=31).timetuple().tm_yday:
        raise ValueError(f"{year} has no day {ordinal}")
    return first + timedelta(days=int(ordinal) - 1)


def _since_midnight(found: re.Match[str]) -> timedelta:
    hour = int(found["hour"] or 0)
    minute = int(found["minute"] or found["basic_minute"] or 0)
    second = int(found["second"] or found["basic_second"] or 0)
    fraction = found["fraction"] or found["basic_fraction"] or ""
    rest = timedelta(minutes=minute, seconds=second, microseconds=int(fraction[:6].ljust(6, "0")))
    is_day_end = hour == 24 and not rest and not fraction.strip("0")
    if (hour > 23 and not is_day_end) or minute > 59 or second > 60:
        raise ValueError("a day has no such time")
    return timedelta(hours=hour) + rest


def _offset_of(found: re.Match[str]) -> timezone | None:
    written = found["offset"]
    if written is None:
        return None
    if not written.strip("Zz+-0:"):
        return UTC
    hours, minutes, seconds = (int(found[f"offset_{part}"] or 0) for part in ("hour", "minute", "second"))
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-size if written[0] == "-" else size)
