"""Where the steps of a subsystem's channels lie: at their samples, or, if sent on change, at those of all."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kafka_inference_trigger.windows.rings import Axis, ChannelRings, Flags, Indexes, Times
from telemetry_core.on_change import held_places


def step_axes(rings: ChannelRings, channels: Indexes, owned: Indexes, since_us: int) -> list[Axis]:
    """Group channels of one subsystem by the times of their steps since then.

    Args:
        rings: The satellite's samples.
        channels: Places in the rings of the channels that are asked for.
        owned: Those of all channels of the subsystem: steps of what is sent on change lie at samples of any.
        since_us: Older samples are too old, and their values hold no longer.

    Returns:
        Axes of int64[step] times and intp[step] slots, their members places among `channels`.
    """
    axes = rings.axes(channels, since_us)
    if not rings.is_on_change[channels].any():
        return axes
    of_all = rings.axes(owned, since_us)
    times = np.unique(np.concatenate([axis.times for axis in of_all]))
    # Before the first sample of a full ring there were others.
    complete_us = max(
        (axis.times[0] for axis in of_all if axis.times.size == rings.capacity), default=since_us
    )
    steps = times[times.searchsorted(complete_us) :]
    return [part for axis in axes for part in _parts(axis, steps, rings.is_on_change[channels[axis.members]])]


def _parts(axis: Axis, steps_us: Times, is_on_change: Flags) -> Iterator[Axis]:
    """Split channels with the same samples by whether these are their steps."""
    if not is_on_change.all():
        yield replace(axis, members=axis.members[~is_on_change])
    if is_on_change.any():
        places = held_places(axis.times, steps_us, np.inf)
        known = places >= 0
        yield Axis(members=axis.members[is_on_change], times=steps_us[known], slots=axis.slots[places[known]])
