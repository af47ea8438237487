"""Parameters that several routes share; each is checked here, so that no query is built from free text."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from telemetry_core.contract.messages import MAX_CLOCK_LEAD_S
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN

API_PREFIX: Final = "/api/v1"
RETENTION: Final = timedelta(days=365)
"""No longer range is asked for: VictoriaMetrics keeps no older samples."""
CLOCK_LEAD: Final = timedelta(seconds=MAX_CLOCK_LEAD_S)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
DEFAULT_RANGE: Final = timedelta(hours=1)
DEFAULT_ALERT_RANGE: Final = timedelta(hours=24)
_CLIENTS_DELAY: Final = timedelta(seconds=10)
"""A client means now by a time that it read so long ago."""
JOB_ID_PATTERN: Final = r"[!-~][ -~]{0,254}"
LARGEST_ID: Final = 2**63 - 1
"""Of a row; PostgreSQL's bigint."""
MODEL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
METRIC_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]{0,199}$"


def _in_utc(moment: datetime) -> datetime:
    """Take a time without zone as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not _EARLIEST <= aware <= _LATEST:
        raise ValueError("must lie between 1970 and 2200")
    return aware.astimezone(UTC)


def _no_number(metric: str) -> str:
    """Refuse a name that every reader of metrics takes for a number."""
    if metric.lower() in {"nan", "inf", "infinity"}:
        raise ValueError(f"{metric} is a number, not a metric; /api/v1/trends/metrics lists the metrics")
    return metric


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in text):
        raise ValueError("must not contain control characters")
    return text


def _printable_lines(text: str) -> str:
    lines = text.replace("\r\n", "\n")
    _printable(lines.replace("\n", ""))
    return lines


Time = Annotated[datetime, AfterValidator(_in_utc)]
JobId = Annotated[
    str, Path(pattern=rf"^{JOB_ID_PATTERN}$", examples=["f47ac10b-58cc-4372-a567-0e02b2c3d479"])
]
Satellite = Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)]
Metric = Annotated[str, StringConstraints(pattern=METRIC_PATTERN), AfterValidator(_no_number)]
Operator = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_printable),
]
Comment = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_printable_lines),
]
RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""Of rows that are only ever added: the larger one is newer, and the next page begins below it."""
Before = Annotated[RowId, Query(description="`next_cursor` of the page before")]
ModelName = Annotated[str, StringConstraints(pattern=MODEL_PATTERN)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,255}$", description="Repeating a request with the same key returns the same job"
    ),
]


OptionalTime = Annotated[Time | None, Query(description="ISO 8601; by default the last hour")]
OptionalBound = Annotated[Time | None, Query(description="ISO 8601; without zone it is UTC")]
_WithinDay = Annotated[Time | None, Query(description="ISO 8601; by default the last 24 hours")]


class OperatorAction(BaseModel):
    """Who does something, and why."""

    model_config = ConfigDict(extra="forbid")

    operator: Annotated[Operator, Field(examples=["Ada"])]
    comment: Annotated[Comment, Field(examples=["Heater stuck on: switched to the redundant one"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """From when until when, both included."""

    start: datetime
    end: datetime


def time_range(
    start_time: Annotated[
        Time, Query(description="ISO 8601; without zone it is UTC", examples=["2025-10-30T00:00:00Z"])
    ],
    end_time: Annotated[
        Time, Query(description="ISO 8601; without zone it is UTC", examples=["2025-10-30T01:00:00Z"])
    ],
) -> TimeRange:
    """Refuse a range that ends before it starts or exceeds the retention."""
    if not start_time < end_time:
        raise HTTPException(422, "start_time must lie before end_time")
    if end_time - start_time > RETENTION:
        raise HTTPException(422, f"the range must not exceed {RETENTION.days} days")
    return TimeRange(start=start_time, end=end_time)


def recent_range(start_time: OptionalTime = None, end_time: OptionalTime = None) -> TimeRange:
    """Complete a range that is not, or only partly, given."""
    end = end_time or datetime.now(UTC)
    return time_range(start_time or end - DEFAULT_RANGE, end)


def recent_day(start_time: _WithinDay = None, end_time: _WithinDay = None) -> TimeRange:
    """Complete a range of alerts; one that lasts until now holds what a fast on-board clock dates ahead."""
    now = datetime.now(UTC)
    end = end_time or now
    asked = time_range(start_time or end - DEFAULT_ALERT_RANGE, end)
    return replace(asked, end=max(end, now + CLOCK_LEAD)) if end >= now - _CLIENTS_DELAY else asked


def past_range(*, length: timedelta, most: timedelta) -> Callable[..., TimeRange]:
    """Make the dependency that completes a range of what happened: of some length up to now, if not given."""

    def asked_range(start_time: OptionalBound = None, end_time: OptionalBound = None) -> TimeRange:
        now = datetime.now(UTC)
        end = end_time or now
        if end > now + _CLIENTS_DELAY:
            raise HTTPException(422, "end_time must not lie in the future")
        asked = time_range(start_time or end - length, end)
        if asked.end - asked.start > most:
            raise HTTPException(422, f"the span must not exceed {most.days} days")
        return asked

    return asked_range


GivenRange = Annotated[TimeRange, Depends(time_range)]
RecentRange = Annotated[TimeRange, Depends(recent_range)]
RecentDay = Annotated[TimeRange, Depends(recent_day)]


def require_known(field: str, name: str, known: Iterable[str]) -> None:
    """Refuse a request that names in a field what there is none of."""
    names = list(known)
    if name not in names:
        raise HTTPException(422, f"{field}: unknown {field} {name}; known: {', '.join(names)}")
