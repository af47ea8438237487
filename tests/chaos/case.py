"""One fault under load: do it, wait for the first verdict and the drained backlog, settle the accounts."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psutil
import psycopg2
import requests
from confluent_kafka import KafkaException
from kombu.exceptions import KombuError

from testbed.oracle import demands_of
from tests.chaos.account import Account
from tests.chaos.faults.catalogue import Fault
from tests.chaos.faults.platforms import Platform
from tests.chaos.judge import accounts
from tests.chaos.load import FileLedger
from tests.chaos.sinks import Stores

HEAL_LIMIT_S: Final = 30
"""From the peer's return to the verdict of a fresh message."""
GIVE_UP_S: Final = 90
SETTLE_LIMIT_S: Final = 120
AWAY: Final = (AssertionError, requests.RequestException, psycopg2.Error, KafkaException)
"""What asking a store raises while it is away."""

UNDOABLE: Final = (AssertionError, OSError, KombuError, psutil.Error, subprocess.SubprocessError)
"""What a fault raises that cannot be done, or after which its peer does not return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fault did."""

    fault: str
    lasted_s: float
    """From its beginning to the return of what it hit."""
    first_verdict_s: float | None
    """From that return to the first verdict of a message sent after it; None = none came."""
    drained_s: float | None
    """From that return until every store held everything; None = it never did."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """Of all that was sent since the slice began."""
    problem: str = ""

    @property
    def is_settled(self) -> bool:
        """It healed by itself, and nothing is lost or unexpected."""
        return not self.problem and self.first_verdict_s is not None and self.drained_s is not None

    @property
    def is_healed(self) -> bool:
        """It healed in time, too."""
        return self.is_settled and (self.first_verdict_s or 0.0) <= HEAL_LIMIT_S

    def as_json(self) -> dict[str, Any]:
        """Return what the report is made of."""
        return asdict(self) | {"is_healed": self.is_healed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every case needs."""

    platform: Platform
    stores: Stores
    ledger: FileLedger
    satellite_ids: Sequence[str]

    def run(self, fault: Fault) -> Outcome:
        """Do a fault and watch it heal."""
        begun = time.time()
        try:
            returned_at = fault.act(self.platform)
        except UNDOABLE as error:
            lasted_s = time.time() - begun
            return Outcome(
                fault=fault.name,
                lasted_s=lasted_s,
                first_verdict_s=None,
                drained_s=None,
                problem=str(error).strip(),
            )
        judged_at = _first(lambda: self.stores.first_judged_after(returned_at), GIVE_UP_S, every_s=0.5)
        settled_at, found, problem = self.settle()
        return Outcome(
            fault=fault.name,
            lasted_s=returned_at - begun,
            first_verdict_s=None if judged_at is None else max(0.0, judged_at - returned_at),
            drained_s=None if settled_at is None else settled_at - returned_at,
            accounts=found,
            problem=problem,
        )

    def settle(self) -> tuple[float | None, dict[str, Account], str]:
        """Ask the stores until they hold all that was sent before; return when, and the last accounts."""
        must = demands_of(list(self.ledger.sent))
        found: dict[str, Account] = {}
        problem = ""
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < deadline:
            try:
                held = self.stores.read(list(self.satellite_ids), self.ledger.places)
                may = demands_of(list(self.ledger.sent))
                found, problem = accounts(must, may, held, self.satellite_ids), ""
            except AWAY as error:
                problem = f"a store does not answer: {error}"
            if found and not problem and all(account.is_settled for account in found.values()):
                return time.time(), found, ""
            time.sleep(2)
        return None, found, problem


def _first(ask: Callable[[], float | None], within_s: float, *, every_s: float) -> float | None:
    """Return the first answer of a store that may be away itself."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            answer = ask()
        except AWAY as error:
            print(f"    waiting: {str(error).splitlines()[0]}")
            answer = None
        if answer is not None:
            return answer
        time.sleep(every_s)
    return None
