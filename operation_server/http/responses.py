"""Answers with many numbers: written without a look at each of them."""

from typing import Any

import orjson
from fastapi import Response


def json_response(body: Any) -> Response:
    """Encode as JSON; times end in Z, what is no finite number is null."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), media_type="application/json")
