"""A receiver of webhooks that takes messages, refuses them or hangs, as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.http_server import serving


@dataclass
class Receiver:
    """What came, taken or not, each with its headers and body."""

    url: str = ""
    status: int = 204
    is_hanging: bool = False
    taken: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(body["type"], body["data"]["alarm_id"]) for _, body in self.taken]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.taken]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if receiver.is_hanging:
                receiver.goes_on.wait(30)
            if receiver.status < 300:
                receiver.taken.append((headers, json.loads(body)))
            else:
                receiver.refused.append(headers)
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with serving(Handler, port=port) as url:
        receiver.url = url
        try:
            yield receiver
        finally:
            receiver.goes_on.set()
