"""Simulated telemetry as arrays: nominal recordings and recordings with a known fault."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml

from simulator.constellation import nominal_arrays, satellite_ids, simulate_blocks
from simulator.faults import parse_fault
from simulator.physics import attitude, comm, orbit, power, spacecraft, thermal
from telemetry_core.contract.mission import Mission
from training.data.families import Series

MISSION = Path(__file__).parents[2] / "missions" / "default.yaml"
FIRST_START = datetime(2026, 1, 1, tzinfo=UTC)
SATELLITES = 10

SPACECRAFT = {
    power: ("CAPACITY_WH", "MAX_CHARGE_W", "PANEL_W", "PAYLOAD_W", "TRANSMITTER_W", "CELL_RESISTANCE_OHM"),
    thermal: (
        "EXTERNAL_TAU_S", "EXTERNAL_SUNLIT_DEGC", "EXTERNAL_ECLIPSE_DEGC", "INTERNAL_TAU_S",
        "DISSIPATION_DEGC_PER_W",
    ),
    attitude: ("WHEEL_BIAS_RPM", "WHEEL_SWING_RPM"),
    comm: ("MIN_ELEVATION_DEG", "DOWNLINK_MB_PER_S"),
    orbit: ("INCLINATION_RAD", "MEAN_MOTION_RAD_PER_MIN"),
    spacecraft: ("IMAGE_EVERY_S",),
}  # fmt: skip
"""The simulator's constants that make a spacecraft and its orbit."""
SPACECRAFT_RANGE = (0.75, 1.3)
ORBIT_RANGE = (0.85, 1.02)
"""Altitudes from about 330 to 1,200 km."""

Recording = dict[str, Series]
"""Per subsystem float32[satellite, channel, time], channels in the mission's order; NaN = missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which recording to simulate; the seed also decides the day and with it how the orbits see the Sun."""

    seed: int
    interval_s: float
    steps: int
    is_other_spacecraft: bool = False
    """Another spacecraft in another orbit for every seed instead of the mission's own."""

    @property
    def start(self) -> datetime:
        """Start of the recording: another day and time for every seed."""
        return FIRST_START + timedelta(days=self.seed * 37 % 365, seconds=self.seed * 7919 % 86_400)


def subsystem_features(mission_file: Path = MISSION) -> dict[str, tuple[str, ...]]:
    """Subsystems of a mission with the channels that the model sees, in order."""
    mission = Mission.model_validate(yaml.safe_load(mission_file.read_text(encoding="utf-8")))
    return {name: subsystem.features for name, subsystem in mission.subsystems.items()}


@contextmanager
def other_spacecraft(seed: int) -> Iterator[None]:
    """Simulate a different spacecraft on a different orbit."""
    rng = np.random.default_rng([seed, 3])
    with ExitStack() as stack:
        for module, names in SPACECRAFT.items():
            for name in names:
                limits = ORBIT_RANGE if module is orbit else SPACECRAFT_RANGE
                factor = rng.uniform(*limits)
                stack.enter_context(patch.object(module, name, getattr(module, name) * factor))
        yield


def nominal_recording(sampling: Sampling) -> Recording:
    """Simulate SATELLITES spread over the orbit without faults."""
    with other_spacecraft(sampling.seed) if sampling.is_other_spacecraft else ExitStack():
        telemetry = nominal_arrays(
            SATELLITES, sampling.start, sampling.interval_s, sampling.steps, sampling.seed
        )
    return {
        subsystem: np.stack([telemetry[subsystem][name].T for name in features], axis=1).astype(np.float32)
        for subsystem, features in subsystem_features().items()
    }


def faulty_recording(sampling: Sampling, fault: str) -> Recording:
    """Simulate the same satellites, each with `fault` as the simulator's command line spells it."""
    return fleet_recording(sampling, [fault] * SATELLITES)


def fleet_recording(sampling: Sampling, faults: Sequence[str]) -> Recording:
    """Simulate as many satellites as there are faults, each with its own."""
    ids = satellite_ids(len(faults))
    parsed = [parse_fault(f"{satellite}/{fault}", ids) for satellite, fault in zip(ids, faults, strict=True)]
    blocks = simulate_blocks(
        len(faults), sampling.start, sampling.interval_s, sampling.steps, sampling.seed, parsed
    )
    parts = [block.telemetry for block in blocks]
    return {
        subsystem: np.stack(
            [np.concatenate([part[subsystem][name] for part in parts]).T for name in features], axis=1
        ).astype(np.float32)
        for subsystem, features in subsystem_features().items()
    }
