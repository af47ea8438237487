"""The fenced blocks of the user's manual: what is typed, where it holds, and what it prints.

The info string of a block says where it is run:

- `sh`: as it stands under Compose; natively without its `docker exec NAME`.
- `sh compose`, `sh native`: in that mode only.
- `sh follow`, `sh compose follow`: runs until it is stopped; the test stops it.
- `sh destructive`: deletes, rebuilds or cannot be undone; shown, not run here. tests/compose/ types such
  commands on a platform of its own.
- `sh gpu`: needs an NVIDIA GPU.
- `sql`: typed into psql. `sql rollback`: in a transaction that is rolled back.
- `python`: run by the project's Python.
- `console`: what the block before it printed; other info strings (`yaml`, `text`, `mermaid`) are shown only.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TYPED: Final = frozenset({"sh", "sql", "python"})
WORDS: Final = frozenset({"compose", "native", "follow", "destructive", "gpu", "rollback"})
_HEADING = re.compile(r"^#{2,4} (?:\w+ )?([0-9]+(?:\.[0-9]+)*|[A-D])(?=[. ])")
_FENCE = re.compile(r"^```(.*)$")
_DOCKER_EXEC = re.compile(r"\bdocker exec (?:-it |-i )?[a-z][a-z0-9-]*\s+")
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"-?\d+(?:[.,:]\d+)*"), "#"),
    (re.compile(r"-{3,}"), "---"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block, with the output that the manual shows for it."""

    section: str
    number: int
    language: str
    words: frozenset[str]
    body: str
    shown: str | None = None

    @property
    def name(self) -> str:
        """Section and number within it, such as `2.1.2-1`."""
        return f"{self.section}-{self.number}"


def blocks_of(manual: Path) -> list[Block]:
    """Return the typed blocks of a manual in their order."""
    found: list[Block] = []
    for section, info, body in fenced(manual.read_text(encoding="utf-8")):
        language, *words = info.split() or [""]
        if language in TYPED:
            number = 1 + sum(block.section == section for block in found)
            found.append(
                Block(
                    section=section,
                    number=number,
                    language=language,
                    words=frozenset(words),
                    body=body,
                )
            )
        elif language == "console":
            found[-1] = _showing(found[-1], body)
    return found


def _showing(block: Block, output: str) -> Block:
    return Block(
        section=block.section,
        number=block.number,
        language=block.language,
        words=block.words,
        body=block.body,
        shown=output,
    )


def fenced(text: str) -> list[tuple[str, str, str]]:
    """Return section, info string and body of every fenced block."""
    found: list[tuple[str, str, str]] = []
    section = "0"
    info: str | None = None
    body: list[str] = []
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if info is None and fence:
            info, body = fence[1].strip(), []
        elif info is not None and line == "```":
            found.append((section, info, "\n".join(body) + "\n"))
            info = None
        elif info is not None:
            body.append(line)
        elif heading := _HEADING.match(line):
            section = heading[1]
    if info is not None:
        raise ValueError(f"a block of section {section} is not closed")
    return found


def as_typed_natively(command: str) -> str:
    """Leave `docker exec NAME` out: the servers' own commands are on the PATH."""
    return _DOCKER_EXEC.sub("", command)


def without_terminal(command: str) -> str:
    """A test has no terminal for `docker exec -it`."""
    return command.replace("docker exec -it ", "docker exec -i ")


def as_transaction(queries: str) -> str:
    """Undo what the queries do."""
    return f"BEGIN;\n{queries}ROLLBACK;\n"


def shape(line: str) -> str:
    """Return a line without what differs from run to run: numbers, times, ids, widths of columns."""
    for pattern, sign in _VARYING:
        line = pattern.sub(sign, line)
    return line.strip()


def shows(printed: str, sample: str) -> bool:
    """Whether the first line of the manual's sample, up to `…`, is a line of what was printed."""
    first = next(line for line in sample.splitlines() if line.strip())
    wanted, cut, _ = first.partition("…")
    lines = [shape(line) for line in printed.splitlines()]
    return any(line.startswith(shape(wanted)) if cut else line == shape(wanted) for line in lines)
