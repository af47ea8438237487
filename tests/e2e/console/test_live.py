"""The live line of a real browser: cut, silent, and back again without a gap and without a repeat."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery
from testbed.running_platform import Platform
from testbed.supervised import wait_until

pytestmark = pytest.mark.e2e
API = "operation-server"
VISIBLE_WITHIN_S = 5.0

#: Notes the ids of all events that reach the browser, whatever line they came on.
LISTEN = """
window.heard = [];
const original = window.fetch;
window.fetch = async (...request) => {
  const response = await original(...request);
  if (!String(request[0]?.url ?? request[0]).includes('/verdicts/stream') || !response.body) return response;
  const [kept, ours] = response.body.tee();
  (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of ours) {
      text += decoder.decode(part, {stream: true});
      const events = text.split(/\\r?\\n\\r?\\n/);
      text = events.pop();
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event);
        if (/^event: verdict$/m.test(event) && data) window.heard.push(JSON.parse(data[1]));
      }
    }
  })().catch(() => undefined);
  return new Response(kept, response);
};
"""


def heard(page: Page, satellite_id: str) -> list[tuple[str, str]]:
    verdicts = page.evaluate("id => window.heard.filter(item => item.satellite_id === id)", satellite_id)
    return [(item["job_id"], item["subsystem"]) for item in verdicts]


def test_a_cut_line_is_seen_and_goes_on_without_gap_or_repeat(
    sit_down: Callable[..., Operator], platform: Platform, satellites: str
) -> None:
    person = sit_down()
    person.page.add_init_script(LISTEN)
    page = person.open("/")
    page.locator('[data-live="live"]').wait_for()
    satellite = SimulatedSatellite(satellite_id=f"{satellites}LIVE")
    satellite.send(WARM_UP)
    satellite.send(20, low_battery)
    wait_until(lambda: len(heard(page, satellite.satellite_id)) >= 4, "verdicts arrive", within_s=30)

    pid = platform.supervised.kill(API)
    begun = time.monotonic()
    page.get_by_role("alert").filter(has_text="Connection lost").wait_for()
    assert time.monotonic() - begun < VISIBLE_WITHIN_S
    satellite.send(20, low_battery)
    platform.supervised.wait_for_restart(API, pid)
    page.locator('[data-live="live"]').wait_for(timeout=60_000)
    satellite.send(20, low_battery)

    def expected() -> set[tuple[str, str]]:
        return {(row.job_id, row.subsystem) for row in platform.rows(satellite.satellite_id)}

    wait_until(lambda: len(expected()) >= 60 * 4, "everything is judged", within_s=60)
    wait_until(lambda: len(heard(page, satellite.satellite_id)) >= len(expected()), "it arrives", within_s=30)
    arrived = heard(page, satellite.satellite_id)
    assert expected() ^ set(arrived) == set()
    assert len(arrived) == len(set(arrived))
    assert page.get_by_text("Connection lost").count() == 0


def test_a_server_that_hangs_is_seen_within_five_seconds(
    sit_down: Callable[..., Operator], platform: Platform
) -> None:
    page = sit_down().open("/pipeline")
    page.locator('[data-live="live"]').wait_for()
    pid = platform.supervised.pid(API)
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    try:
        page.get_by_role("alert").filter(has_text="Connection lost").wait_for()
        assert time.monotonic() - begun < VISIBLE_WITHIN_S
    finally:
        os.kill(pid, signal.SIGCONT)
    page.locator('[data-live="live"]').wait_for(timeout=30_000)
    assert page.get_by_text("Connection lost").count() == 0
