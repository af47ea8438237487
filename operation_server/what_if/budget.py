"""What one trial may take: time and samples."""

import threading
import time
from dataclasses import dataclass

from alarms.what_if.trial import Span
from telemetry_core.contract.errors import PlatformError


class TooMuch(PlatformError):  # noqa: N818 - named for what it says
    """The budget was spent before all was read; the text says what fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one trial may take."""

    most_s: float = 10.0
    most_samples: int = 5_000_000


class Budget:
    """What is left of the allowance of a trial that reads a span; nothing once its client is gone."""

    def __init__(
        self, span: Span, allowance: Allowance, gone: threading.Event, *, counted: str = "samples"
    ) -> None:
        self._span, self._counted = span, counted
        self._allowance, self._gone = allowance, gone
        self._deadline = time.monotonic() + allowance.most_s
        self._samples = 0

    def spend(self, samples: int, read: float) -> None:
        """Take off what was read, so many of the satellites, in part the last one. Or raise `TooMuch`."""
        self._samples += samples
        is_spent = time.monotonic() > self._deadline or self._samples > self._allowance.most_samples
        if self._gone.is_set() or (is_spent and read < len(self._span.satellites)):
            raise TooMuch(self._told(read / len(self._span.satellites)))

    def _told(self, share: float) -> str:
        count, days, allowance = len(self._span.satellites), self._span.days, self._allowance
        fewer = " or fewer satellites" if count > 1 else ""
        return (
            f"{days:.3g} days of {count} satellites are more than one trial reads ({allowance.most_s:g} s,"
            f" {allowance.most_samples:,} {self._counted}): try {0.9 * share * days:.2g} days{fewer}"
        )
