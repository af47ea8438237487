"""What is released has one version, a section of its own in the changelog and passed the tests."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.release import ROOT, TESTED, main, versions

CHANGELOG = """# Changelog

## 1.2.0 — 2026-11-29

### Added
- A thing.

## 1.1.0 — 2026-01-01

- An older thing.
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def commit(folder: Path) -> None:
    """Commit all there is, and let the tests have passed."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "a")
    write(folder, str(TESTED), git(folder, "rev-parse", "HEAD") + "\n")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose version 1.2.0 may be released."""
    monkeypatch.setenv("GIT_COMMITTER_NAME", "a")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "a@example.org")
    write(tmp_path, "pyproject.toml", '[project]\nversion = "1.2.0"\n')
    write(tmp_path, "operation_server/health/schemas.py", 'VERSION = "1.2.0"\n')
    write(tmp_path, "Dockerfile", "ARG VERSION=1.2.0\n\nFROM scratch AS service\nARG VERSION\n")
    for name in ("frontend/package.json", "frontend/package-lock.json"):
        write(tmp_path, name, json.dumps({"version": "1.2.0"}))
    write(tmp_path, "CHANGELOG.md", CHANGELOG)
    write(tmp_path, ".gitignore", "/.native/\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def test_all_files_that_bear_the_version_bear_one() -> None:
    assert len(set(versions(ROOT).values())) == 1, versions(ROOT)


def test_without_being_asked_for_a_tag_it_makes_none(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], checkout) == 0
    assert "v1.2.0 would be tagged" in capsys.readouterr().out
    assert git(checkout, "tag") == ""


def test_tag_bears_the_notes_of_its_version_and_of_no_other(checkout: Path) -> None:
    assert main(["--tag"], checkout) == 0
    assert git(checkout, "tag", "--list", "--format=%(contents)") == "1.2.0\n\n### Added\n- A thing."


def test_notes_are_those_of_the_version(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--notes"], checkout) == 0
    assert capsys.readouterr().out == "### Added\n- A thing.\n"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("CHANGELOG.md", "# Changelog\n", "has no section '## 1.2.0"),
        ("CHANGELOG.md", "## 1.2.0 — unreleased\n\n- A thing.\n", "calls 1.2.0 'unreleased'"),
        (
            "CHANGELOG.md",
            "## 1.2.0 — 2026-11-29\n\n## 1.1.0 — 2026-01-01\n- A thing.\n",
            "has nothing under 1.2.0",
        ),
        ("frontend/package.json", '{"version": "1.1.0"}', "frontend/package.json names version 1.1.0"),
        ("operation_server/health/schemas.py", "", "schemas.py names version none"),
        ("Dockerfile", "ARG VERSION=1.1.0\n", "Dockerfile names version 1.1.0"),
    ],
)
def test_what_disagrees_with_the_version_is_named(
    name: str, text: str, reason: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout, name, text)
    commit(checkout)
    assert main(["--tag"], checkout) == 1
    assert reason in capsys.readouterr().err
    assert git(checkout, "tag") == ""


def test_changes_that_are_not_committed_or_not_tested_are_not_released(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout, "a", "")
    assert main(["--tag"], checkout) == 1
    assert "the checkout has changes" in capsys.readouterr().err
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "a")
    assert main(["--tag"], checkout) == 1
    assert "`make test` has not passed at this commit" in capsys.readouterr().err


def test_version_is_released_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tag"], checkout) == 0
    assert main(["--tag"], checkout) == 1
    assert "the tag v1.2.0 is there already" in capsys.readouterr().err
