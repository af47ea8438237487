"""A folder, a file and a function can be taken in at a glance."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from tests.unit.docs.test_documents import FILES, ROOT

MOST_FILES: Final = 12
MOST_LINES: Final = {".sql": 250}
MOST_LINES_ELSEWHERE: Final = 300
MOST_LINES_OF_A_FUNCTION: Final = 40
CODE: Final = {".py", ".sql", ".ts", ".tsx", ".js", ".css", ".sh", ".awk"}

LONG_FOLDERS: Final = {
    ".": "what people, Docker, Git and tools look for in the root",
    "db/migrations": "a sequence",
    "docs/decisions": "a sequence",
    "docs/screenshots": "pictures, one for each view, theme and language",
    "training/reports": "what commands write, one set for each model",
}
LONG_FILES: Final = {
    "db/schema.sql": "what pg_dump makes of the migrations, for a test to compare",
    "frontend/src/api/schema.d.ts": "what openapi-typescript makes of the API, for a check to compare",
}
LONG_FUNCTIONS: Final = {
    "analysis_server/judging/rows.py _row_of": "the columns of a row",
    "benchmarks/detection/detectability.py page": "the text of a page",
    "deploy/native/services/python_services.py python_services": "processes",
    "deploy/native/services/servers.py servers": "processes",
    "telemetry_core/rabbitmq.py celery_app": "settings",
    "tests/satellite_simulator.py parse_arguments": "options",
    "training/series_report.py page": "the text of a page",
}
"""Tables only, each with what its lines are."""


def is_code(path: Path) -> bool:
    return path.suffix in CODE or (not path.suffix and path.read_bytes().startswith(b"#!"))


SOURCES: Final = {path.relative_to(ROOT).as_posix(): path for path in FILES if is_code(path)}


def long_functions() -> Iterator[str]:
    for name, path in SOURCES.items():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > (
                MOST_LINES_OF_A_FUNCTION
            ):
                yield f"{name} {node.name}"


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count lines without the docstring, which may give shapes, units and errors at any length."""
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    return span(node) - (span(first) if documented else 0)


def span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_folder_holds_more_files_than_can_be_taken_in() -> None:
    beside = Counter(path.parent.relative_to(ROOT).as_posix() for path in FILES)
    assert len(beside) > 150
    assert {folder for folder, count in beside.items() if count > MOST_FILES} == LONG_FOLDERS.keys()


def test_no_file_of_code_is_longer_than_can_be_taken_in() -> None:
    lengths = {name: len(path.read_bytes().splitlines()) for name, path in SOURCES.items()}
    assert {path.suffix for path in SOURCES.values()} == {*CODE, ""}
    assert {
        name
        for name, lines in lengths.items()
        if lines > MOST_LINES.get(SOURCES[name].suffix, MOST_LINES_ELSEWHERE)
    } == LONG_FILES.keys()


def test_no_function_is_longer_than_can_be_taken_in_but_tables() -> None:
    """Those of the console are measured by its linter."""
    assert set(long_functions()) == LONG_FUNCTIONS.keys()


def imported_by_tests() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the folders of each test file and of each one that it imports."""
    for name, path in SOURCES.items():
        if not name.startswith("tests/") or path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("tests."):
                yield Path(name).parent.parts, tuple(module.split(".")[:-1])


def test_folders_of_tests_import_each_other_in_no_circle() -> None:
    """The packages are held to it by import-linter; tests are none."""
    imports: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importing, imported in imported_by_tests():
        depth = next(
            (i for i, pair in enumerate(zip(importing, imported, strict=False)) if len(set(pair)) > 1), None
        )
        if depth is not None:
            imports[importing[:depth]][importing[depth]].add(imported[depth])
    assert imports[("tests",)]["compose"] == {"e2e"}
    for siblings in imports.values():
        TopologicalSorter(siblings).prepare()
