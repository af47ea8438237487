"""The span of a shift: complete where it is not given, and refused where it makes no sense."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import HTTPException, Query

from operation_server.http.parameters import CLIENTS_DELAY, Time, TimeRange, time_range

OptionalTime = Annotated[Time | None, Query(description="ISO 8601; without zone it is UTC")]


def span_of(*, length: timedelta, most: timedelta) -> Callable[..., TimeRange]:
    """Make the dependency that tells the span of a request: up to now, of some length, if it says nothing."""

    def span(start_time: OptionalTime = None, end_time: OptionalTime = None) -> TimeRange:
        now = datetime.now(UTC)
        end = end_time or now
        if end > now + CLIENTS_DELAY:
            raise HTTPException(422, "end_time must not lie in the future")
        asked = time_range(start_time or end - length, end)
        if asked.end - asked.start > most:
            raise HTTPException(422, f"the span must not exceed {most.days} days")
        return asked

    return span
