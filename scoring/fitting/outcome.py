"""What learning ends with: constants and the figures of their check, or why there are none."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry_core.contract.false_alarms import Rates, rates_per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Constants that passed the check, and the figures of it."""

    document: Mapping[str, Any]
    data_from_us: int
    data_until_us: int
    samples: int
    intervals_s: tuple[float, float]
    verdicts: int
    false_alarms: int

    @property
    def hash(self) -> str:
        """SHA-256 of the constants, hexadecimal."""
        return hash_of(self.document)

    @property
    def rates_per_day(self) -> Rates:
        """False alarms a day that the check lets expect, and does not rule out."""
        return rates_per_day(self.false_alarms, self.verdicts, self.intervals_s)


class NotLearned(Exception):  # noqa: N818 - a state, not a fault
    """Why there are no constants yet: one word for programs, a sentence for people."""

    def __init__(self, reason: str, detail: str, *, refused: Learned | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.refused = refused
        """Constants that failed the check."""


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a calibration's content, whatever the order of its keys; hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
