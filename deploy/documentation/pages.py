"""Which files of the repository are pages of the site, and their Markdown as its converter needs it."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "telemetry_core", "kafka_inference_trigger", "analysis_server", "alarm_notifier", "alarm_server",
    "alarms", "operation_server", "telemetry_writer", "telemetry_replay", "verdict_relay",
    "housekeeping", "scoring",
)  # fmt: skip
OUTSIDE: Final = (
    "README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/*/README.md",
    "frontend/README.md", "benchmarks/README.md", "training/README.md",
    "training/reports/*.md", "training/reports/*.png",
)  # fmt: skip
"""What lies outside `docs/` and is in the site."""

_FENCE: Final = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\[\]]*)\]\(([^)\s]+)\)")
_LIST_BELOW_TEXT: Final = re.compile(r"^(?!\s*(?:[-*+]|\d+\.) |#|\|)(\S.*)\n(?=(?:[-*+]|1\.) )", re.MULTILINE)


def outside_files(root: Path) -> list[str]:
    """Paths below `root` of what OUTSIDE names."""
    return sorted(path.relative_to(root).as_posix() for pattern in OUTSIDE for path in root.glob(pattern))


def page_of(path: str, outside: Iterable[str]) -> str | None:
    """Where the site has the file or package `path` of the repository, with its anchor; None = nowhere."""
    if path == "README.md":
        return "index.md"
    if path in outside:
        return f"project/{path}"
    if path.startswith("docs/") and posixpath.splitext(path)[1]:
        return path.removeprefix("docs/")
    package, *below = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if package in PACKAGES and (path.endswith(".py") or not posixpath.splitext(path)[1]):
        return f"reference/{package}.md#{'.'.join([package, *below])}"
    return None


def as_site(markdown: str, page: str, source: str, outside: Iterable[str]) -> str:
    """Turn what a forge shows of the file `source` into Markdown of `page`.

    Links lead to pages of the site; one that leaves it is only its text. A list gets the blank line before
    it that a forge does without.
    """

    def link(match: re.Match[str]) -> str:
        text, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        there = page_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), path)), outside)
        if there is None:
            return text
        relative = posixpath.relpath(there, posixpath.dirname(page) or ".")
        return f"[{text}]({relative}{'#' + anchor if anchor else ''})"

    return _outside_fences(markdown, lambda text: _LIST_BELOW_TEXT.sub(r"\1\n\n", _LINK.sub(link, text)))


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    return "".join(part if number % 2 else change(part) for number, part in enumerate(_FENCE.split(markdown)))


class _Assets(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.addresses += [value for name, value in attrs if name in {"src", "href", "srcset"} and value]


def foreign_assets(html: str) -> Iterator[str]:
    """Yield what a page would load from another host: scripts, styles, images, frames."""
    parser = _Assets()
    parser.feed(html)
    yield from (address for address in parser.addresses if re.match(r"(?:[a-z]+:)?//", address))
