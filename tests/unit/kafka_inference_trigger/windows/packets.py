"""A satellite that sends its channels in packets, and the windows that the trigger keeps of them."""

from collections.abc import Sequence

import numpy as np

from kafka_inference_trigger.windows.channel_windows import SampleWindow
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import TelemetryMessage
from telemetry_core.contract.mission import Mission
from tests.unit.kafka_inference_trigger.windows.appended import AppendedWindows

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US
LENGTH = 16
CHANNELS = 4
NAN = float("nan")


def mission(**window: float) -> Mission:
    channels = {f"c{number}": {"unit": "V"} for number in range(CHANNELS)}
    return Mission.model_validate(
        {
            "name": "test",
            "model": {"name": "lstm_timeseries"},
            "window": {"length": LENGTH, "max_span_s": 200, "max_gap_s": 30} | window,
            "periodic": {"share": 0},
            "subsystems": {"eps": {"horizon": 3, "channels": channels}},
        }
    )


def microseconds(second: float) -> int:
    return START_US + round(second * SECOND_US)


class Satellite:
    """Sends packets, received when they were generated; a value is its second and a tenth of the channel."""

    def __init__(self, **window: float) -> None:
        self.windows = AppendedWindows(mission(**window))

    def send(
        self,
        second: float,
        channels: Sequence[int],
        *,
        received: float | None = None,
        is_replayed: bool | None = None,
    ) -> Lane:
        """What is received at another time than generated is a replay unless told otherwise."""
        values = [second + number / 10 if number in channels else NAN for number in range(CHANNELS)]
        message = TelemetryMessage(
            satellite_id="SAT-001",
            generated_us=microseconds(second),
            samples={"eps": tuple(values)},
            bad_values=(),
        )
        received_us = microseconds(second if received is None else received)
        if is_replayed is None:
            is_replayed = received is not None
        return self.windows.append(message, received_us, is_replayed=is_replayed).lane

    def send_all(self, seconds: Sequence[float], channels: Sequence[int]) -> None:
        for second in seconds:
            self.send(second, channels)

    def after(self, second: float, channels: Sequence[int]) -> SampleWindow:
        self.send(second, channels)
        return self.window(second)

    def window(self, second: float, lane: Lane = Lane.LIVE) -> SampleWindow:
        return self.windows.window(lane, "eps", ending_us=microseconds(second))


def samples_of(window: SampleWindow, channel: int) -> list[float]:
    values = window.values[channel] - channel / 10
    return list(map(float, np.round(values[np.isfinite(values)], 6)))


def missing_of(window: SampleWindow, channel: int) -> int:
    """Missing steps of a channel's window."""
    return int(window.steps[channel]) - len(samples_of(window, channel))
