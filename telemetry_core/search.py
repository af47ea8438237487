"""The search engine (OpenSearch or a compatible one) over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
import requests

from telemetry_core.contract.errors import DependencyUnavailable, PlatformError

DEPENDENCY: Final = "search"
VERDICT_INDEX: Final = "inference_logs"
"""Alias of the index that holds one document for each verdict."""
CONNECT_TIMEOUT_S: Final = 1.0


class SearchRefused(PlatformError):  # noqa: N818 - named for what happened
    """The engine called a request wrong; `status` is the HTTP one."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"search refused it with HTTP {status}: {detail}")
        self.status = status


class SearchEngine:
    """Client of one engine; all but a refused request is `DependencyUnavailable`."""

    def __init__(self, base_url: str, *, answer_timeout_s: float) -> None:
        self._url = base_url.rstrip("/")
        self._answer_timeout_s = answer_timeout_s
        self._session = requests.Session()

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        answer_timeout_s: float | None = None,
    ) -> Any:
        """Return the answer's JSON, or raise `SearchRefused` for a 4xx; bytes are lines of JSON.

        `answer_timeout_s` is for this request, instead of the engine's own.
        """
        if not self._url:
            raise DependencyUnavailable(DEPENDENCY, "none is configured (ELASTICSEARCH_URL is empty)")
        is_lines = isinstance(body, bytes)
        try:
            response = self._session.request(
                method,
                self._url + path,
                params=parameters,
                data=body if is_lines or body is None else orjson.dumps(body),
                headers={"Content-Type": "application/x-ndjson" if is_lines else "application/json"},
                timeout=(CONNECT_TIMEOUT_S, answer_timeout_s or self._answer_timeout_s),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, f"{self._url}: {type(error).__name__}") from error
        return _answer(response)

    def exists(self, name: str) -> bool:
        """Tell whether there is an index or alias of that name."""
        try:
            self.send("HEAD", f"/{name}")
        except SearchRefused as error:
            if error.status == requests.codes.not_found:
                return False
            raise
        return True

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()


def _answer(response: requests.Response) -> Any:
    detail = response.text[:300].strip()
    if response.status_code in {401, 403, 408, 429} or response.status_code // 100 not in {2, 4}:
        raise DependencyUnavailable(DEPENDENCY, f"HTTP {response.status_code} {detail}")
    if not response.ok:
        raise SearchRefused(response.status_code, detail)
    try:
        return orjson.loads(response.content) if response.content else None
    except orjson.JSONDecodeError as error:
        raise DependencyUnavailable(DEPENDENCY, f"unreadable answer: {error}") from error
