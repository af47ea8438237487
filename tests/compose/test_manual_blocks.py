"""Every command and query of the user's manual, typed as it stands there in Compose."""

import shlex

import pytest

from testbed.supervised import CHECKOUT
from tests.compose.containers import Containers
from tests.e2e.manual.blocks import Block, as_transaction, blocks_of, shows, without_terminal

FOLLOWED_S = 6
#: Deleting and rebuilding is typed by the other tests here, where it belongs in their order.
ELSEWHERE = frozenset({"native", "destructive", "gpu"})
BLOCKS = [block for block in blocks_of(CHECKOUT / "docs" / "manual.en.md") if not block.words & ELSEWHERE]

pytestmark = pytest.mark.compose


def run(containers: Containers, block: Block) -> str:
    path = containers.folder / f"block.{block.language}"
    if block.language == "sql":
        path.write_text(as_transaction(block.body) if "rollback" in block.words else block.body)
        return containers.run(f"docker exec -i postgres psql -U admin -d orders_db < {path.name}")
    if block.language == "python":
        path.write_text(block.body)
        return containers.run(f"python {path.name}")
    script = f"set -eo pipefail\n{without_terminal(block.body)}"
    if "follow" in block.words:
        # 137: it had to be killed, as some versions of `docker stats` have.
        ended = "case $? in 124 | 137) ;; *) false ;; esac"
        script = f"timeout -k 5 {FOLLOWED_S} bash -c {shlex.quote(script)} || {ended}"
    return containers.run(script)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_of_the_manual_does_what_it_says(containers: Containers, block: Block) -> None:
    printed = run(containers, block)
    assert block.shown is None or shows(printed, block.shown), f"{printed}\nlacks\n{block.shown}"
