"""Release the version that `pyproject.toml` names: checks, notes from CHANGELOG.md, and the tag.

`python -m deploy.release` says what would be tagged, `--tag` makes the tag, `--notes` prints the notes alone.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TESTED: Final = Path(".native/tested")
"""Where `make test` writes the commit that it passed."""
_CONSTANTS: Final = {
    "operation_server/health/schemas.py": re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE),
    "Dockerfile": re.compile(r"^ARG VERSION=(\S+)$", re.MULTILINE),
}


class ReleaseRefused(Exception):  # noqa: N818 - named for what happened
    """What stands against the release, and what to do."""


def versions(root: Path) -> dict[str, str]:
    """Read the version from each file that bears it: the API's, the images', and what the console shows."""
    texts = {name: (root / name).read_text(encoding="utf-8") for name in _CONSTANTS}
    return {
        "pyproject.toml": project_version(root),
        **{name: ([*pattern.findall(texts[name]), "none"])[0] for name, pattern in _CONSTANTS.items()},
        **{
            name: json.loads((root / name).read_text(encoding="utf-8"))["version"]
            for name in ("frontend/package.json", "frontend/package-lock.json")
        },
    }


def project_version(root: Path) -> str:
    """Read the version that `pyproject.toml` names."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def notes(changelog: str, version: str) -> str:
    """Return what CHANGELOG.md says of a version, or raise `ReleaseRefused`."""
    heading = re.compile(rf"^## {re.escape(version)} — (.+)$", re.MULTILINE).search(changelog)
    if heading is None:
        raise ReleaseRefused(f"CHANGELOG.md has no section '## {version} — DATE'")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", heading[1]):
        raise ReleaseRefused(
            f"CHANGELOG.md calls {version} '{heading[1]}': replace it with the date, YYYY-MM-DD"
        )
    section = re.split(r"^## ", changelog[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not section:
        raise ReleaseRefused(f"CHANGELOG.md has nothing under {version}")
    return section + "\n"


def objections(root: Path, version: str) -> Iterator[str]:
    """Say what stands against a tag of a version at the present commit."""
    for place, found in versions(root).items():
        if found != version:
            yield f"{place} names version {found}, pyproject.toml {version}"
    if _git(root, "status", "--porcelain"):
        yield "the checkout has changes: commit or remove them"
    if _git(root, "tag", "--list", f"v{version}"):
        yield f"the tag v{version} is there already: raise the version"
    tested = root / TESTED
    if not tested.exists() or tested.read_text(encoding="utf-8").strip() != _git(root, "rev-parse", "HEAD"):
        yield "`make test` has not passed at this commit"


def release(root: Path, *, is_tagged: bool) -> str:
    """Check the present commit and tag it if wanted; return what was or would be done."""
    version = project_version(root)
    text = notes((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if found := list(objections(root, version)):
        raise ReleaseRefused("\n".join(found))
    if not is_tagged:
        return f"{text}\nv{version} would be tagged; --tag does it"
    # Whitespace alone is cleaned: lines that begin with # are headings of the notes.
    _git(
        root, "tag", "--annotate", "--cleanup=whitespace", "--message", f"{version}\n\n{text}", f"v{version}"
    )
    return f"Tagged v{version}. Next: git push origin v{version}"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Release, or say what stands against it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.release", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--tag", action="store_true", help="make the tag; without it nothing is changed")
    choice.add_argument(
        "--notes", action="store_true", help="print the notes of the version and check no more"
    )
    options = parser.parse_args(arguments)
    try:
        if options.notes:
            text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
            print(notes(text, versions(root)["pyproject.toml"]), end="")
        else:
            print(release(root, is_tagged=options.tag))
    except ReleaseRefused as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
