"""The first value of a sample stands: VictoriaMetrics would keep the larger one of a repetition."""

from array import array
from math import isnan, nan
from typing import Final

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import CONFLICTING_DUPLICATE, MessageHeader
from telemetry_core.contract.mission import Mission

MAX_SAMPLE_SETS: Final = 50_000
"""Sample sets that are remembered, some 25 MB; beyond them the longest known one goes."""


class FirstValues:
    """What the newest sample sets held, so that one that comes again with other values is refused."""

    def __init__(self, mission: Mission, *, max_sample_sets: int = MAX_SAMPLE_SETS) -> None:
        self._metrics = _metrics_of_channels(mission)
        self._max_sample_sets = max_sample_sets
        self._known: dict[tuple[str, int], array[float]] = {}

    def check(self, header: MessageHeader, samples: dict[str, float]) -> None:
        """Remember the samples, or raise `InvalidTelemetryMessage` where one differs from an earlier one.

        The trigger refuses the same message, as a dead letter.
        """
        values = array("d", [samples.get(metric, nan) for metric in self._metrics])
        known = self._known.get((header.satellite_id, header.generated_us))
        if known is None:
            self._known[header.satellite_id, header.generated_us] = values
            if len(self._known) > self._max_sample_sets:
                del self._known[next(iter(self._known))]
            return
        for metric, first, value in zip(self._metrics, known, values, strict=True):
            if value != first and not isnan(first) and not isnan(value):
                raise InvalidTelemetryMessage(CONFLICTING_DUPLICATE, f"{metric} was {first} before")
        for place, value in enumerate(values):
            if isnan(known[place]):
                known[place] = value


def _metrics_of_channels(mission: Mission) -> list[str]:
    """List the series of judged channels: the counters of a beacon may differ between two messages."""
    return [
        metric.replace("*", channel)
        for metric, path in mission.metrics.items()
        for name, subsystem in mission.subsystems.items()
        for channel in subsystem.channels
        if path in {f"{name}.{channel}", f"{name}.*"}
    ]
