"""When to send: real time, a multiple of it, or as fast as possible."""

import math
import threading
import time
from argparse import ArgumentTypeError


def parse_speed(text: str) -> float:
    """Read `max` (infinity) or a positive multiple of real time."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise ArgumentTypeError(f"{text!r}: a speed is a positive number (1 = real time) or max")
    return speed


class Pacer:
    """Lets telemetry time pass `speed` times as fast as the clock, from `delay_s` after its creation on."""

    def __init__(self, speed: float, stop: threading.Event, *, delay_s: float = 0.0) -> None:
        self._speed = speed
        self._stop = stop
        self._started = time.monotonic() + delay_s

    def wait_until(self, telemetry_s: float) -> bool:
        """Wait until `telemetry_s` seconds have passed; False once told to stop."""
        delay_s = telemetry_s / self._speed - self.elapsed_s
        return not (self._stop.wait(delay_s) if delay_s > 0 else self._stop.is_set())

    @property
    def elapsed_s(self) -> float:
        """Seconds of the clock since the start, negative before it."""
        return time.monotonic() - self._started
