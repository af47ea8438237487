"""While a server is away nothing is lost, and nothing is done twice."""

import time

import pytest

from testbed.generator import Message, Shares, recording, whole_second_now
from testbed.ledger import WRITER_GROUP, Ledger, is_consumed
from testbed.oracle import demands_of
from testbed.running_platform import Platform, exported_times
from testbed.supervised import wait_until
from tests.e2e.checks import assert_jobs_have_exactly_their_verdicts, wait_until_drained

OUTAGE_S = 10
MESSAGES_PER_S = 25

pytestmark = pytest.mark.e2e


def send_for(ledger: Ledger, messages: list[Message], seconds: float) -> None:
    """Send from the front of `messages` at the rate of the load."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ledger.send([messages.pop(0)])
        ledger.pace(1 / MESSAGES_PER_S)


@pytest.mark.parametrize("server", ["rabbitmq", "postgres", "triton-server"])
def test_outage_under_load_loses_and_doubles_nothing(
    platform: Platform, satellites: str, server: str
) -> None:
    ids = [f"{satellites}{index}" for index in range(5)]
    count = (OUTAGE_S + 10) * MESSAGES_PER_S
    shares = Shares(rule_breaking=0.2)
    messages = recording(ids, count=count, newest_at=whole_second_now(), seed=7, shares=shares)
    ledger = Ledger()
    send_for(ledger, messages, 2)
    with platform.supervised.stopped(server):
        send_for(ledger, messages, OUTAGE_S)
    send_for(ledger, messages, 2)
    demands = demands_of(ledger.sent)
    assert demands.rows
    wait_until_drained(platform, ledger, demands, satellites)
    assert_jobs_have_exactly_their_verdicts(platform, demands, satellites)


def test_outage_of_victoria_metrics_loses_no_sample(platform: Platform, satellites: str) -> None:
    ids = [f"{satellites}{index}" for index in range(5)]
    messages = recording(ids, count=400, newest_at=whole_second_now(), seed=8, shares=Shares())
    ledger = Ledger()
    with platform.supervised.stopped("victoria-metrics"):
        send_for(ledger, messages, 5)
    send_for(ledger, messages, 1)
    expected = {
        name: times for name, times in demands_of(ledger.sent).temperature_times.items() if name in ids
    }
    wait_until(lambda: is_consumed(WRITER_GROUP, ledger.ends()), "writer read all", within_s=60)
    wait_until(
        lambda: exported_times(satellites, "satellite_temperature") == expected,
        "VictoriaMetrics holds every sample once",
        within_s=60,
        every_s=0.5,
    )
