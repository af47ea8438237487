"""What documents name exists: links, headings, paths, functions, make targets; decisions have an index."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    if (ROOT / line).is_file()
]
DOCUMENTS = [path for path in FILES if path.suffix == ".md"]
GUIDES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
INDEX = ROOT / "docs" / "decisions" / "README.md"
DESCRIPTIONS = [
    *GUIDES,
    *DECISIONS,
    ROOT / "docs" / "glossary.md",
    *(path for path in DOCUMENTS if path.name == "README.md"),
]
"""Pages that say what lies where; others have their reader write files."""

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
NAMED = re.compile(r"\]\(([^)]+)\)((?:(?: |, | and )`[A-Za-z_][\w.]*`)+)")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?")
FILE_NAME = re.compile(r"[\w.-]+\.(?:py|ts|tsx|sql|yaml|yml|toml|sh|md)")
PLACEHOLDER = re.compile(r"NNNN|NAME|MISSION|NEW|my_satellite|override|^compose\.py$")
"""What readers write themselves, and a script of Triton's repository."""
MAKE = re.compile(r"\bmake ((?:[a-z0-9-]+ ?)+)")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors_of(path: Path) -> set[str]:
    """The anchors that a page's headings have, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    broken = []
    for link in LINK.findall(FENCE.sub("", text_of(path))):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = unquote(link).partition("#")
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (anchor and anchor not in anchors_of(there)):
            broken.append(link)
    return broken


def missing_paths(path: Path) -> list[str]:
    """What looks like a path of this repository, in code or commands, and is none."""
    text = text_of(path)
    words = {word for code in [*CODE.findall(text), *FENCE.findall(text)] for word in code.split()}
    top = {name_of(file).split("/")[0] for file in FILES}
    names = {file.name for file in FILES}
    return sorted(
        word
        for word in words
        if not PLACEHOLDER.search(word)
        and (
            (PATH.fullmatch(word) and word.split("/")[0] in top and not (ROOT / word).exists())
            or (FILE_NAME.fullmatch(word) and word not in names)
        )
    )


def missing_functions(path: Path) -> list[str]:
    """Names that stand behind the link to a file which does not define them."""
    missing = []
    for link, names in NAMED.findall(text_of(path)):
        source = text_of((path.parent / link).resolve())
        for name in CODE.findall(names):
            last = re.escape(name.rsplit(".", 1)[-1])
            defined = rf"\b(?:def|class|function) {last}\b|^\s+{last}\(.*\{{$"
            if not re.search(defined, source, re.MULTILINE):
                missing.append(f"{link} {name}")
    return missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path) == []


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=name_of)
def test_paths_that_a_description_names_exist(path: Path) -> None:
    assert missing_paths(path) == []


def test_functions_are_where_the_architecture_says() -> None:
    assert missing_functions(GUIDES[0]) == []
    assert len(NAMED.findall(text_of(GUIDES[0]))) > 25


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_make_targets_that_a_guide_names_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    code = " ; ".join([*CODE.findall(text_of(path)), *FENCE.findall(text_of(path))])
    named = {target for command in MAKE.findall(code) for target in command.split()}
    assert named <= targets


def test_a_page_that_names_what_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("def there() -> None: ...\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "# Head, line\n[a](#head-line) [b](#tail) [c](gone.md) [code](code.py) `there`, `away`\n"
        "`tests/unit/nowhere.py` `telemetry_core/service/settings.py` `make_no_such.py`\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["#tail", "gone.md"]
    assert missing_functions(page) == ["code.py away"]
    assert missing_paths(page) == ["make_no_such.py", "tests/unit/nowhere.py"]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decision_has_a_status_and_a_line_in_the_index(path: Path) -> None:
    number = path.name[:4]
    status = rf"# {number} .+\n\n\*\*Status:\*\* (accepted|superseded), \d{{4}}-\d\d(.*)\n"
    head = re.match(status, text_of(path))
    assert head, "number and title, then the status"
    lines = [line for line in text_of(INDEX).splitlines() if line.startswith(f"| [{number}]({path.name}) |")]
    assert len(lines) == 1
    word = "partly" if "partly superseded" in head[2] else head[1]
    assert lines[0].split("|")[3].strip().startswith(word)
