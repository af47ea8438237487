"""What a tutorial tells to type prints what it says, as far as that needs no server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TUTORIALS = ("first-satellite", "recording")
"""In this order: the second one goes on with the first one's files. That of a model needs PyTorch."""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[Ww]rite it to `([^`]+)`")
NEEDS_SERVERS = re.compile(r"make demo|telemetry_replay")


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield the text before a block, its language and its content."""
    end = 0
    for block in BLOCK.finditer(page):
        yield page[end : block.start()], block[1], block[2]
        end = block.end()


def follow(page: str, folder: Path) -> list[str]:
    """Do what a page says in `folder`; the lines that it promises and that were not printed."""
    printed, missing = "", []
    for before, language, content in blocks(page):
        if language in {"yaml", "python"}:
            (folder / FILE.findall(before)[-1]).write_text(content, encoding="utf-8")
        elif language == "text":
            missing += [line for line in content.splitlines() if line not in printed]
        elif not NEEDS_SERVERS.search(content):
            # What the shell of the test has set for its own checkout would win over the copy's.
            done = subprocess.run(
                ["bash", "-ec", content],
                cwd=folder,
                env={"PATH": os.environ["PATH"]},
                capture_output=True,
                text=True,
                check=False,
            )
            printed = done.stdout + done.stderr
            assert done.returncode == 0, printed
    return missing


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy to type in: calibrating writes beside the model."""
    for name in (
        "analysis_server", "deploy", "kafka_inference_trigger", "missions", "model_repository",
        "recordings", "scoring", "simulator", "telemetry_core", "telemetry_replay", "training",
    ):  # fmt: skip
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="its commands are those of make")
def test_tutorials_print_what_they_say(checkout: Path) -> None:
    for name in TUTORIALS:
        page = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text(encoding="utf-8")
        assert follow(page, checkout) == []
