"""Where the window of a verdict on telemetry lies, as its row tells it."""

import re
from datetime import datetime, timedelta
from typing import Any

from telemetry_core.contract.messages import generated_us_of, time_of


def window_ending(at: datetime, *, interval_s: float = 1, samples: int = 10) -> dict[str, Any]:
    """Return the columns of a window of regular samples that ends at a time."""
    start = at - timedelta(seconds=(samples - 1) * interval_s)
    return {"generated_at": at, "window_start": start, "sample_count": samples}


def window_of(job_id: str) -> dict[str, Any]:
    """Return those of a telemetry job; none of a posted one, which tells no times."""
    is_telemetry = re.fullmatch(r"kafka-.+-(\d{13}|\d{16})", job_id)
    return window_ending(time_of(generated_us_of(job_id))) if is_telemetry else {}
