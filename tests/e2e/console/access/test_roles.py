"""The console with keys of two roles, over an operation server that asks for keys."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Final

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from testbed.browser import CHECKOUT, Operator, web_url
from testbed.postgres_server import free_port
from testbed.running_platform import HTTP_TIMEOUT_S
from testbed.supervised import wait_until

pytestmark = pytest.mark.e2e

READS: Final = "0c6a1f5e-viewer"
ACTS: Final = "93b7d24c-operator"
ANSWERS: Final = re.compile(r"/api/v1/(?!verdicts/stream|alarms/events)")
"""All but the live lines, which never end: the platform's own server has those."""


@pytest.fixture(scope="module")
def asking_server() -> Iterator[str]:
    """Address of an operation server over the platform's database that asks for a key."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "operation_server.app:create_app", "--factory"]
    process = subprocess.Popen(
        [*command, "--host", "localhost", "--port", str(port), "--log-level", "warning"],
        env=os.environ | {"API_KEYS": f"Vera:viewer:{READS},Kim Minji:operator:{ACTS}"},
        cwd=CHECKOUT,
    )
    url = f"http://localhost:{port}"
    try:
        wait_until(lambda: is_alive(url), f"{url} answers", within_s=60)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def is_alive(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=HTTP_TIMEOUT_S).ok
    except requests.ConnectionError:
        return False


def ask_instead(person: Operator, server: str) -> None:
    """Let a browser's requests go to another server."""

    def redirect(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(web_url(), server)))

    person.page.route(ANSWERS, redirect)


def give_key(page: Page, key: str) -> None:
    page.get_by_role("textbox", name="API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_a_viewer_reads_and_another_key_acts_under_its_own_name(
    sit_down: Callable[..., Operator], asking_server: str, satellites: str
) -> None:
    person = sit_down()
    ask_instead(person, asking_server)
    page = person.open("/shift")
    give_key(page, READS)
    expect(page.get_by_text("Vera, viewer")).to_be_visible()
    page.get_by_label("Entry").fill("nobody may write this")
    write = page.get_by_role("button", name="Write", exact=True)
    expect(write).to_be_disabled()
    expect(write).to_have_attribute("title", re.compile("role operator; yours has the role viewer"))

    page.get_by_role("button", name="Use another key").click()
    give_key(page, ACTS)
    expect(page.get_by_text("Kim Minji, operator")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your name")).to_have_value("Kim Minji")
    note = f"{satellites}: heater stays off"
    page.get_by_label("Your name").fill("Anna")
    page.get_by_label("Entry").fill(note)
    write.click()
    entry = page.get_by_role("listitem").filter(has_text=note)
    expect(entry).to_contain_text("Anna (key of Kim Minji)")

    page = person.open("/limits")
    page.get_by_role("button", name="Change eps/low_battery").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Below (%)").fill("1")
    dialog.get_by_label("Comment").fill("not mine to change")
    expect(dialog.get_by_role("button", name="Change limit")).to_be_disabled()
    page.keyboard.press("Escape")
    page = person.open("/dead-letters")
    expect(page.get_by_role("button", name="Discard")).to_be_disabled()
    page.unroute_all(behavior="ignoreErrors")  # the page goes on asking until it is closed
