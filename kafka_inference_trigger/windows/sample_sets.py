"""A sample set as windows hand it to the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.windows.rings import ChannelRings
from telemetry_core.contract.inferences import Lane


class Arrival(Enum):
    """What a message is to the windows that it was put into."""

    NEW = "new"
    COMPLETING = "completing"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """All that is known of a sample set once a message of it is in the windows."""

    satellite_id: str
    #: Generation time, microseconds since 1970 UTC.
    generated_us: int
    lane: Lane
    #: What the message was to it.
    arrival: Arrival
    #: Subsystem to float64[channel]: rules compare what was sent, not what float32 makes of it.
    samples: Mapping[str, NDArray[np.float64]]
    #: What its windows are cut from: the satellite's samples, which later messages go on to fill.
    rings: ChannelRings
    #: The restless ones of these subsystems, each with a channel for whose sake.
    restless: Mapping[str, str]
    #: Share of the restless ones that is judged beside the periodic check.
    added_share: float
