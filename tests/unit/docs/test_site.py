"""The documentation site: where pages, links and lists of the repository end up in it."""

import tomllib
from pathlib import Path

import pytest

from deploy.documentation.pages import PACKAGES, as_site, foreign_assets, outside_files
from deploy.documentation.rest import rest_reference
from operation_server.app import create_app

ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = outside_files(ROOT)


@pytest.mark.parametrize(
    ("source", "page", "link", "there"),
    [
        ("README.md", "index.md", "[a](docs/manual.en.md#1-start)", "[a](manual.en.md#1-start)"),
        ("README.md", "index.md", "![a](docs/screenshots/b.png)", "![a](screenshots/b.png)"),
        ("README.md", "index.md", "[more](docs/screenshots/)", "more"),
        ("docs/upgrade.md", "upgrade.md", "[a](../CHANGELOG.md)", "[a](project/CHANGELOG.md)"),
        ("docs/upgrade.md", "upgrade.md", "[`a`](../README.md)", "[`a`](index.md)"),
        ("docs/upgrade.md", "upgrade.md", "[`a`](../db/roles.sql), `b`", "`a`, `b`"),
        ("docs/decisions/README.md", "decisions/README.md", "[a](0001-b.md)", "[a](0001-b.md)"),
        (
            "docs/decisions/0001-b.md",
            "decisions/0001-b.md",
            "[a](../../telemetry_core/kafka/stream.py)",
            "[a](../reference/telemetry_core.md#telemetry_core.kafka.stream)",
        ),
        (
            "docs/architecture.md",
            "architecture.md",
            "[a](../operation_server/http)",
            "[a](reference/operation_server.md#operation_server.http)",
        ),
        ("training/README.md", "project/training/README.md", "[a](reports/b.csv)", "a"),
        (
            "training/README.md",
            "project/training/README.md",
            "[a](reports/forecast.md)",
            "[a](reports/forecast.md)",
        ),
        (
            "SECURITY.md",
            "project/SECURITY.md",
            "[a](https://b.example/c) [d](#e)",
            "[a](https://b.example/c) [d](#e)",
        ),
    ],
)
def test_link_of_a_file_leads_to_the_page_or_is_its_text(
    source: str, page: str, link: str, there: str
) -> None:
    assert as_site(link, page, source, OUTSIDE) == there


def test_commands_and_diagrams_stay_as_they_are() -> None:
    block = "```sh\nls [a](gone.py)\n- no list\n```"
    assert as_site(f"text\n\n{block}\n", "a.md", "docs/a.md", OUTSIDE) == f"text\n\n{block}\n"


def test_list_below_a_line_of_text_is_a_list() -> None:
    written = "**Options.**\n- one\n  more\n- two\n\nSteps:\n1. a\n2. b\n"
    shown = "**Options.**\n\n- one\n  more\n- two\n\nSteps:\n\n1. a\n2. b\n"
    assert as_site(written, "a.md", "docs/a.md", OUTSIDE) == shown


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/b.css">',
        '<img alt="" src="http://c.example/d.png">',
    ],
)
def test_page_that_loads_from_another_host_is_found(tag: str) -> None:
    own = '<a href="https://elsewhere.example/">x</a><script src="../a.js"></script><img src="data:,">'
    assert list(foreign_assets(own)) == []
    assert len(list(foreign_assets(own + tag))) == 1


def test_every_service_has_a_page_of_its_docstrings() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(PACKAGES) == sorted(name.removesuffix("*") for name in installed)


@pytest.mark.slow
def test_every_route_and_object_of_the_api_has_its_section() -> None:
    document = create_app().openapi()
    page = rest_reference(document)
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"### `{method.upper()} {path}`\n" in page
    for name in document["components"]["schemas"]:
        assert f"### {name}\n" in page


def test_field_says_what_it_may_hold() -> None:
    fields = {
        "share": {"type": "number", "minimum": 0.0, "maximum": 1.0, "description": "of a|b"},
        "parts": {
            "anyOf": [{"items": {"$ref": "#/components/schemas/Part"}, "type": "array"}, {"type": "null"}]
        },
        "state": {"enum": ["open", "closed"]},
    }
    document = {
        "info": {"version": "1"},
        "paths": {},
        "components": {"schemas": {"Whole": {"properties": fields, "required": ["share"]}}},
    }
    lines = rest_reference(document).splitlines()
    assert "| `share` | number (from `0.0`, to `1.0`) | of a\\|b |" in lines
    assert "| `parts` (optional) | array of [Part](#part) or null |  |" in lines
    assert "| `state` (optional) | `open` or `closed` |  |" in lines


def test_what_somebody_saved_in_the_checkout_is_no_page(tmp_path: Path) -> None:
    for name in ("README.md", "handover.md"):
        (tmp_path / name).touch()
    assert outside_files(tmp_path) == ["README.md"]
