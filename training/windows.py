"""Training windows: nominal series of the simulator and synthetic ones, with gaps and short histories."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.families import Series, synthetic_series


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMix:
    """Where training windows come from and what is done to them."""

    simulated: Series
    """float32[series, time], each longer than a window with its future; may hold no row."""
    synthetic_share: float
    length: int
    """Samples of history and future together."""

    def draw(self, rng: np.random.Generator, count: int) -> Series:
        """Draw float32[count, length] without gaps."""
        synthetic = count if not self.simulated.size else round(count * self.synthetic_share)
        rows = rng.integers(0, max(1, len(self.simulated)), count - synthetic)
        starts = rng.integers(0, max(1, self.simulated.shape[1] - self.length + 1), count - synthetic)
        steps = starts[:, None] + np.arange(self.length)
        simulated = (
            self.simulated[rows[:, None], steps] if rows.size else np.empty((0, self.length), np.float32)
        )
        return np.concatenate([simulated, synthetic_series(rng, synthetic, self.length)])

    def batches(self, rng: np.random.Generator, size: int, count: int) -> Iterator[tuple[Series, Series]]:
        """Yield `count` pairs (what the model sees, what happened), float32[size, length] each."""
        for _ in range(count):
            truth = self.draw(rng, size)
            yield with_missing_samples(rng, truth), truth


def with_missing_samples(rng: np.random.Generator, truth: Series) -> Series:
    """Pad some rows in front, knock single samples and runs out of others; NaN = missing."""
    count, length = truth.shape
    steps = np.arange(length)
    padded = (rng.random((count, 1)) < 0.5) * rng.integers(0, length // 3 + 1, (count, 1))
    lost_share = (rng.random((count, 1)) < 0.25) * rng.uniform(0, 0.3, (count, 1))
    run_start = rng.integers(0, length, (count, 1))
    run_length = (rng.random((count, 1)) < 0.1) * rng.integers(2, 20, (count, 1))
    is_missing = (steps < padded) | (rng.random((count, length)) < lost_share)
    is_missing |= (steps >= run_start) & (steps < run_start + run_length)
    return np.where(is_missing, np.float32(np.nan), truth)
