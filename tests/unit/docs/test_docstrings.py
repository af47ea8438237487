"""Docstrings of public functions name the shapes of the arrays that they take and return."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
PACKAGES: Final = (
    "analysis_server",
    "benchmarks",
    "kafka_inference_trigger",
    "scoring",
    "simulator",
    "telemetry_core",
    "training",
)
MODULES: Final = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
ARRAYS: Final = frozenset({"NDArray", "Tensor"})
SHAPE: Final = re.compile(r"\[(?:\.{3}|[a-zA-Z_0-9][\w +*/-]*)(?:, [\w. +*/-]+)*\]")
"""`[job, channel, time]`, `[..., step]`, `[batch, HISTORY + 64]`."""
SHARED: Final = re.compile(rf"All arrays are \w*{SHAPE.pattern}")
"""In a module's docstring: one shape for every array of its functions."""
ALIKE: Final = re.compile(r"\b(?:both|each)\b")
"""`float32[batch, time] each`."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names_in(node: ast.expr) -> set[str]:
    """Every name of an annotation, those of a quoted one too."""
    found = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.Constant(value=str(text)):
                found.update(re.findall(r"\w+", text))
    return found


def own_aliases(tree: ast.Module) -> set[str]:
    """Names that a module gives to a type of array: `Floats = NDArray[np.float64]`."""
    return {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript)
        for target in statement.targets
        if isinstance(target, ast.Name) and names_in(statement.value.value) & ARRAYS
    }


TREES: Final = {name_of(path)[:-3].replace("/", "."): ast.parse(path.read_text()) for path in MODULES}
ALIASES: Final = {module: own_aliases(tree) for module, tree in TREES.items()}


def arrays_of(tree: ast.Module) -> set[str]:
    """Names that stand for an array in a module: its own and imported ones."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in origin(node.module or "", alias.name)
    }
    return {*ARRAYS, *own_aliases(tree), *imported}


def origin(module: str, name: str) -> set[str]:
    """The aliases of the module that defines a name, which another one may import and pass on."""
    known = ALIASES.get(module, set())
    if name in known or module not in TREES:
        return known
    for node in TREES[module].body:
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            return origin(node.module or "", name)
    return set()


def public_functions(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if not name.startswith("_"):
                yield node
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield from public_functions(node.body)


def unshaped(tree: ast.Module, arrays: set[str]) -> list[str]:
    """Public functions with arrays whose shapes neither their docstring nor the module's tells.

    Several arrays are each named, or have as many shapes, or are said to be alike.
    """
    if SHARED.search(" ".join((ast.get_docstring(tree) or "").split())):
        return []
    found = []
    for function in public_functions(tree.body):
        given = function.args
        taken = [
            argument.arg
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)
            if argument.annotation and names_in(argument.annotation) & arrays
        ]
        returned = function.returns is not None and bool(names_in(function.returns) & arrays)
        told = ast.get_docstring(function) or ""
        shapes = len(SHAPE.findall(told))
        unnamed = [name for name in taken if not re.search(rf"\b{name}\b", told)]
        is_each_told = not unnamed or shapes >= len(taken) or ALIKE.search(told)
        if (taken or returned) and not (shapes and is_each_told):
            found.append(f"{function.name}: {', '.join(unnamed) or 'result'}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_functions_name_the_shapes_of_their_arrays(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert unshaped(tree, arrays_of(tree)) == []


EXAMPLE: Final = '''
"""A module."""
from scoring.scores import Floats
from numpy.typing import NDArray
Counts = NDArray[np.int64]
def told(values: Floats, count: int) -> Floats:
    """Scale float64[job, channel] to the same."""
def untold(values: Floats) -> float:
    """Take the mean."""
def half(values: Floats, counts: Counts) -> None:
    """Divide `values`, float64[job]."""
def result_only() -> "Counts":
    """Count."""
class Public:
    """A class."""
    def method(self, counts: Counts | None) -> None:
        """Keep them."""
def _private(values: Floats) -> None: ...
def plain(names: list[str]) -> None: ...
'''


def test_a_function_that_leaves_a_shape_out_is_found() -> None:
    tree = ast.parse(EXAMPLE)
    assert unshaped(tree, arrays_of(tree)) == [
        "untold: values",
        "half: counts",
        "result_only: result",
        "method: counts",
    ]


def test_a_module_may_give_all_its_arrays_one_shape() -> None:
    tree = ast.parse(EXAMPLE.replace("A module.", "A module.\n\nAll arrays are float64[time]."))
    assert unshaped(tree, arrays_of(tree)) == []


def test_arrays_are_found_under_the_names_that_modules_give_them() -> None:
    assert "Floats" in arrays_of(TREES["scoring.window_score"])
    assert "Series" in arrays_of(TREES["training.data.windows"])
    assert "Series" not in arrays_of(TREES["benchmarks.detection.recorded.tsb"])
