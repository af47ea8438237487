"""The generator: seeded telemetry of a constellation as messages or as arrays.

`simulate` yields message dictionaries in sending order, `nominal_arrays` the same values as numpy arrays,
much faster. The same satellites, start, interval and seed give the same bytes, whatever the number of steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from simulator.faults import Fault, FaultInjector
from simulator.messages import EPOCH, Message, add_derived, build_messages
from simulator.physics.orbit import Array, build_constellation
from simulator.physics.sensors import Telemetry, add_noise, quantise
from simulator.physics.spacecraft import advance, settled_state

MAX_STEP_S = 10.0
"""Longest step of the integration; a longer sending interval takes several."""
MESSAGES_PER_BLOCK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Telemetry of consecutive steps as the sensors and the faults show it."""

    unix_us: list[int]
    telemetry: Telemetry


def satellite_ids(satellites: int) -> list[str]:
    """SAT-001, SAT-002, ..."""
    return [f"SAT-{number:03d}" for number in range(1, satellites + 1)]


def simulate(
    satellites: int, start: datetime, interval_s: float, steps: int, seed: int, faults: Sequence[Fault] = ()
) -> Iterator[Message]:
    """Messages of `steps` steps, all satellites of a step before the next step."""
    start_us = _unix_us(start)
    names = satellite_ids(satellites)
    for block in simulate_blocks(satellites, start, interval_s, steps, seed, faults):
        yield from build_messages(block.telemetry, names, block.unix_us, start_us)


def nominal_arrays(satellites: int, start: datetime, interval_s: float, steps: int, seed: int) -> Telemetry:
    """Telemetry without faults: subsystem, channel, float64 [step, satellite]; flags are 0 and 1."""
    blocks = [block.telemetry for block in simulate_blocks(satellites, start, interval_s, steps, seed)]
    return {
        subsystem: {
            channel: np.concatenate([block[subsystem][channel] for block in blocks]) for channel in channels
        }
        for subsystem, channels in blocks[0].items()
    }


def simulate_blocks(
    satellites: int, start: datetime, interval_s: float, steps: int, seed: int, faults: Sequence[Fault] = ()
) -> Iterator[Block]:
    """Blocks of consecutive steps; a block's length depends on the number of satellites only."""
    constellation = build_constellation(satellites, start, seed)
    start_us, interval_us = _unix_us(start), round(interval_s * 1e6)
    state = settled_state(constellation, satellites, (start_us - interval_us) / 1e6)
    noise = np.random.default_rng([seed, 2])
    injector = FaultInjector(faults, interval_s=interval_s, seed=seed)
    substeps = max(1, int(np.ceil(interval_s / MAX_STEP_S)))
    length = max(1, MESSAGES_PER_BLOCK // (satellites * substeps))
    for first in range(0, steps, length):
        offsets_us = [step * interval_us for step in range(first, min(first + length, steps))]
        unix_us = [start_us + offset for offset in offsets_us]
        grid_s = _grid(unix_us, interval_us, substeps)
        state, truth = advance(constellation, state, grid_s, interval_us / 1e6 / substeps)
        telemetry = _sent(truth, substeps)
        add_noise(telemetry, noise)
        injector.apply(telemetry, np.array(offsets_us) / 1e6)
        quantise(telemetry)
        add_derived(telemetry)
        yield Block(unix_us=unix_us, telemetry=telemetry)


def _unix_us(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def _grid(unix_us: Sequence[int], interval_us: int, substeps: int) -> Array:
    """Instants of the integration in seconds, `substeps` a step, the last of each at the step itself."""
    behind_us = interval_us * (1 - np.arange(1, substeps + 1) / substeps)
    return (np.array(unix_us)[:, None] - behind_us).ravel() / 1e6


def _sent(truth: Telemetry, substeps: int) -> Telemetry:
    """Copy of the values at the sending steps; several channels may share one array in `truth`."""
    return {
        subsystem: {channel: values[substeps - 1 :: substeps].copy() for channel, values in channels.items()}
        for subsystem, channels in truth.items()
    }
