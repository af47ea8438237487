"""Whatever is killed, stopped or restarted: it heals, and every job has exactly its verdicts."""

import re
import time

import pytest

from testbed.generator import Shares, recording, whole_second_now
from testbed.ledger import Ledger, dead_letter_ends
from testbed.oracle import demands_of
from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.compose.conftest import say
from tests.compose.containers import Containers
from tests.e2e.checks import (
    assert_garbage_is_in_the_dead_letters,
    assert_jobs_have_exactly_their_verdicts,
    wait_until_drained,
)

MESSAGES = 5000
SATELLITES = 20

pytestmark = pytest.mark.compose


def test_every_container_killed_once_under_load_heals_and_nothing_is_lost(
    containers: Containers, platform: Platform, satellites: str
) -> None:
    victims = sorted(name for name, (state, _) in containers.states().items() if state == "running")
    ids = [f"{satellites}{index:02d}" for index in range(SATELLITES)]
    messages = recording(ids, count=MESSAGES, newest_at=whole_second_now(), seed=20261125, shares=Shares())
    dead_letters_before = dead_letter_ends()
    ledger = Ledger()
    size = MESSAGES // len(victims)
    for number, victim in enumerate(victims):
        last = number == len(victims) - 1
        part = messages[number * size : None if last else (number + 1) * size]
        ledger.send(part[: size // 2])
        started_before = containers.inspect(victim)["State"]["StartedAt"]
        containers.kill(victim)
        # Kafka's producer keeps what it cannot send yet.
        ledger.send(part[size // 2 :])
        say(f"  {victim} healed after {containers.wait_for_healing(victim, started_before):.0f} s")
    demands = demands_of(ledger.sent)
    wait_until_drained(platform, ledger, demands, satellites)
    assert len(ledger.sent) == MESSAGES
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)
    assert_garbage_is_in_the_dead_letters(ledger, demands, dead_letters_before)


# The standby keeps the partition for as long as the first trigger is away (section 5.2.3).
TRIGGERS = "docker compose logs trigger kafka-inference-trigger"
OUTAGES = {
    "kafka": (TRIGGERS, r"kafka:9092.*(Connection refused|Failed to resolve|Connect to)"),
    "rabbitmq": (TRIGGERS, r"rabbitmq.*rabbitmq:5672"),
    "postgres": (
        "docker logs analysis-worker-1",
        r"postgres.*(Connection refused|could not translate|closed|terminat)",
    ),
    "triton-server": ("docker logs analysis-worker-1", r"triton unavailable: triton-server:8001: "),
}


@pytest.mark.parametrize("server", OUTAGES)
def test_symptom_of_section_6_appears_and_the_documented_remedy_heals_it(
    containers: Containers, platform: Platform, satellites: str, server: str
) -> None:
    logs, symptom = OUTAGES[server]
    ids = [f"{satellites}{index}" for index in range(5)]
    shares = Shares(rule_breaking=0.2)
    messages = recording(ids, count=300, newest_at=whole_second_now(), seed=7, shares=shares)
    ledger = Ledger()
    ledger.send(messages[:100])
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    containers.run(f"docker compose stop {server}")
    if server != "kafka":
        ledger.send(messages[100:200])
    try:
        wait_until(
            lambda: re.search(symptom, containers.run(f"{logs} --since {since}")),
            f"{logs}: names {server}",
            within_s=60,
            every_s=1,
        )
    finally:
        containers.run(f"docker compose restart {server}")
    ledger.send(messages[200:] if server != "kafka" else messages[100:])
    demands = demands_of(ledger.sent)
    wait_until_drained(platform, ledger, demands, satellites)
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)


def test_waiting_tasks_show_in_the_queue_and_a_restart_of_the_workers_drains_it(
    containers: Containers, platform: Platform, satellites: str
) -> None:
    ids = [f"{satellites}{index}" for index in range(5)]
    messages = recording(
        ids, count=300, newest_at=whole_second_now(), seed=9, shares=Shares(rule_breaking=0.2)
    )
    ledger = Ledger()
    containers.run("docker compose stop worker analysis-worker-1")
    ledger.send(messages)
    wait_until(lambda: platform.tasks_in("inference") > 0, "tasks wait", within_s=60, every_s=1)
    listed = containers.run("docker exec rabbitmq rabbitmqctl list_queues | grep ^inference")
    containers.run("docker compose restart worker analysis-worker-1")
    # The queue of parked tasks stands beside it.
    assert re.search(r"^inference\s+[1-9]\d*\s*$", listed, re.MULTILINE)
    demands = demands_of(ledger.sent)
    wait_until_drained(platform, ledger, demands, satellites)
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)


def test_a_lag_over_1000_shows_and_goes_when_the_triggers_are_back(
    containers: Containers, platform: Platform, satellites: str
) -> None:
    ids = [f"{satellites}{index}" for index in range(10)]
    messages = recording(ids, count=1500, newest_at=whole_second_now(), seed=10, shares=Shares())
    ledger = Ledger()
    containers.run("docker compose stop trigger kafka-inference-trigger")
    ledger.send(messages)
    describe = "docker exec kafka kafka-consumer-groups --bootstrap-server localhost:9092 --describe"
    printed = containers.run(f"{describe} --group analysis-inference-group")
    lags = re.findall(
        r"^analysis-inference-group\s+satellite-telemetry\s+\d+\s+\d+\s+\d+\s+(\d+)", printed, re.MULTILINE
    )
    assert sum(map(int, lags)) > 1000
    containers.run("docker compose restart trigger kafka-inference-trigger")
    demands = demands_of(ledger.sent)
    wait_until_drained(platform, ledger, demands, satellites)
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)
