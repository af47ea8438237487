"""Kafka's page behind port 8080: kaskade, a text interface, in the browser; it shows and changes nothing.

Runs in an environment of its own (`tools/kafka-ui-requirements.txt`): `serve ADDRESS PORT KAFKA` is the
server, which starts one `browse KAFKA` for each open page.
"""

import re
import shlex
import sys
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


class ReadOnlyTopics(admin.ListTopics):
    """The list of topics without the keys that create, edit and delete."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what writes."""
        return False if action in WRITING else super().check_action(action, parameters)


class ReadOnlyTopicService(admin.TopicService):
    """Kafka as the page sees it: whatever asks for a change is refused."""

    def create(self, *_: object) -> Never:
        """Refuse a new topic."""
        raise PermissionError("this page is read-only: use kafka-topics")

    edit = add_partitions = delete = create


class InnerServer(Server):
    """Serves pages to nginx, which looks at names, pages and keys; without a font from the internet."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        aiohttp_jinja2.setup(app, loader=jinja2.FunctionLoader(local_template))
        return app

    async def handle_index(self, request: web.Request) -> web.Response:
        """Answer with a page whose addresses are those under which a browser asked for it."""
        page: web.Response = await super().handle_index(request)
        page.text = (page.text or "").replace(f"//{self.host}:{self.port}", f"//{request.host}")
        return page


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
    InnerServer(command, host=address, port=int(port), title="Kafka").serve()


if __name__ == "__main__":
    commands: dict[str, Any] = {"browse": browse, "serve": serve}
    commands[sys.argv[1]](*sys.argv[2:])
