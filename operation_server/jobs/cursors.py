"""Where a page of jobs ends, as text that clients hand back as it is."""

import base64
import re
from datetime import datetime
from typing import Final

from operation_server.http.parameters import JOB_ID_PATTERN
from telemetry_core.contract.messages import microseconds_of, time_of

Position = tuple[datetime, str]
"""When a job was created, and its id."""
_POSITION: Final = re.compile(rf"([0-9]{{1,16}})/({JOB_ID_PATTERN})")


class InvalidCursor(ValueError):  # noqa: N818 - named for what is wrong
    """Text that no answer held."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"{cursor!r} is no cursor")


def encode_cursor(position: Position) -> str:
    """Write a position as text that is safe in a URL."""
    created_at, job_id = position
    return base64.urlsafe_b64encode(f"{microseconds_of(created_at)}/{job_id}".encode()).decode()


def decode_cursor(cursor: str) -> Position:
    """Read it again, or raise `InvalidCursor`."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise InvalidCursor(cursor) from error
    match = re.fullmatch(_POSITION, text)
    if match is None:
        raise InvalidCursor(cursor)
    return time_of(int(match[1])), match[2]
