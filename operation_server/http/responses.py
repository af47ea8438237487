"""Response parts that several features share, and fast writing of numeric responses."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict

Number = float | None

State = Literal["critical", "serious", "caution", "normal", "standby", "off"]
"""How a satellite, or a part of the pipeline, is: the words of the Astro UXDS."""


class Answer(BaseModel):
    """Base of what routes answer; a field may be called `model_...`."""

    model_config = ConfigDict(protected_namespaces=())


def next_cursor(rows: Sequence[Mapping[str, Any]], limit: int) -> int | None:
    """Return where the page after the first `limit` of some rows begins; None: there are no more rows."""
    return rows[limit - 1]["id"] if len(rows) > limit else None


def utc_text(at: datetime, *, timespec: Literal["milliseconds", "seconds"] = "milliseconds") -> str:
    """Write a time as answers do."""
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def json_response(body: Any) -> Response:
    """Encode as JSON without a look at each number; times end in Z, what is no finite number is null."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), media_type="application/json")
