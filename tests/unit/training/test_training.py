"""The recipe's promises: the same seed gives the same data and weights. PyTorch, an extra, may be absent."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.families import SHAPES, synthetic_series

torch = pytest.importorskip("torch", reason="the extra `training` is not installed")

from training.data.data_set import Data, DataRecipe  # noqa: E402
from training.train import RECIPES, train, weights_sha256  # noqa: E402

LENGTH = 330
TINY = DataRecipe(synthetic_share=0.5)


def tiny_data(seed: int) -> Data:
    series = synthetic_series(np.random.default_rng(seed), 64, LENGTH)
    return Data(simulated=series, synthetic=series, recorded=np.empty((0, LENGTH), np.float32))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU does not add in a fixed order")
@pytest.mark.parametrize("model", RECIPES)
def test_same_seed_gives_the_same_weights_on_one_thread(model: str) -> None:
    recipe = replace(RECIPES[model], steps=2, batch_size=4, data=TINY)
    hashes = {weights_sha256(train(model, recipe, tiny_data(1), tiny_data(2))[0]) for _ in range(2)}
    other = weights_sha256(train(model, replace(recipe, seed=1), tiny_data(1), tiny_data(2))[0])
    assert len(hashes) == 1
    assert other not in hashes


def test_one_changed_value_changes_the_data_hash() -> None:
    data, changed = tiny_data(1), tiny_data(1)
    assert data.sha256() == changed.sha256()
    changed.synthetic[3, 5] += 1
    assert data.sha256() != changed.sha256()


def test_every_family_is_finite_and_repeatable() -> None:
    first, second = (synthetic_series(np.random.default_rng(7), 40 * len(SHAPES), 400) for _ in range(2))
    assert np.isfinite(first).all()
    assert (first == second).all()
