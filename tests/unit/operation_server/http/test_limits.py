import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from operation_server.http.limits import LineLimit

STREAM = "/api/v1/verdicts/stream"


class Lines:
    """A server whose lines stay open until their client goes."""

    def __init__(self, **limits: int) -> None:
        self._application = LineLimit(self._hold, **limits)

    @asynccontextmanager
    async def line(self, client: str, path: str = STREAM) -> AsyncIterator[int]:
        """Open a line and yield the status of its answer."""
        sent: asyncio.Queue[Message] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"",
            "client": (client, 50_000),
        }  # fmt: skip
        answering = asyncio.create_task(self._application(scope, receive, sent.put))
        try:
            yield (await asyncio.wait_for(sent.get(), timeout=10))["status"]
        finally:
            gone.set()
            await answering

    async def _hold(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()


def test_one_client_leaves_lines_to_the_others() -> None:
    async def scenario() -> None:
        lines = Lines(of_one=2, of_all=10)
        async with lines.line("10.0.0.1"), lines.line("10.0.0.1"), lines.line("10.0.0.1") as third:
            assert third == 429
            async with lines.line("10.0.0.2") as other:
                assert other == 200

    asyncio.run(scenario())


def test_all_clients_together_are_limited_to_the_servers_capacity() -> None:
    async def scenario() -> None:
        lines = Lines(of_one=2, of_all=3)
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(lines.line(f"10.0.0.{number}")) for number in range(4)]
        assert opened == [200, 200, 200, 429]

    asyncio.run(scenario())


def test_line_that_ended_makes_room() -> None:
    async def scenario() -> None:
        lines = Lines(of_one=1, of_all=1)
        for _ in range(3):
            async with lines.line("10.0.0.1") as status:
                assert status == 200

    asyncio.run(scenario())


def test_ordinary_requests_are_not_counted() -> None:
    async def scenario() -> None:
        lines = Lines(of_one=1, of_all=1)
        async with lines.line("10.0.0.1"), lines.line("10.0.0.1", path="/api/v1/fleet") as status:
            assert status == 200

    asyncio.run(scenario())
