"""Telemetry as the alarm server hears it, so that alarms are in the tables as they are on the platform."""

from typing import Any, Final

from telemetry_core.contract.messages import time_of
from telemetry_core.postgres.database import Pool
from tests.integration.alarms.running import Clock, hear, started
from tests.integration.api.alerts.judging import START
from tests.unit.alarm_server.messages import NOW_US, record, soc

OFFSET_S: Final = (START - time_of(NOW_US)).total_seconds()
LOW, ENOUGH = soc(12.5), soc(80.0)
"""A state of charge that breaks its limit, and one that doesn't."""


class Telemetry:
    """Messages of seconds after `START`, each received when it was generated unless it says otherwise."""

    def __init__(self, pool: Pool) -> None:
        self._clock = Clock()
        self._clock.now_s = OFFSET_S
        self._server = started(pool, self._clock)
        self._server.round()

    def send(self, second: float, values: dict[str, Any], **more: Any) -> None:
        """Let the alarm server hear one message; its arguments are those of `record`."""
        received_s = OFFSET_S + more.pop("received_s", second)
        named = {"satellite": "SAT-001", **more}
        hear(self._server, record(OFFSET_S + second, received_s=received_s, **named, **values))

    def round_at(self, second: float) -> None:
        """Let one round pass."""
        self._clock.now_s = OFFSET_S + second
        self._server.round()

    def wait_until(self, second: float) -> None:
        """Let rounds pass, one a second."""
        while self._clock.now_s < OFFSET_S + second:
            self._clock.now_s += 1
            self._server.round()
