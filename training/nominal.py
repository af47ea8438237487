"""Simulated telemetry as arrays: nominal recordings and recordings with a known fault."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import yaml

from telemetry_core.subsystems import Mission
from training.families import Series

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulator.constellation import nominal_arrays, satellite_ids, simulate_blocks
from simulator.faults import parse_fault

MISSION = Path(__file__).parents[1] / "missions" / "default.yaml"
FIRST_START = datetime(2026, 1, 1, tzinfo=UTC)
SATELLITES = 10

Recording = dict[str, Series]
"""Per subsystem float32[satellite, channel, time], channels in the mission's order; NaN = missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which recording to simulate; the seed also decides the day and with it how the orbits see the Sun."""

    seed: int
    interval_s: float
    steps: int

    @property
    def start(self) -> datetime:
        """Start of the recording: another day and time for every seed."""
        return FIRST_START + timedelta(days=self.seed * 37 % 365, seconds=self.seed * 7919 % 86_400)


def subsystem_features(mission_file: Path = MISSION) -> dict[str, tuple[str, ...]]:
    """Subsystems of a mission with the channels that the model sees, in order."""
    mission = Mission.model_validate(yaml.safe_load(mission_file.read_text(encoding="utf-8")))
    return {name: subsystem.features for name, subsystem in mission.subsystems.items()}


def nominal_recording(sampling: Sampling) -> Recording:
    """Simulate SATELLITES spread over the orbit without faults."""
    telemetry = nominal_arrays(SATELLITES, sampling.start, sampling.interval_s, sampling.steps, sampling.seed)
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


def simulated_series(seeds: Sequence[int], intervals_s: Sequence[float], steps: int) -> Series:
    """All channels of nominal recordings as single series, float32[series, time]."""
    recordings = [
        nominal_recording(Sampling(seed=seed, interval_s=interval_s, steps=steps))
        for seed in seeds
        for interval_s in intervals_s
    ]
    return np.concatenate(
        [series.reshape(-1, steps) for recording in recordings for series in recording.values()]
    )
