"""Train, export and judge a model: `python -m training.train --model lstm_timeseries`."""

import argparse
import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.data.data_set import Data, DataRecipe, build_data
from training.data.windows import WindowMix
from training.evaluation.evaluate import evaluate, model_page
from training.evaluation.loss_curve import draw_losses
from training.evaluation.report import write_report
from training.networks.export import export_onnx, parity_error, write_golden_vectors
from training.networks.losses import HISTORY, ForecasterTask, VaeTask, correct_deviations
from training.networks.network import MAX_HORIZON, Forecaster, LstmEncoder, TransformerEncoder
from training.networks.vae import WindowVae

REPOSITORY = Path(__file__).parents[1] / "model_repository"
HELD_OUT = DataRecipe(
    seed=20_271_977, simulated_seeds=4, synthetic_count=8000, intervals_s=(0.5, 1.0, 3.0, 10.0, 60.0)
)
"""Windows for the deviations; the evaluation simulates others again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides the weights, with the sources in this folder."""

    hidden_size: int
    seed: int = 20_261_125
    batch_size: int = 512
    steps: int = 12_000
    learning_rate: float = 3e-3
    data: DataRecipe = field(default_factory=DataRecipe)


RECIPES: Mapping[str, Recipe] = {
    "lstm_timeseries": Recipe(hidden_size=64),
    "transformer_timeseries": Recipe(hidden_size=48, steps=8_000, learning_rate=2e-3),
    "vae_timeseries": Recipe(hidden_size=64, steps=10_500),
}


def new_task(model: str, recipe: Recipe) -> ForecasterTask | VaeTask:
    """The untrained network of a model with what it is trained for."""
    torch.manual_seed(recipe.seed)
    if model == "vae_timeseries":
        return VaeTask(WindowVae(recipe.hidden_size))
    encoder = {"lstm_timeseries": LstmEncoder, "transformer_timeseries": TransformerEncoder}[model]
    return ForecasterTask(Forecaster(encoder(recipe.hidden_size), recipe.hidden_size))


def use_device() -> torch.device:
    """Take the GPU where there is one; else one CPU thread, where the same seed gives the same weights."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    return torch.device("cpu")


def fit(task: ForecasterTask | VaeTask, recipe: Recipe, mix: WindowMix, device: torch.device) -> list[float]:
    """Fit the network; returns the loss of every hundredth part of the way."""
    model = task.model.to(device)
    rng = np.random.default_rng(recipe.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.steps, pct_start=0.1
    )
    losses: list[float] = []
    recent: list[Tensor] = []
    started = time.monotonic()
    for step, (seen, truth) in enumerate(mix.batches(rng, recipe.batch_size, recipe.steps), start=1):
        loss = task.loss(rng, torch.from_numpy(seen).to(device), torch.from_numpy(truth).to(device))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.detach())
        if step % max(1, recipe.steps // 100) == 0:
            losses.append(round(float(torch.stack(recent).mean()), 4))
            recent.clear()
            print(
                f"step {step}/{recipe.steps}  loss {losses[-1]:.4f}  {time.monotonic() - started:.0f} s",
                flush=True,
            )
    return losses


def held_out_batches(mix: WindowMix, seed: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches that no network was trained on, pairs of float32[batch, HISTORY + 64]."""
    for seen, truth in mix.batches(np.random.default_rng(seed), 256, 24):
        yield torch.from_numpy(seen).to(device), torch.from_numpy(truth).to(device)


def train(model: str, recipe: Recipe, data: Data, held_out: Data) -> tuple[nn.Module, list[float]]:
    """Train the network of a model; return it on the CPU."""
    device = use_device()
    task = new_task(model, recipe)
    length = HISTORY + MAX_HORIZON
    losses = fit(task, recipe, WindowMix.of(data, recipe.data, length), device)
    mix = WindowMix.of(held_out, HELD_OUT, length)
    correct_deviations(task, list(held_out_batches(mix, recipe.seed + 1, device)))
    return task.model.cpu().eval(), losses


def weights_sha256(model: nn.Module) -> str:
    """Hash of every weight."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def commit() -> str:
    """Commit of the sources, or `unknown` outside of a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no user input
    return found.stdout.strip() or os.environ.get("SOURCE_COMMIT", "unknown")


def device_name() -> str:
    """What trains."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU, one thread"


def write_model(name: str, recipe: Recipe, network: nn.Module, folder: Path) -> dict[str, Any]:
    """Export a network with its golden vectors; returns what the report says of them."""
    path = folder / "model.onnx"
    export_onnx(network, path)
    write_golden_vectors(network, folder / "golden.npz", recipe.seed)
    return {
        "model": name,
        "version": 1,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "weights_sha256": weights_sha256(network),
        "onnx_bytes": path.stat().st_size,
        "onnx_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parity_error": parity_error(network, path, recipe.seed),
        "torch": torch.__version__,
    }


def read_options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=list(RECIPES), default="lstm_timeseries")
    parser.add_argument("--output", type=Path, help="folder of model.onnx (default: the model repository)")
    parser.add_argument("--steps", type=int, help="optimiser steps (default: the recipe's)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that make data")
    parser.add_argument(
        "--recording",
        type=Path,
        nargs=2,
        action="append",
        default=[],
        metavar=("FILE", "MISSION"),
        help="a recording in the replay format and the mission file that describes it; may be repeated",
    )
    return parser.parse_args()


def main() -> None:
    """Make the data, train, export, compare with ONNX Runtime, evaluate and write the report."""
    options = read_options()
    recipe = RECIPES[options.model]
    recipe = replace(recipe, steps=options.steps or recipe.steps)
    data, held_out = (
        build_data(part, options.recording, options.workers) for part in (recipe.data, HELD_OUT)
    )
    started = time.monotonic()
    network, losses = train(options.model, recipe, data, held_out)
    training_s = round(time.monotonic() - started)
    folder = options.output or REPOSITORY / options.model / "1"
    facts = write_model(options.model, recipe, network, folder)
    facts |= {"commit": commit(), "data_sha256": data.sha256(), "device": device_name()}
    facts |= {"training_s": training_s, "recipe": asdict(recipe), "losses": losses}
    facts |= evaluate(folder / "model.onnx", recipe.seed + 2)
    write_report(f"{options.model}-1", facts, model_page(facts))
    draw_losses(f"{options.model}-1", losses, recipe.steps)


if __name__ == "__main__":
    main()
