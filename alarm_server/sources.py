"""What of a satellite a message brings: itself, subsystems and channels, each of which may fall silent."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from telemetry_core.contract.mission import Mission

Source = tuple[str, str]
"""Subsystem and channel; without a channel the subsystem, without a subsystem the satellite."""
WHOLE: Final[Source] = ("", "")
MAX_REMEMBERED: Final = 1_000
"""Sets of channels in messages, whose sources are remembered."""

_Pattern = tuple[tuple[str, tuple[bool, ...] | None], ...]
"""Subsystems, each with which of its channels are missing; None: none."""


class Sources:
    """The sources of a mission. A channel that is sent on change is none: it may pause for any time."""

    def __init__(self, mission: Mission) -> None:
        self._channels = {
            name: [
                None if channel.reporting == "on_change" else (name, key)
                for key, channel in subsystem.channels.items()
            ]
            for name, subsystem in mission.subsystems.items()
        }
        self._remembered: dict[_Pattern, frozenset[Source]] = {}
        complete = tuple((name, None) for name in mission.subsystems)
        self.all: Final = self._of_pattern(complete)

    def of(self, samples: Mapping[str, Sequence[float]]) -> frozenset[Source]:
        """Return what these values are of: by subsystem in the order of its channels, NaN = missing."""
        # A sum costs a tenth of looking at each value; values fit a float32, so that it is finite.
        pattern = tuple(
            (name, None if math.isfinite(sum(values)) else tuple(map(math.isnan, values)))
            for name, values in samples.items()
        )
        found = self._remembered.get(pattern)
        if found is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[pattern] = self._of_pattern(pattern)
        return found

    def _of_pattern(self, pattern: _Pattern) -> frozenset[Source]:
        found = {WHOLE}
        for name, missing in pattern:
            found.add((name, ""))
            for place, source in enumerate(self._channels[name]):
                if source is not None and not (missing and missing[place]):
                    found.add(source)
        return frozenset(found)
