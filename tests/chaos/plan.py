"""Which faults come in which order: drawn from a seed, so that a run can be repeated and continued."""

import itertools
import random
import shutil
from collections.abc import Sequence
from typing import Final

from tests.chaos.faults.catalogue import Fault, kill, pause
from tests.chaos.faults.copies import library

SHORT: Final = (
    "kill:kafka",
    "kill:analysis-worker-1",
    "pause:rabbitmq",
    "kill:kafka-inference-trigger+postgres",
    "pause:kafka-inference-trigger",
    "kill:victoria-metrics",
    "kill:verdict-relay",
    "kill:triton-server/triton_python_backend_stub",
)
"""The edition of the test run: one fault of each sort that once lost something or never healed."""


def drawn(singles: Sequence[Fault], seed: int) -> list[Fault]:
    """Return every single fault once, in an order of the seed's, then pairs of processes."""
    draw = random.Random(seed)
    order = list(singles)
    draw.shuffle(order)
    # Kafka's kills under load and the restart of everything are never what the time did not suffice for.
    order.sort(key=lambda fault: fault.kind != "restart" and not fault.kind.endswith("-times"))
    services = sorted({name for fault in singles if fault.kind == "pause" for name in fault.targets})
    pairs = list(itertools.combinations(services, 2))
    draw.shuffle(pairs)
    return [*order, *(draw.choice([kill, pause])(*pair) for pair in pairs)]


def named(name: str) -> Fault:
    """Build a kill or a pause of any processes from its name, as `kill:kafka+postgres`."""
    kind, _, targets = name.partition(":")
    return {"kill": kill, "pause": pause}[kind](*targets.split("+"))


def selected(plan: Sequence[Fault], only: Sequence[str]) -> list[Fault]:
    """Return the faults whose names begin with one of `only`, in its order; pairs are built as named."""
    found: list[Fault] = []
    for name in only:
        matching = [fault for fault in plan if fault.name == name or fault.name.split(":")[0] == name]
        found.extend(matching or [named(name)])
    return found


def missing_packages(plan: Sequence[Fault]) -> list[str]:
    """Name Debian's packages that the faults need and this machine lacks."""
    kinds = {fault.kind for fault in plan}
    needs = {
        "nftables": kinds & {"black-hole", "slow-network"} and not shutil.which("nft"),
        "libfaketime": "clock" in kinds and library() is None,
    }
    return [package for package, is_missing in needs.items() if is_missing]
