"""SQL by name: each package keeps its statements in `.sql` files beside the code that runs them."""

import re
from pathlib import Path


def load_queries(folder: Path) -> dict[str, str]:
    """Return the statements of a folder's `.sql` files: each begins with a line `-- name: <name>`.

    Raises `ValueError` where two have one name.
    """
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))]
    named = [item for text in texts for item in _named(text)]
    queries = dict(named)
    if len(queries) != len(named):
        raise ValueError(f"two queries in {folder} have one name")
    return queries


def _named(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return [(name, _without_comments(text)) for name, text in zip(parts[1::2], parts[2::2], strict=True)]


def _without_comments(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if line and not line.startswith("--"))
