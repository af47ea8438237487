"""Last contacts, as a real VictoriaMetrics tells them."""

import time
from pathlib import Path

import pytest

from operation_server.fleet.status import Contacts
from operation_server.telemetry.victoria import VictoriaMetrics
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

pytestmark = pytest.mark.integration


def test_last_contact_of_a_fast_on_board_clock_is_known(tmp_path: Path) -> None:
    mission = load_mission(Settings().mission_file)
    with running_victoria_server(tmp_path) as url:
        now_ms = round(time.time() * 1000)
        sent_ms = {f"SAT-{1000 + age_s}": now_ms - age_s * 1000 for age_s in (250, 0, -200)}
        for satellite, at_ms in sent_ms.items():
            write_samples(url, "satellite_battery_soc", satellite, {at_ms: 80})
        contacts = Contacts(VictoriaMetrics(url), mission, monotonic=time.monotonic).newest()
    found = {satellite: round(contacts[satellite, "eps"].timestamp() * 1000) for satellite in sent_ms}
    assert found == sent_ms
