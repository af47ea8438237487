"""Statements lie beside the code that runs them: each is run, and none is asked for that is not there."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from telemetry_core.postgres.queries import load_queries

ROOT = Path(__file__).parents[4]
SERVICES = sorted(
    path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", "training"}
)
FOLDERS = sorted({path.parent for service in SERVICES for path in service.rglob("*.sql")})
MODULES = sorted(path for service in SERVICES for path in service.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def quoted(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def asked_for(path: Path) -> set[str]:
    """Names by which a module asks `QUERIES` for a statement."""
    return {
        str(node.slice.value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if isinstance(node.value, ast.Name) and node.value.id == "QUERIES"
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_statements_of_a_folder_are_run_by_its_code(folder: Path) -> None:
    run = {text for path in folder.glob("*.py") for text in quoted(path)}
    assert sorted(load_queries(folder).keys() - run) == []


def test_each_statement_that_a_module_asks_for_is_there() -> None:
    asking = {path: names for path in MODULES if (names := asked_for(path))}
    assert len(asking) > 20
    for path, names in asking.items():
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        assert names <= module.QUERIES.keys(), path


def test_files_of_statements_are_short() -> None:
    files = [path for folder in FOLDERS for path in folder.glob("*.sql")]
    assert [name_of(path) for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 250] == []


def test_statements_of_all_files_are_found_without_their_comments(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(
        "-- Of a.\n\n-- name: one\n-- Why.\nSELECT 1\n\n-- name: two\nSELECT\n    2\n"
    )
    (tmp_path / "b.sql").write_text("-- name: three\nSELECT 3\n")
    assert load_queries(tmp_path) == {"one": "SELECT 1", "two": "SELECT\n    2", "three": "SELECT 3"}


def test_name_that_two_files_have_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.sql").write_text("-- name: one\nSELECT 1\n")
    with pytest.raises(ValueError, match="one name"):
        load_queries(tmp_path)
