"""Whoever writes an alarm groups it: the statements that do are run by the one function that does both."""

import ast
from collections.abc import Iterator
from pathlib import Path

from telemetry_core.postgres.queries import load_queries

FLOODS = {"raise_floods"}
"""They are made of alarms, and came with none."""
ALARM_SERVER = Path(__file__).resolve().parents[3] / "alarm_server"


def statements() -> set[str]:
    folders = {path.parent for path in ALARM_SERVER.rglob("*.sql")}
    found = {name: text for folder in folders for name, text in load_queries(folder).items()}
    return {name for name, text in found.items() if "INSERT INTO ops.alarms " in text} - FLOODS


def uses(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the name of each statement that is the argument of a call, and what is called."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for argument in call.args:
            if isinstance(argument, ast.Subscript) and isinstance(argument.slice, ast.Constant):
                yield str(argument.slice.value), ast.unparse(call.func)


def test_each_statement_that_writes_an_alarm_groups_it() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in ALARM_SERVER.rglob("*.py")]
    called = [use for tree in trees for use in uses(tree) if use[0] in statements()]

    assert {name for name, _ in called} == statements()
    assert {function for _, function in called} == {"save_alarms"}
