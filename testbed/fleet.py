"""Satellites whose telemetry the test writes, sample by sample: nominal, with a fault, nominal again."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from testbed.generator import Kind, Message, telemetry_body, whole_second_now
from testbed.ledger import Ledger

WARM_UP: Final = 70
"""Sample sets that fill a window of the default mission."""

LOW_CHARGE_PERCENT: Final = 12.5

Change = Callable[[dict[str, Any]], None]


@dataclass(slots=True, kw_only=True)
class SimulatedSatellite:
    """One satellite with a sample set a second; its clock ends at the present."""

    satellite_id: str
    ledger: Ledger = field(default_factory=Ledger)
    draw: random.Random = field(default_factory=lambda: random.Random(7))
    interval: timedelta = timedelta(seconds=1)
    step: int = 0
    generated_at: datetime = field(
        default_factory=lambda: whole_second_now() - timedelta(seconds=WARM_UP + 60)
    )

    def send(self, count: int, change: Change = lambda _: None) -> None:
        """Send the next sample sets, each changed by `change`."""
        self.ledger.send(list(self._messages(count, change)))

    def _messages(self, count: int, change: Change) -> Iterator[Message]:
        for _ in range(count):
            body = telemetry_body(self.satellite_id, self.generated_at, self.step, self.draw)
            change(body)
            key, value = self.satellite_id.encode(), json.dumps(body).encode()
            yield Message(kind=Kind.ORIGINAL, key=key, value=value)
            self.step += 1
            self.generated_at += self.interval


def low_battery(body: dict[str, Any]) -> None:
    """Break the limit of the battery's charge."""
    body["eps"]["battery_soc_percent"] = LOW_CHARGE_PERCENT
