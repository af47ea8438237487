"""Faults under load and a ledger: `python -m tests.chaos.run --minutes 60 --seed 7`.

A run of many minutes goes in slices: the same command continues it where the last slice ended or was killed.
"""

import argparse
import json
import secrets
import signal
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.platform import machine
from testbed.ledger import DEAD_LETTER_TOPIC
from testbed.running_platform import Platform as Running
from testbed.supervised import CHECKOUT, Supervised
from tests.chaos.account import describe
from tests.chaos.case import Bench, Outcome
from tests.chaos.faults.catalogue import Fault, all_faults
from tests.chaos.faults.platforms import ComposePlatform, NativePlatform, Platform
from tests.chaos.load import FileLedger, Load
from tests.chaos.plan import SHORT, drawn, missing_packages, selected
from tests.chaos.sinks import RESULTS_TOPIC, Stores, topic_ends

SATELLITES: Final = 12
STATE: Final = CHECKOUT / ".native" / "chaos"
QUIET_LIMIT_S: Final = 60


class Run:
    """The state of a run in its file: what was done, and how long all slices took."""

    def __init__(self, path: Path, *, seed: int, minutes: float, is_new: bool) -> None:
        self._path = path
        self.state: dict[str, Any] = {"seed": seed, "minutes": minutes, "spent_s": 0.0, "slices": []}
        if path.exists() and not is_new:
            known = json.loads(path.read_text(encoding="utf-8"))
            # Another length or an ended run begins anew.
            if known["minutes"] == minutes and not known.get("ended_at"):
                self.state = known

    @property
    def healed(self) -> set[str]:
        """Names of the faults that healed; one that did not is tried again, and both lines stand."""
        outcomes = [outcome for part in self.state["slices"] for outcome in part["outcomes"]]
        return {outcome["fault"] for outcome in outcomes if outcome["is_healed"]}

    @property
    def left_s(self) -> float:
        """What is left of the run's time."""
        return float(self.state["minutes"] * 60 - self.state["spent_s"])

    def begin_slice(self, prefix: str, machine_text: str) -> dict[str, Any]:
        """Add a slice with its own satellites, so that an interrupted one disturbs no account."""
        part: dict[str, Any] = {"satellites": prefix, "sent": 0, "accepted": 0, "outcomes": []}
        self.state["machine"] = machine_text
        self.state["slices"].append(part)
        return part

    def save(self) -> None:
        """Write the file in one step."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        fresh.replace(self._path)


def main() -> None:
    """Do the faults of a run, or of one slice of it."""
    options = _options()
    # An ended run undoes its fault: the rules of the firewall, a full disk, a clock.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    platform: Platform = ComposePlatform(options.compose) if options.compose else NativePlatform()
    run = Run(
        STATE / f"seed-{options.seed}.json",
        seed=options.seed,
        minutes=options.minutes,
        is_new=options.short,
    )
    plan = drawn(all_faults(platform.names()), options.seed)
    if options.short or options.only:
        plan = selected(plan, SHORT if options.short else options.only)
    if not options.compose and (missing := missing_packages(plan)):
        sys.exit(f"These faults need packages that are not installed: apt-get install {' '.join(missing)}")
    outcomes = list[Outcome]()
    ends_at = time.monotonic() + min(run.left_s, options.slice * 60)
    while (
        todo := _left(plan, run.healed | {tried.fault for tried in outcomes})
    ) and time.monotonic() < ends_at:
        outcomes.extend(_slice(run, platform, todo, ends_at, options.seed))
    problems = _problems(platform)
    run.state["problems_at_the_end"] = problems
    if run.left_s <= 0 or not todo:
        run.state["ended_at"] = time.time()
    run.save()
    _conclude(run, outcomes, problems, is_timed=not options.short)


def _left(plan: Sequence[Fault], done: Collection[str]) -> list[Fault]:
    return [fault for fault in plan if fault.name not in done]


def _slice(run: Run, platform: Platform, todo: Sequence[Fault], ends_at: float, seed: int) -> list[Outcome]:
    """Do faults until one leaves accounts open, which would be the next one's too, or time is up."""
    prefix = f"CHAOS-{seed}-{secrets.token_hex(3)}-"
    satellite_ids = [f"{prefix}{index:02d}" for index in range(SATELLITES)]
    running = Running(supervised=Supervised())
    since = {"letters": topic_ends(DEAD_LETTER_TOPIC), "results": topic_ends(RESULTS_TOPIC)}
    STATE.mkdir(parents=True, exist_ok=True)
    ledger = FileLedger(STATE / f"{prefix}ledger.jsonl")
    load = Load(satellite_ids, ledger, seed)
    part = run.begin_slice(prefix, machine.text(machine.describe(running)))
    bench = Bench(
        platform=platform,
        stores=Stores(running, prefix, since),
        ledger=ledger,
        satellite_ids=satellite_ids,
    )
    outcomes = list[Outcome]()
    load.start()
    bench.settle()
    for fault in todo:
        if time.monotonic() > ends_at:
            break
        print(f"{time.strftime('%X')} {fault.name}", flush=True)
        case_begun = time.monotonic()
        outcome = bench.run(fault)
        load.check()
        outcomes.append(outcome)
        part["outcomes"].append(outcome.as_json())
        part["sent"], part["accepted"] = ledger.offered, len(ledger.sent)
        run.state["spent_s"] += time.monotonic() - case_begun
        run.save()
        _tell(outcome)
        if outcome.drained_s is None:
            platform.repair()
            break
    try:
        load.end()
    except AssertionError as error:
        print(f"  {error}: the account says which", flush=True)
    part["sent"], part["accepted"] = ledger.offered, len(ledger.sent)
    return outcomes


def _problems(platform: Platform) -> list[str]:
    """Return what is not healthy after everything had time to settle."""
    deadline = time.monotonic() + QUIET_LIMIT_S
    while (problems := platform.problems()) and time.monotonic() < deadline:
        time.sleep(2)
    return problems


def _tell(outcome: Outcome) -> None:
    def seconds(value: float | None) -> str:
        return "never" if value is None else f"{value:.1f} s"

    print(
        f"  {'healed' if outcome.is_healed else 'NOT HEALED'}: away {outcome.lasted_s:.1f} s,"
        f" first verdict {seconds(outcome.first_verdict_s)}, drained {seconds(outcome.drained_s)};"
        f" {describe(outcome.accounts)}{' ' + outcome.problem if outcome.problem else ''}",
        flush=True,
    )


def _conclude(run: Run, outcomes: Sequence[Outcome], problems: Sequence[str], *, is_timed: bool) -> None:
    """Say what failed; how long healing took fails no test run, whose machine may be any."""
    slow = [outcome.fault for outcome in outcomes if not outcome.is_healed]
    failed = slow if is_timed else [outcome.fault for outcome in outcomes if not outcome.is_settled]
    print(f"{len(outcomes)} faults, {len(slow)} not healed in time; {len(problems)} unhealthy at the end")
    for line in (*slow, *problems):
        print(f"  {line}")
    if not run.state.get("ended_at"):
        print(f"{run.left_s / 60:.0f} minutes are left: the same command goes on with them")
    if failed or problems:
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="length of the whole run")
    parser.add_argument("--slice", type=float, default=20, help="minutes after which a slice ends")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="kill, kill:kafka ...")
    parser.add_argument("--short", action="store_true", help="the edition of the test run")
    parser.add_argument("--compose", type=Path, metavar="FOLDER", help="the platform in containers")
    return parser.parse_args()


if __name__ == "__main__":
    main()
