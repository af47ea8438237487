"""Kafka's page on port 8080: kaskade, a text interface, in the browser; it shows and changes nothing.

Runs in an environment of its own (`kafka-ui-requirements.txt`): `serve ADDRESS PORT KAFKA` is the server,
which starts one `browse KAFKA` for each open page.
"""

import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Never

import aiohttp_jinja2
import jinja2
import textual_serve
from aiohttp import web
from kaskade import admin
from textual_serve.server import Server

TEMPLATES = Path(textual_serve.__file__).parent / "templates"
FOREIGN_STYLE = re.compile(r"<link\b[^>]*https://[^>]*>")
WRITING = frozenset({"new", "edit", "delete"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ReadOnlyTopics(admin.ListTopics):  # type: ignore[misc]
    """The list of topics without the keys that create, edit and delete."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what writes."""
        return False if action in WRITING else super().check_action(action, parameters)


class ReadOnlyTopicService(admin.TopicService):  # type: ignore[misc]
    """Kafka as the page sees it: whatever asks for a change is refused."""

    def create(self, *_: object) -> Never:
        """Refuse a new topic."""
        raise PermissionError("this page is read-only: use kafka-topics")

    edit = add_partitions = delete = create


class LocalServer(Server):  # type: ignore[misc]
    """Serves pages of this machine only, without a font from the internet."""

    def origins(self) -> set[str]:
        """Addresses under which a browser may have got the page."""
        return {f"http://{host}:{self.port}" for host in (self.host, "localhost")}

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        aiohttp_jinja2.setup(app, loader=jinja2.FunctionLoader(local_template))
        app.middlewares.append(self._refuse_foreign_pages)
        return app

    @web.middleware  # type: ignore[untyped-decorator]
    async def _refuse_foreign_pages(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        # Else any page that the operator's browser shows could type into this one.
        own = f"http://{request.host}"
        if not {own, request.headers.get("Origin", own)} <= self.origins() or is_loaded_elsewhere(request):
            raise web.HTTPForbidden(text=f"Open {self.public_url} itself.\n")
        return await handler(request)


def is_loaded_elsewhere(request: web.Request) -> bool:
    """Tell whether another site's page loads this as part of itself; a followed link is not that."""
    headers = request.headers
    return (
        "Origin" not in headers
        and headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
        and (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) != ("navigate", "document")
    )


def local_template(name: str) -> str:
    """Read a template and leave out what it loads from elsewhere."""
    return FOREIGN_STYLE.sub("", (TEMPLATES / name).read_text(encoding="utf-8"))


def browse(kafka: str) -> None:
    """Show topics, partitions, records, groups and lag."""
    vars(admin).update(ListTopics=ReadOnlyTopics, TopicService=ReadOnlyTopicService)
    admin.KaskadeAdmin({"bootstrap.servers": kafka}, refresh_interval=10).run()


def serve(address: str, port: str, kafka: str) -> None:
    """Serve until SIGTERM."""
    command = shlex.join([sys.executable, __file__, "browse", kafka])
    LocalServer(command, host=address, port=int(port), title="Kafka").serve()


if __name__ == "__main__":
    commands: dict[str, Any] = {"browse": browse, "serve": serve}
    commands[sys.argv[1]](*sys.argv[2:])
