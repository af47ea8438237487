"""Limits that telemetry breaks right now, and last contacts, as a real VictoriaMetrics tells them."""

import time
from collections.abc import Iterator, Mapping

import pytest

from operation_server.alerts.breaches import Breaches
from operation_server.fleet.status import Contacts
from operation_server.telemetry.victoria import Sample, VictoriaMetrics
from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

pytestmark = pytest.mark.integration

MISSION = load_mission(Settings().mission_file)
METRICS = {
    "low_battery": "satellite_battery_soc",
    "abnormal_temperature": "satellite_temperature",
    "thruster_active": "satellite_thruster_active",
}


@pytest.fixture(scope="module")
def victoria_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_victoria_server(tmp_path_factory.mktemp("victoria")) as url:
        yield url


def measure(url: str, reason: str, satellite_id: str, values: Mapping[int, float]) -> int:
    """Store values by seconds from now on; return now in milliseconds."""
    now_ms = round(time.time() * 1000)
    write_samples(
        url, METRICS[reason], satellite_id, {now_ms + at * 1000: value for at, value in values.items()}
    )
    return now_ms


@pytest.mark.parametrize(
    ("reason", "values", "start"),
    [
        ("low_battery", {-9: 29, -6: 31, -3: 29, -1: 31}, -9),
        ("low_battery", {-9: 30, -6: 31}, None),
        ("low_battery", {-80: 29, -70: 31, -15: 31, -1: 29}, -1),
        ("low_battery", {-50: 31, 190: 20, 200: 20}, 190),
        ("low_battery", {-600: 20}, None),
        ("abnormal_temperature", {-9: 75, -6: 20, -3: -40, -1: 20}, -9),
        ("thruster_active", {-9: 1, -6: 0, -3: 1, -1: 0}, -9),
        ("thruster_active", {-9: 0, -6: 0}, None),
    ],
)
def test_breach_lasts_until_none_was_seen_for_a_minute_also_of_a_fast_clock(
    victoria_url: str, reason: str, values: dict[int, float], start: int | None
) -> None:
    satellite = f"SAT-{abs(hash((reason, *values)))}"
    now_ms = measure(victoria_url, reason, satellite, values)
    breaches = Breaches(VictoriaMetrics(victoria_url), MISSION)
    present = {key for key in breaches.present() if key[0] == satellite}
    found = breaches.episodes(present)
    expected = [] if start is None else [(reason, now_ms + start * 1000)]
    assert [(item.sign.reason, item.started_ms) for item in found] == expected


@pytest.mark.parametrize("interval_s", [1, 60, 120, 600])
def test_breach_stands_from_one_sample_to_the_next_at_any_cadence(victoria_url: str, interval_s: int) -> None:
    patience_s = round(MISSION.window.gap_s(interval_s))
    breaches = Breaches(VictoriaMetrics(victoria_url), MISSION)
    for age_s, stands in ((0, True), (interval_s, True), (patience_s - 5, True), (patience_s + 5, False)):
        satellite = f"SAT-{interval_s}-{age_s}"
        samples = {-age_s - place * interval_s: 20.0 if place < 6 else 50.0 for place in range(12)}
        now_ms = measure(victoria_url, "low_battery", satellite, samples)
        found = breaches.episodes(key for key in breaches.present() if key[0] == satellite)
        starts = [now_ms - (age_s + 5 * interval_s) * 1000] if stands else []
        assert [item.started_ms for item in found] == starts, satellite
        assert [breaches.newest_value(item) for item in found] == [20.0] * len(found)


@pytest.mark.parametrize(("interval_s", "held"), [(1, 59), (20, 2), (60, 2), (120, 2), (600, 2)])
def test_value_that_flaps_at_its_limit_is_one_breach_at_any_cadence(
    victoria_url: str, interval_s: int, held: int
) -> None:
    """It lasts while fewer than three samples, and less than a minute, passed without a breach."""
    breaches = Breaches(VictoriaMetrics(victoria_url), MISSION)
    for since in (held, held + 1):
        satellite = f"SAT-flaps-{interval_s}-{since}"
        samples = {-place * interval_s: 50.0 for place in range(since)}
        samples |= {-(since + place) * interval_s: 50.0 if place % 2 else 20.0 for place in range(9)}
        now_ms = measure(victoria_url, "low_battery", satellite, samples)
        found = breaches.episodes(key for key in breaches.present() if key[0] == satellite)
        starts = [now_ms - (since + 8) * interval_s * 1000] if since == held else []
        assert [item.started_ms for item in found] == starts, satellite


@pytest.mark.parametrize(
    ("values", "start"),
    [({-9500: 20}, -9500), ({-3000: 20, -100: 50}, None), ({-3000: 50, -5: 20}, -5), ({-20_000: 20}, None)],
)
def test_breach_of_a_channel_sent_on_change_stands_while_its_value_holds(
    victoria_url: str, values: dict[int, float], start: int | None
) -> None:
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["channels"]["battery_soc_percent"]["reporting"] = "on_change"
    breaches = Breaches(VictoriaMetrics(victoria_url), Mission.model_validate(content))
    satellite = f"SAT-changes{min(values)}-{len(values)}"
    now_ms = measure(victoria_url, "low_battery", satellite, values)
    found = breaches.episodes(key for key in breaches.present() if key[0] == satellite)
    assert [item.started_ms for item in found] == ([] if start is None else [now_ms + start * 1000])


def test_each_rule_is_asked_for_once(victoria_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def newest(query: str) -> list[Sample]:
        asked.append(query)
        return []

    victoria = VictoriaMetrics(victoria_url)
    monkeypatch.setattr(victoria, "newest", newest)
    Breaches(victoria, MISSION).present()
    assert len(asked) == len(set(asked)) == sum(len(part.rules) for part in MISSION.subsystems.values())


@pytest.mark.parametrize("age_s", [250, 0, -200])
def test_last_contact_of_a_fast_on_board_clock_is_known(victoria_url: str, age_s: int) -> None:
    satellite = f"SAT-{1000 + age_s}"
    now_ms = measure(victoria_url, "low_battery", satellite, {-age_s: 80})
    contacts = Contacts(VictoriaMetrics(victoria_url), MISSION, monotonic=time.monotonic).newest()
    assert round(contacts[satellite, "eps"].timestamp() * 1000) == now_ms - age_s * 1000
