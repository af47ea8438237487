"""Every command and query of the user's manual, run as it stands there on the running platform."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from testbed.running_platform import Platform
from testbed.supervised import CHECKOUT
from tests.e2e.manual.blocks import (
    TYPED,
    WORDS,
    Block,
    as_transaction,
    as_typed_natively,
    blocks_of,
    fenced,
    shows,
)

ENGLISH: Final = CHECKOUT / "docs" / "manual.en.md"
KOREAN: Final = CHECKOUT / "docs" / "manual.ko.md"
BLOCKS: Final = blocks_of(ENGLISH)
LIMIT_S: Final = 120
FOLLOWED_S: Final = 4

pytestmark = pytest.mark.e2e


def typed(command: list[str], text: str = "") -> str:
    """Run a command in the project's folder; return what it printed, and demand that it succeeds."""
    outcome = subprocess.run(
        command, cwd=CHECKOUT, input=text, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout


def in_shell(script: str) -> list[str]:
    """Return the command of a shell in which `. deploy/native/env` was typed."""
    return ["bash", "-c", f"set -eo pipefail\n. deploy/native/env\n{script}"]


def followed(command: list[str]) -> str:
    """Stop a command that goes on for ever; return what it printed until then."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        printed, _ = process.communicate(timeout=FOLLOWED_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        printed, _ = process.communicate(timeout=LIMIT_S)
        return printed
    raise AssertionError(f"it ended by itself with {process.returncode}: {printed}")


def run_natively(block: Block) -> str:
    """Run a block on the native platform; return what it printed."""
    if block.language == "sql":
        queries = as_transaction(block.body) if "rollback" in block.words else block.body
        return typed(in_shell("psql -U admin -d orders_db -v ON_ERROR_STOP=1"), queries)
    if block.language == "python":
        return typed([sys.executable, "-c", block.body])
    command = in_shell(as_typed_natively(block.body))
    return followed(command) if "follow" in block.words else typed(command)


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Remove the backups, reports and labels that blocks wrote into the project's folder."""
    before = written()
    yield
    for path in written() - before:
        path.unlink()


def written() -> set[Path]:
    return {path for pattern in ("*.sql", "*.csv", "handover.*") for path in CHECKOUT.glob(pattern)}


def is_native(block: Block) -> bool:
    return not block.words & {"compose", "destructive"}


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if is_native(block)], ids=lambda block: block.name
)
@pytest.mark.usefixtures("platform", "nothing_left")
def test_block_of_the_manual_does_what_it_says(block: Block) -> None:
    if "gpu" in block.words and shutil.which("nvidia-smi") is None:
        pytest.skip("needs an NVIDIA GPU")
    printed = run_natively(block)
    assert block.shown is None or shows(printed, block.shown), f"{printed}\nlacks\n{block.shown}"


@pytest.mark.usefixtures("platform")
def test_rolled_back_clean_up_leaves_every_job(platform: Platform) -> None:
    count = "SELECT count(*) FROM inference_jobs"
    before = platform.query(count)
    for block in BLOCKS:
        if "rollback" in block.words:
            run_natively(block)
    assert platform.query(count)[0][0] >= before[0][0]


def test_both_manuals_hold_the_same_blocks_in_the_same_sections() -> None:
    assert fenced(KOREAN.read_text(encoding="utf-8")) == fenced(ENGLISH.read_text(encoding="utf-8"))


def test_every_section_of_the_operators_manual_is_there() -> None:
    sections = {block.section.partition(".")[0] for block in BLOCKS}
    assert sections >= {"1", "2", "3", "4", "5", "6", "7", "C", "D"}


def test_blocks_that_are_run_say_only_what_is_understood() -> None:
    assert {block.language for block in BLOCKS} == TYPED
    assert {word for block in BLOCKS for word in block.words} <= WORDS
