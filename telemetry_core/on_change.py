"""Channels that are sent only when they change: the last value holds wherever their subsystem has a sample.

It holds for `max_span_s` of the mission's window at most; that none comes is no evidence.
"""

import numpy as np
from numpy.typing import NDArray

from telemetry_core.contract.mission import Subsystem

Times = NDArray[np.int64]


def on_change_channels(subsystem: Subsystem) -> list[str]:
    """Names of the channels that are sent only when they change."""
    return [name for name, channel in subsystem.channels.items() if channel.reporting == "on_change"]


def held_places(times_us: Times, steps_us: Times, longest_us: float) -> NDArray[np.intp]:
    """Find the sample whose value holds at each step.

    Args:
        times_us: int64[sample], ascending, of one channel.
        steps_us: int64[step], of its subsystem.
        longest_us: How long a value holds.

    Returns:
        intp[step], places among the samples; -1 where no value holds.
    """
    places = np.searchsorted(times_us, steps_us, side="right") - 1
    if not times_us.size:
        return places
    return np.where(steps_us - times_us[places] <= longest_us, places, -1)
