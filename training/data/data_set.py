"""The data set: simulated telemetry, synthetic series and, on request, recordings; and a hash of it all."""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from scoring.measures.counters import straightened
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import read_samples
from training.data.families import Series, synthetic_series
from training.data.nominal import Sampling, nominal_recording

SYNTHETIC_PER_CHUNK = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRecipe:
    """All that decides the data set, with the simulator and `families.py`."""

    seed: int = 20_261_125
    simulated_seeds: int = 12
    """Every second one flies another spacecraft in another orbit."""
    intervals_s: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
    simulated_steps: int = 1600
    synthetic_count: int = 120_000
    synthetic_steps: int = 400
    synthetic_share: float = 0.5
    recording_share: float = 0.2
    """Of the windows, where there are recordings; taken from the simulated ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Series to draw windows from; float32[series, time] each, NaN = missing."""

    simulated: Series
    synthetic: Series
    recorded: Series

    def sha256(self) -> str:
        """Hash of every value."""
        digest = hashlib.sha256()
        for series in (self.simulated, self.synthetic, self.recorded):
            digest.update(repr(series.shape).encode() + np.ascontiguousarray(series).tobytes())
        return digest.hexdigest()


def build_data(recipe: DataRecipe, recordings: Sequence[tuple[Path, Path]] = (), workers: int = 1) -> Data:
    """Simulate and draw the data set in `workers` processes, whose number changes nothing."""
    seeds = range(recipe.seed % 100_000, recipe.seed % 100_000 + recipe.simulated_seeds)
    samplings = [
        Sampling(
            seed=seed, interval_s=interval_s, steps=recipe.simulated_steps, is_other_spacecraft=seed % 2 == 1
        )
        for seed, interval_s in product(seeds, recipe.intervals_s)
    ]
    chunks = -(-recipe.synthetic_count // SYNTHETIC_PER_CHUNK)
    with ProcessPoolExecutor(workers) as pool:
        synthetic = pool.map(partial(_synthetic_chunk, recipe), range(chunks))
        simulated = list(with_progress("recordings", pool.map(_simulated_rows, samplings), len(samplings)))
        drawn = list(with_progress("synthetic chunks", synthetic, chunks))
    return Data(
        simulated=np.concatenate(simulated),
        synthetic=np.concatenate(drawn),
        recorded=recorded_series(recordings, recipe.synthetic_steps),
    )


def _simulated_rows(sampling: Sampling) -> Series:
    recording = nominal_recording(sampling)
    return np.concatenate([series.reshape(-1, sampling.steps) for series in recording.values()])


def _synthetic_chunk(recipe: DataRecipe, chunk: int) -> Series:
    count = min(SYNTHETIC_PER_CHUNK, recipe.synthetic_count - chunk * SYNTHETIC_PER_CHUNK)
    return synthetic_series(np.random.default_rng([recipe.seed, chunk]), count, recipe.synthetic_steps)


def recorded_series(recordings: Sequence[tuple[Path, Path]], steps: int) -> Series:
    """Channels of recordings in the replay format, cut into float32[series, steps] that overlap by half.

    Counters are without their wraps, as a model is shown them.

    Args:
        recordings: File of the samples and mission file with its `recording:` section, each.
        steps: Length of a row; a shorter recording is padded in front with NaN.
    """
    rows = [np.empty((0, steps), np.float32)]
    for file, mission_file in recordings:
        mission = load_mission(mission_file)
        recording = recording_of(mission, str(mission_file))
        values = read_samples(file, recording, mission).values.T
        moduli = np.array([mission.counters.get(channel, np.inf) for channel in recording.channels.values()])
        lacking = max(0, steps - values.shape[1])
        padded = np.pad(values, ((0, 0), (lacking, 0)), constant_values=np.nan)
        starts = range(0, padded.shape[1] - steps + 1, max(1, steps // 2))
        cuts = (padded[None, :, start : start + steps] for start in starts)
        rows += [straightened(cut, moduli)[0].astype(np.float32) for cut in cuts]
    return np.concatenate(rows)


def with_progress(what: str, parts: Iterable[Series], count: int) -> Iterable[Series]:
    """Yield float32[series, time] parts as they come and print their number, some ten times."""
    for number, part in enumerate(parts, start=1):
        if number % -(-count // 10) == 0 or number == count:
            print(f"{number}/{count} {what}", flush=True)
        yield part
