"""The web console in a real Chromium: first view, a day of telemetry, memory over minutes of live data."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import requests
from playwright.sync_api import Browser, Page, Response, sync_playwright

from benchmarks.platform.figures import Figure, Section
from telemetry_core.service.settings import load_mission
from testbed.browser import CHECKOUT, operator, start_chromium
from testbed.fleet import SimulatedSatellite, low_battery
from testbed.running_platform import victoria_key, victoria_url

ROUNDS: Final = 5
SATELLITE: Final = "BENCH-CONSOLE"
DAY_S: Final = 86_400
SPIKE: Final = 5_000.0
ROWS_AT_ONCE: Final = 4
HEAP_PACE_PER_S: Final = 10
TIMEOUT_S: Final = 60

SOMETHING_DRAWN: Final = "() => performance.getEntriesByName('satellite:drawn').length > 0"
#: When the charts were drawn with the reduced day, in milliseconds since the navigation began; null before.
DAY_DRAWN: Final = """() => {
  const day = performance.getEntriesByType('resource')
    .filter(({name}) => name.includes('/api/v1/telemetry/') && !name.includes('latest'))
    .findLast(({name}) => {
      const asked = new URL(name).searchParams;
      return Date.parse(asked.get('end_time')) - Date.parse(asked.get('start_time')) > 80_000_000;
    });
  if (!day) return null;
  const drawn = performance.getEntriesByName('satellite:drawn');
  return drawn.find(({startTime}) => startTime > day.responseEnd)?.startTime;
}"""


def measure(live_minutes: int) -> list[Section]:
    """Measure with the running platform; `live_minutes` of 0 leaves the long part out."""
    with sync_playwright() as playwright:
        browser = start_chromium(playwright)
        sections = [_first_view(browser), _day(browser)]
        if live_minutes:
            sections.append(_growth(browser, live_minutes))
        browser.close()
    return sections


def _first_view(browser: Browser) -> Section:
    times, sizes = [], []
    for _ in range(ROUNDS):
        with operator(browser) as person:
            page = person.open("/")
            page.locator("main tbody tr").first.wait_for()
            times.append(float(page.evaluate("performance.now()")))
            sizes.append(_transferred(page) / 1000)
    return Section(
        title="Console: first view (Fleet), empty cache",
        explanation="From the start of the navigation until the first satellite stands in the table.",
        lines=[
            Figure(name="first row drawn", unit="ms", values=times),
            Figure(name="over the wire until then", unit="kB", values=sizes),
        ],
    )


def _transferred(page: Page) -> float:
    script = (
        "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".reduce((sum, entry) => sum + entry.transferSize, 0)"
    )
    return float(page.evaluate(script))


def _day(browser: Browser) -> Section:
    mission = load_mission(CHECKOUT / "missions" / "default.yaml")
    channels = {
        path: metric
        for metric, path in reversed(mission.metrics.items())
        if (part := path.split(".")[0]) in mission.subsystems
        and path.removeprefix(f"{part}.") in mission.subsystems[part].channels
    }
    end_s = int(time.time())
    _import_day(list(channels.values()), end_s)
    loads, clicks, spikes = [], [], []
    try:
        for _ in range(ROUNDS):
            with operator(browser) as person, person.page.expect_response(_is_reduced) as answer:
                page = person.open(f"/satellites/{SATELLITE}?subsystem=all&range=1d")
                loads.append(float(page.wait_for_function(DAY_DRAWN).json_value()))
                drawn = answer.value.json()["channels"]
                spikes.append(sum(value == SPIKE for item in drawn for value in item["max"]))
            with operator(browser) as person:
                page = person.open(f"/satellites/{SATELLITE}?subsystem=all&range=5m")
                page.wait_for_function(SOMETHING_DRAWN)
                begun = float(page.evaluate("performance.now()"))
                page.get_by_text("1d", exact=True).click()
                clicks.append(float(page.wait_for_function(DAY_DRAWN).json_value()) - begun)
    finally:
        _forget()
    return Section(
        title=f"Console: a day of 1 Hz telemetry, {len(channels)} channels, empty cache",
        explanation="Until all charts are drawn. One spike of one sample was put into each channel.",
        lines=[
            Figure(name="from the click on 1d", unit="ms", values=clicks),
            Figure(name="from the start of the navigation", unit="ms", values=loads),
            Figure(name=f"spikes in the answer, of {len(channels)}", unit="spikes", values=spikes),
        ],
    )


def _is_reduced(response: Response) -> bool:
    return "/api/v1/telemetry/" in response.url and "strategy=latest" not in response.url


def _import_day(metrics: list[str], end_s: int) -> None:
    times = [(end_s - DAY_S + step) * 1000 for step in range(DAY_S)]
    for first in range(0, len(metrics), ROWS_AT_ONCE):
        body = "\n".join(_lines(metrics[first : first + ROWS_AT_ONCE], times, first))
        requests.post(f"{victoria_url()}/api/v1/import", data=body, timeout=TIMEOUT_S).raise_for_status()
    requests.get(
        f"{victoria_url()}/internal/force_flush", params={"authKey": victoria_key()}, timeout=TIMEOUT_S
    ).raise_for_status()


def _lines(metrics: list[str], times: list[int], first: int) -> Iterator[str]:
    for place, metric in enumerate(metrics):
        values = [float((step + 7 * place) % 90) for step in range(DAY_S)]
        values[(first + place + 1) * 2_000] = SPIKE
        labels = {"__name__": metric, "satellite_id": SATELLITE}
        yield json.dumps({"metric": labels, "values": values, "timestamps": times})


def _forget() -> None:
    requests.post(
        f"{victoria_url()}/api/v1/admin/tsdb/delete_series",
        params={"authKey": victoria_key()},
        data={"match[]": f'{{satellite_id="{SATELLITE}"}}'},
        timeout=TIMEOUT_S,
    ).raise_for_status()


def _growth(browser: Browser, minutes: int) -> Section:
    """Follow a satellite that sends ten sample sets a second; each breaks a rule, so all are judged."""
    satellite = SimulatedSatellite(satellite_id=SATELLITE, interval=timedelta(seconds=1) / HEAP_PACE_PER_S)
    heaps = []
    try:
        with operator(browser) as person:
            satellite.send(100)
            page = person.open(f"/satellites/{SATELLITE}?subsystem=all&range=5m")
            page.locator("main .uplot").first.wait_for()
            session = person.context.new_cdp_session(page)
            for _ in range(minutes):
                begun = time.monotonic()
                while time.monotonic() - begun < 60:
                    satellite.send(1, low_battery)
                    page.wait_for_timeout(100)
                session.send("HeapProfiler.collectGarbage")
                used = session.send("Runtime.getHeapUsage")["usedSize"]
                heaps.append(used / 1e6)
                print(f"  minute {len(heaps)}: {heaps[-1]:.1f} MB", flush=True)
    finally:
        _forget()
    return Section(
        title=f"Console: heap over {minutes} minutes of live data at {HEAP_PACE_PER_S} sample sets a second",
        explanation="After a collection at the end of each minute; growth counts from the first to the last.",
        lines=[
            Figure(name="heap in use", unit="MB", values=heaps, decimals=1),
            Figure(name="growth", unit="MB", values=[heaps[-1] - heaps[0]], decimals=1),
        ],
    )
