""".env is read as Compose reads it: expected values are those of compose-go's `dotenv` and `template`."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SHELL = {"SET": "here", "EMPTY": "", "_2": "two"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A checkout of scripts, whose .env a test writes."""

    path: Path

    def run(self, command: str, text: str | None, shell: Mapping[str, str] = SHELL) -> str:
        """Return what a command of deploy/host/settings.sh prints where .env holds the text."""
        if text is not None:
            (self.path / ".env").write_bytes(text.encode())
        return subprocess.run(
            ["bash", "-c", f"set -euo pipefail; . deploy/host/settings.sh; {command}"],
            env={"PATH": os.environ["PATH"], **shell},
            cwd=self.path,
            capture_output=True,
            check=True,
        ).stdout.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "deploy").symlink_to(CHECKOUT / "deploy")
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5673", "5673"),
        ("$SET", "here"),
        ("a$SET.b", "ahere.b"),
        ("${SET}s", "heres"),
        ("$_2", "two"),
        ("$UP", "further up"),
        ("$DOWN", ""),
        ("$UNSET", ""),
        ("${UNSET:-5673}", "5673"),
        ("${EMPTY:-5673}", "5673"),
        ("${SET:-5673}", "here"),
        ("${UNSET-5673}", "5673"),
        ("${EMPTY-5673}", ""),
        ("${UNSET:-}", ""),
        ("${UNSET:-a-b:-c?d+e}", "a-b:-c?d+e"),
        ("${UNSET:-${EMPTY:-$SET}}!", "here!"),
        ("${UNSET-${SET}}-${SET}", "here-here"),
        ("${SET:?needed}", "here"),
        ("${EMPTY?needed}", ""),
        ("${SET:+other}", "other"),
        ("${EMPTY:+other}", ""),
        ("${EMPTY+other}", "other"),
        ("${UNSET+other}", ""),
        ("$$SET", "$SET"),
        ("$$$SET", "$here"),
        ("pa$$word", "pa$word"),
        ("pa$1word$", "pa$1word$"),
        ("a\\$SET", "a\\here"),
        ("'$SET ${UNSET:-1} $$'", "$SET ${UNSET:-1} $$"),
        ('"$SET ${UNSET:-1} $$"', "here 1 $"),
        ('"a\\tb\\"c\\\\d\\$SET\\q"', 'a\tb"c\\d$SET\\q'),
        ("'it\\'s'", "it's"),
        ("'C:\\\\'", "C:\\\\"),
        ('"C:\\\\" # remark', "C:\\"),
        ('"a\\0b\\08"', "a\\b\\8"),
        ('"two\nlines" # remark', "two\nlines"),
        ("'two\r\nlines'\r", "two\r\nlines"),
        ("a#b # remark $(", "a#b"),
        ("a&b|c;d(e)<f>", "a&b|c;d(e)<f>"),
        ("  spaced \t", "spaced"),
        ("crlf\r", "crlf"),
        ("", ""),
    ],
)
def test_value_is_what_compose_takes(folder: Folder, written: str, value: str) -> None:
    text = f"# remark\nUP=further up\n\nexport KEY={written}\nDOWN=further down\nLAST=${{KEY}}\n"
    assert folder.run("value_of KEY", text) == value
    assert folder.run("value_of DOWN", text) == "further down"
    assert folder.run("value_of LAST", text) == value
    assert folder.run("ask_env problems", text) == ""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("KEY=${SET", "KEY: a ${ has no }"),
        ("KEY=${}", "KEY: no name follows a ${"),
        ("KEY=${1:-a}", "KEY: no name follows a ${"),
        ("KEY=${SET/a/b}", "KEY: after ${SET may stand } or one of :- - :? ? :+ +"),
        ("KEY=${SET:=a}", "KEY: after ${SET may stand } or one of :- - :? ? :+ +"),
        ("KEY=${UNSET:?take one of $SET}", "KEY: UNSET must be set: take one of here"),
        ("KEY=${UNSET?}", "KEY: UNSET must be set"),
        ("KEY=${EMPTY:?}", "KEY: EMPTY must be set"),
        ("KEY=${SET:-${UNSET:?}}", "KEY: UNSET must be set"),
        ("KEY='a", "KEY: its quote is not closed"),
        ('KEY="a', "KEY: its quote is not closed"),
        ('KEY="\\0101"', "KEY: a \\0 with digits is not read here: write the character itself"),
        ("MY KEY=a", "MY KEY: this is no name"),
        ("<<<<<<< HEAD", "<<<<<<< HEAD: this is no name"),
        ("{KEY}: a", "{KEY}: this is no name"),
    ],
)
def test_what_compose_refuses_is_named_without_its_value_and_the_rest_is_read(
    folder: Folder, line: str, problem: str
) -> None:
    text = f"FIRST=1\n{line}\nLAST=2\n"
    assert folder.run("ask_env problems", text) == f"{problem}\n"
    assert folder.run("value_of KEY; value_of FIRST; value_of LAST", text) == "12"


@pytest.mark.parametrize("line", ["KEY=a", "KEY = a", "KEY: a", "export\tKEY=a", "  KEY=a", "KEY=b\nKEY=a"])
def test_key_is_found_in_every_spelling(folder: Folder, line: str) -> None:
    assert folder.run("value_of KEY; has_key KEY && echo _found", line) == "a_found\n"
    assert folder.run("has_key KE || echo none", line) == "none\n"


@pytest.mark.parametrize(
    ("shell", "value"), [({}, "written"), ({"KEY": "shell"}, "shell"), ({"KEY": ""}, "default")]
)
def test_shell_wins_over_the_file_though_it_be_empty(
    folder: Folder, shell: dict[str, str], value: str
) -> None:
    assert folder.run("setting KEY default", "KEY=written\n", shell) == value
    assert folder.run("setting OTHER", "KEY=written\nOTHER=${KEY}\n", shell) == shell.get("KEY", "written")


def test_without_a_file_every_key_has_its_default(folder: Folder) -> None:
    assert folder.run("setting KEY default; has_key KEY || echo _none", None) == "default_none\n"
