"""An image holds the packages that its own packages import, and a build sees what it copies."""

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
STAGES = {
    name: (
        base,
        [
            word
            for line in re.findall(r"^COPY --chmod=755 (.+) \S+$", body, re.MULTILINE)
            for word in line.split()
        ],
    )
    for base, name, body in re.findall(
        r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)",
        (CHECKOUT / "Dockerfile").read_text(),
        re.MULTILINE | re.DOTALL,
    )
}
TARGETS = re.findall(r"target: ([\w-]+)", (CHECKOUT / "docker-compose.yml").read_text())
VERSIONED = set(
    re.findall(
        r"^FROM \S+ AS (\S+)\nARG VERSION\nLABEL org\.opencontainers\.image\.version=\$VERSION$",
        (CHECKOUT / "Dockerfile").read_text(),
        re.MULTILINE,
    )
)
PACKAGES = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}


def packages_in(stage: str) -> set[str]:
    """The project's packages in an image, those of the stages below it too."""
    base, copied = STAGES[stage]
    return PACKAGES & set(copied) | (packages_in(base) if base in STAGES else set())


def imports_of(package: str) -> set[str]:
    found: set[str] = set()
    for path in (CHECKOUT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found & PACKAGES


@pytest.mark.parametrize("stage", sorted(stage for stage in STAGES if packages_in(stage)))
def test_image_holds_what_its_packages_import(stage: str) -> None:
    there = packages_in(stage)
    assert {name for package in there for name in imports_of(package)} <= there


def test_what_is_copied_is_not_hidden_from_a_build() -> None:
    seen = [
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = {
        path for _, paths in STAGES.values() for path in paths if "[" not in path and not path.startswith(".")
    }
    assert [
        path for path in sorted(copied) if not any(f"{path}/".startswith(f"{one}/") for one in seen)
    ] == []


@pytest.mark.parametrize("target", sorted(set(TARGETS)))
def test_image_is_labelled_with_the_version(target: str) -> None:
    bases = [target]
    while bases[-1] in STAGES:
        bases.append(STAGES[bases[-1]][0])
    assert VERSIONED & set(bases)
