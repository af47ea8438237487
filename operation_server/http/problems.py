"""Errors as `application/problem+json` (RFC 9457), with the `detail` that clients read."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from telemetry_core.contract.errors import DependencyUnavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5

_log = structlog.get_logger(__name__)


class FieldProblem(BaseModel):
    """One wrong field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request failed and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error answers for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    """Give a request its answer, or a WebSocket before it opens."""
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(answer)
    else:
        await answer(scope, receive, send)


UNREADABLE_BODY: Final = "There was an error parsing the body"
"""FastAPI's words for bytes that are no text or numbers without end; other bad JSON is a 422 there."""


def problem_response(
    request: HTTPConnection,
    status: int,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Build the answer."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=errors or [],
    )
    return JSONResponse(problem.model_dump(), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(DependencyUnavailable, _dependency_away)
    app.add_exception_handler(Exception, _fault)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    headers = dict(error.headers) if error.headers else None
    if error.status_code == HTTPStatus.BAD_REQUEST and error.detail == UNREADABLE_BODY:
        detail = "body: neither UTF-8 nor JSON that this server can read"
        return problem_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, headers=headers)
    return problem_response(request, error.status_code, error.detail, headers=headers)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    # Never the input itself: it may hold what no JSON document can, such as NaN.
    errors = [
        FieldProblem(field=_path(item["loc"]), message=_printable(item["msg"])) for item in error.errors()
    ]
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:5])
    return problem_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors[:50])


async def _dependency_away(request: Request, error: Exception) -> JSONResponse:
    _log.warning(str(error), path=request.url.path)
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return problem_response(request, HTTPStatus.SERVICE_UNAVAILABLE, _printable(str(error)), headers=headers)


async def _fault(request: Request, _error: Exception) -> JSONResponse:
    detail = "The server failed; its log says why"
    return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _path(location: tuple[int | str, ...]) -> str:
    return _printable(".".join(str(part) for part in location))


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()[:500]
