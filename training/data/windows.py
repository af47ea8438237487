"""Training windows: series of the data set with gaps and short histories."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.data.data_set import Data, DataRecipe
from training.data.families import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMix:
    """Where training windows come from and what is done to them."""

    sources: tuple[Series, ...]
    """float32[series, time] each, no shorter than `length`; NaN = missing."""
    shares: tuple[float, ...]
    """Of the windows, for each source."""
    length: int
    """Samples of history and future together."""

    @classmethod
    def of(cls, data: Data, recipe: DataRecipe, length: int) -> "WindowMix":
        """Mix a data set by its recipe."""
        recorded = recipe.recording_share if len(data.recorded) else 0.0
        shares = (1 - recipe.synthetic_share - recorded, recipe.synthetic_share, recorded)
        return cls(sources=(data.simulated, data.synthetic, data.recorded), shares=shares, length=length)

    def draw(self, rng: np.random.Generator, count: int) -> Series:
        """Draw float32[count, length] as it happened."""
        parts = []
        for source, drawn in zip(self.sources, rng.multinomial(count, self.shares), strict=True):
            rows = rng.integers(0, max(1, len(source)), drawn)
            starts = rng.integers(0, source.shape[1] - self.length + 1, drawn)
            parts.append(source[rows[:, None], starts[:, None] + np.arange(self.length)])
        return np.concatenate(parts)

    def batches(self, rng: np.random.Generator, size: int, count: int) -> Iterator[tuple[Series, Series]]:
        """Yield `count` pairs (what the model sees, what happened), float32[size, length] each."""
        for _ in range(count):
            truth = self.draw(rng, size)
            yield with_missing_samples(rng, truth), truth


def with_missing_samples(rng: np.random.Generator, truth: Series) -> Series:
    """Pad some rows of float32[row, time] in front, remove single samples and runs from others.

    NaN = missing.
    """
    count, length = truth.shape
    steps = np.arange(length)
    padded = (rng.random((count, 1)) < 0.5) * rng.integers(0, length // 2 + 1, (count, 1))
    lost_share = (rng.random((count, 1)) < 0.2) * rng.uniform(0, 0.3, (count, 1))
    run_start = rng.integers(0, length, (count, 1))
    run_length = (rng.random((count, 1)) < 0.1) * rng.integers(2, 20, (count, 1))
    is_missing = (steps < padded) | (rng.random((count, length), dtype=np.float32) < lost_share)
    is_missing |= (steps >= run_start) & (steps < run_start + run_length)
    return np.where(is_missing, np.float32(np.nan), truth)
