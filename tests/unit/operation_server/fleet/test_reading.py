from typing import Any

import pytest

from operation_server.fleet.reading import FRESH_S, READ_EVERY_S, WANTED_S, FleetStatus
from telemetry_core.contract.errors import DependencyUnavailable


class Servers:
    """What the fleet is read from, and the clock; both the test's."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.reads = 0
        self.are_away = False

    def clock(self) -> float:
        return self.now_s

    def read(self) -> dict[str, Any]:
        self.reads += 1
        if self.are_away:
            raise DependencyUnavailable("postgres", "away")
        states = ("critical", "serious", "caution", "normal", "standby", "off")
        return {
            "generated_at": "2026-05-01T12:00:00Z", "counts": dict.fromkeys(states, self.reads),
            "satellites": [], "anomalies_behind_s": 0.0,
        }  # fmt: skip


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def fleet(servers: Servers) -> FleetStatus:
    return FleetStatus(servers.read, monotonic=servers.clock)


def test_nobody_asked_so_nothing_is_read(fleet: FleetStatus, servers: Servers) -> None:
    fleet.read_on()
    assert servers.reads == 0


def test_what_was_changed_is_read_at_once(fleet: FleetStatus, servers: Servers) -> None:
    first = fleet.newest()
    assert fleet.newest() is first
    fleet.forget()
    assert fleet.newest() is not first
    assert servers.reads == 2


def test_while_clients_ask_only_the_first_waits_for_a_reading(fleet: FleetStatus, servers: Servers) -> None:
    fleet.newest()
    for _ in range(30):
        servers.now_s += READ_EVERY_S
        fleet.read_on()
        reads = servers.reads
        newest = fleet.newest()
        assert servers.reads == reads
        assert newest.at_s == servers.now_s


def test_reading_ends_when_nobody_asks_any_more(fleet: FleetStatus, servers: Servers) -> None:
    fleet.newest()
    for _ in range(int(3 * WANTED_S / READ_EVERY_S)):
        servers.now_s += READ_EVERY_S
        fleet.read_on()
    assert servers.reads <= 1 + WANTED_S / READ_EVERY_S


def test_outage_is_told_once_what_is_kept_is_no_longer_fresh(fleet: FleetStatus, servers: Servers) -> None:
    kept = fleet.newest()
    servers.are_away = True
    servers.now_s += FRESH_S - 0.1
    assert fleet.newest() is kept
    with pytest.raises(DependencyUnavailable):
        fleet.read_on()
    servers.now_s += 0.1
    with pytest.raises(DependencyUnavailable):
        fleet.newest()
    servers.are_away = False
    assert fleet.newest().at_s == servers.now_s
