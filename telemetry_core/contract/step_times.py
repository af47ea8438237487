"""When the steps of a stored forecast lie: each channel's own intervals from its own last step on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry_core.contract.messages import microseconds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Times of the steps beyond a window, in microseconds since 1970 UTC."""

    end_us: int
    interval_us: int

    def at_us(self, step: int) -> int:
        """Time of a step, the first one is 1."""
        return self.end_us + step * self.interval_us

    def all_s(self, steps: int) -> list[float]:
        """Seconds since 1970 UTC of the first `steps` steps."""
        return [self.at_us(step) / 1_000_000 for step in range(1, steps + 1)]


def job_step_times(row: Mapping[str, Any]) -> StepTimes | None:
    """Continue from the window's end at the usual sampling interval; None if the row does not give them.

    Reads the columns `window_start`, `generated_at` and `sample_count`.
    """
    if row["generated_at"] is None or row["sample_count"] < 2:
        return None
    end_us = microseconds_of(row["generated_at"])
    interval_us = round((end_us - microseconds_of(row["window_start"])) / (row["sample_count"] - 1))
    return StepTimes(end_us=end_us, interval_us=interval_us) if interval_us > 0 else None


def channel_step_times(row: Mapping[str, Any], channel: str) -> StepTimes | None:
    """The same of one channel: its own where `axes` of the row lists it, otherwise the job's."""
    own = (row.get("axes") or {}).get(channel)
    if own is None:
        return job_step_times(row)
    interval_us = round(own["interval_s"] * 1_000_000)
    end_us = microseconds_of(datetime.fromisoformat(own["end"]))
    return StepTimes(end_us=end_us, interval_us=interval_us) if interval_us > 0 else None
