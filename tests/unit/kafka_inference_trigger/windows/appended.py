"""Windows cut at any time from what was appended, also where no sample set is."""

from typing import Any

from kafka_inference_trigger.windows.channel_windows import SampleWindow, WindowCutter
from kafka_inference_trigger.windows.sample_sets import SampleSet
from kafka_inference_trigger.windows.telemetry_windows import TelemetryWindows
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.mission import Mission


class AppendedWindows(TelemetryWindows):
    """Keeps one satellite's last sample set of each lane."""

    def __init__(self, mission: Mission) -> None:
        super().__init__(mission)
        self._cutter = WindowCutter(mission)
        self._sample_sets: dict[Lane, SampleSet] = {}

    def append(self, *arguments: Any, **named: Any) -> SampleSet:
        """Append as the trigger does."""
        sample_set = super().append(*arguments, **named)
        self._sample_sets[sample_set.lane] = sample_set
        return sample_set

    def window(self, lane: Lane, subsystem: str, *, ending_us: int) -> SampleWindow:
        """Cut the window of one subsystem."""
        rings = self._sample_sets[lane].rings
        return self._cutter.windows_of(rings, [subsystem], ending_us=ending_us)[subsystem]
