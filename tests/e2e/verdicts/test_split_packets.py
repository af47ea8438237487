"""Telemetry whose channels come in different packets at different times is judged as it is: nominal."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import pytest

from benchmarks.platform.stream.telemetry import simulated_messages
from testbed.generator import Kind, Message, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import is_periodic, job_id
from testbed.running_platform import Platform
from testbed.supervised import wait_until

STEPS: Final = 150
WARM_UP: Final = 20
"""Packets until each of two groups by turns was sampled ten times."""
INTERVAL_S: Final = 2.0
WITHIN_S: Final = 60

pytestmark = pytest.mark.e2e


def by_turns(messages: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Even seconds the battery's channels, odd seconds the eight other ones of eps."""
    for number, message in enumerate(map(json.loads, messages)):
        is_battery = number % 2 == 0
        eps = {
            name: value for name, value in message["eps"].items() if name.startswith("battery_") == is_battery
        }
        yield {name: message[name] for name in ("timestamp", "satellite_id")} | {"eps": eps}


def is_demanded(body: dict[str, Any]) -> bool:
    return is_periodic(body["satellite_id"], generated_us(body))


def generated_us(body: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(body["timestamp"]).timestamp() * 1_000_000)


def test_channels_that_come_by_turns_are_nominal_and_forecast_at_their_own_times(
    platform: Platform, satellites: str
) -> None:
    bodies = list(
        by_turns(simulated_messages(satellites, satellites=1, steps=STEPS, newest_at=whole_second_now()))
    )
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=body["satellite_id"].encode(), value=json.dumps(body).encode())
            for body in bodies
        ]
    )
    demanded = [
        job_id(body["satellite_id"], generated_us(body)) for body in bodies[WARM_UP:] if is_demanded(body)
    ]
    assert demanded
    wait_until(
        lambda: {row.job_id for row in platform.rows(satellites)} >= set(demanded),
        "verdicts on split telemetry",
        within_s=WITHIN_S,
    )
    found = {(row.subsystem, row.verdict) for row in platform.rows(satellites) if row.job_id in demanded}
    assert found == {("eps", "nominal")}
    axes = platform.query(
        "SELECT input_data -> 'axes', input_data -> 'without_window' FROM subsystem_inferences"
        " WHERE job_id = ANY (%s)",
        demanded,
    )
    for own, without in axes:
        assert {axis["interval_s"] for axis in own.values()} == {INTERVAL_S}
        assert without is None
