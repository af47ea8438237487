"""The harness of the chaos runs: its accounts, its plan, and that it shares no code with what it judges."""

import ast
from pathlib import Path

from tests.chaos.account import describe, settle
from tests.chaos.faults.catalogue import Fault, all_faults, kill, pause
from tests.chaos.faults.delay import delay_rules
from tests.chaos.faults.network import black_hole_rules
from tests.chaos.plan import drawn, selected
from tests.chaos.sinks import generated_at

CHECKOUT = Path(__file__).resolve().parents[3]
SERVICES = {
    "alarm_notifier",
    "alarm_server",
    "alarms",
    "analysis_server",
    "deploy",
    "housekeeping",
    "kafka_inference_trigger",
    "operation_server",
    "scoring",
    "telemetry_core",
    "telemetry_replay",
    "telemetry_writer",
    "verdict_relay",
}
NAMES = ["kafka", "nginx", "nginx/nginx", "postgres"]


def module_file(module: str) -> Path | None:
    path = CHECKOUT / Path(*module.split(".")).with_suffix(".py")
    return path if path.exists() else None


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_chaos_runs_no_code_of_the_services_that_it_judges() -> None:
    waiting = sorted((CHECKOUT / "tests" / "chaos").rglob("*.py"))
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        modules = imports_of(path)
        assert not {module.split(".")[0] for module in modules} & SERVICES, path
        waiting.extend({file for module in modules if (file := module_file(module))} - seen)
    assert {path.name for path in seen} >= {"run.py", "oracle.py", "generator.py", "ledger.py"}


def test_account_tells_lost_duplicate_and_unexpected_apart() -> None:
    account = settle({"a", "b", "c"}, ["a", "a", "x", "y"], allowed={"x"})
    assert (account.demanded, account.effective, account.duplicate) == (3, 1, 1)
    assert (account.lost, account.unexpected) == (2, 1)
    assert account.amiss == ("lost b", "lost c", "unexpected y")
    assert not account.is_settled
    assert settle({"a"}, ["a"]).is_settled


def test_description_names_what_is_amiss() -> None:
    assert describe({"rows": settle({"a"}, ["a"])}) == "1 rows"
    assert describe({"rows": settle({"a"}, [])}) == "rows: 1 lost, 0 unexpected (lost a)"


def test_same_seed_draws_the_same_faults_and_another_seed_others() -> None:
    def names(seed: int) -> list[str]:
        return [fault.name for fault in drawn(all_faults(NAMES), seed)]

    assert names(7) == names(7)
    assert sorted(names(7)) != names(7)
    assert names(7) != names(8)


def test_plan_holds_every_process_and_every_pair_once() -> None:
    names = [fault.name for fault in drawn(all_faults(NAMES), 3)]
    assert len(names) == len(set(names))
    assert {f"kill:{name}" for name in NAMES} <= set(names)
    pairs = {frozenset(name.split(":")[1].split("+")) for name in names if "+" in name}
    services = {"kafka", "nginx", "postgres"}
    assert pairs == {frozenset({a, b}) for a in services for b in services if a != b}


def test_faults_are_chosen_by_name_or_kind_and_pairs_are_built() -> None:
    plan = drawn(all_faults(NAMES), 3)
    assert [fault.name for fault in selected(plan, ["kill:kafka"])] == ["kill:kafka"]
    assert {fault.kind for fault in selected(plan, ["pause"])} == {"pause"}
    (pair,) = selected([], ["kill:kafka+postgres"])
    assert (pair.kind, pair.targets) == ("kill", ("kafka", "postgres"))


def test_fault_is_named_by_kind_and_targets() -> None:
    assert kill("kafka").name == "kill:kafka"
    assert pause("a", "b").name == "pause:a+b"
    assert Fault(kind="restart", targets=(), act=lambda _: 0.0).name == "restart"


def test_job_id_tells_the_generation_time_in_milliseconds_and_in_microseconds() -> None:
    assert generated_at("kafka-SAT-1-1764320000123") == 1764320000.123
    assert generated_at("kafka-SAT-1-1764320000123456") == 1764320000.123456


def test_black_hole_drops_both_directions_of_every_port() -> None:
    rules = black_hole_rules((9092, 29092))
    assert "tcp dport { 9092, 29092 } drop" in rules
    assert "tcp sport { 9092, 29092 } drop" in rules


def test_delay_leads_new_connections_to_the_proxy_and_ends_the_old_ones() -> None:
    rules = delay_rules({9092: 41001, 29092: 41002})
    own = "meta mark != 1447 tcp dport"
    assert f"{own} 9092 redirect to :41001\n    {own} 29092 redirect to :41002\n" in rules
    assert f"{own} {{ 9092, 29092 }} reject with tcp reset" in rules
