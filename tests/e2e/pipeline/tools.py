"""The page of the pipeline, and the tools that an operator would ask."""

import json
import random
import subprocess
from collections.abc import Callable
from typing import Any

import requests

from testbed.fleet import low_battery
from testbed.generator import Kind, Message, telemetry_body, whole_second_now
from testbed.ledger import Ledger
from testbed.running_platform import HTTP_TIMEOUT_S, Platform
from testbed.supervised import CHECKOUT, wait_until

AGREE_WITHIN_S = 60


def shell(command: str) -> str:
    """Run a command where `. deploy/native/env` was typed before, and return what it printed."""
    return subprocess.run(
        ["bash", "-c", f". deploy/native/env && {command}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout


def pipeline(platform: Platform) -> Any:
    answer = requests.get(f"{platform.api_url}/pipeline", timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def agrees(platform: Platform, shown: Callable[[Any], Any], tool: Callable[[], Any], what: str) -> Any:
    """Wait until the pipeline shows what its tool says, and return that.

    On a platform that is at work that lies between what the tool said first and what it says now.
    """
    first = tool()
    seen: list[Any] = []

    def do_agree() -> bool:
        seen[:] = [first, shown(pipeline(platform)), tool()]
        return lies_between(*seen)

    try:
        wait_until(do_agree, what, within_s=AGREE_WITHIN_S, every_s=0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}: tool first, pipeline, tool now: {seen}") from error
    return seen[1]


def lies_between(first: Any, shown: Any, now: Any) -> bool:
    """Compare number by number; texts and what is missing must be equal to one of both."""
    if isinstance(shown, dict):
        same_keys = first.keys() == shown.keys() == now.keys()
        return same_keys and all(lies_between(first[key], shown[key], now[key]) for key in shown)
    if isinstance(shown, tuple):
        return all(map(lies_between, first, shown, now))
    if shown is None or isinstance(shown, str) or None in {first, now}:
        return shown in {first, now}
    return bool(min(first, now) <= shown <= max(first, now))


def send_telemetry(satellites: str, count: int) -> None:
    moment, draw = whole_second_now(), random.Random(1)
    ids = [f"{satellites}{number:02d}" for number in range(count)]
    bodies = {satellite_id: telemetry_body(satellite_id, moment, 0, draw) for satellite_id in ids}
    for body in bodies.values():
        low_battery(body)  # each is judged, and not one in ten
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=satellite_id.encode(), value=json.dumps(body).encode())
            for satellite_id, body in bodies.items()
        ]
    )
