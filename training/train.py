"""Train `lstm_timeseries`: `python -m training.train --output DIR`."""

import argparse
import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.evaluate import evaluate, model_page
from training.export import export_onnx, parity_error, write_golden_vectors
from training.network import MAX_HORIZON, ScaledWindow, WindowLstm, scale_window, select_steps
from training.nominal import simulated_series
from training.report import write_report
from training.windows import WindowMix

REPOSITORY = Path(__file__).parents[1] / "model_repository"
MODEL = "lstm_timeseries"
HISTORY = 128
LEAST_HISTORY = 6
"""A step is learned from this many samples on: before, the scale is a guess."""
ANCHORS = 6
"""Steps per series from which the full horizon is learned."""
LARGEST_CHANGE = 30.0
"""In units of scale: a step after a constant stretch has no other bound."""
HELD_OUT_SEEDS = 1000
"""Added to the seeds of the training recordings to get those of the held-out ones."""
STUDENT_FREEDOM = 5.0
"""Eclipse edges are no Gaussian events; Student's t keeps them from widening every interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides the weights, with the sources in this folder."""

    seed: int = 20_261_123
    hidden_size: int = 48
    batch_size: int = 128
    steps: int = 3000
    learning_rate: float = 4e-3
    synthetic_share: float = 0.4
    simulated_seeds: tuple[int, ...] = (1, 2, 3)
    intervals_s: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
    simulated_steps: int = 1800
    threads: int = 2
    time_limit_s: float = 900.0


def student_nll(residual: Tensor, log_std: Tensor) -> Tensor:
    """Negative log likelihood of Student's t, constants dropped; elementwise."""
    freedom = STUDENT_FREEDOM
    return log_std + 0.5 * (freedom + 1) * torch.log1p((residual / log_std.exp()) ** 2 / freedom)


def horizon_terms(model: WindowLstm, seen: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, ScaledWindow]:
    """Predict 64 steps from each anchor.

    Args:
        model: The network.
        seen: float32[batch, time], NaN = missing.
        anchors: int64[anchor], newest step that each forecast may see.

    Returns:
        Change and log deviation [batch, anchor, horizon], the newest step at each anchor [batch, anchor].
    """
    scaled = scale_window(seen)
    states = model.states(scaled)
    newest = select_steps(scaled, anchors)
    change, log_std = model.predict(model.head(states[:, anchors]), newest, MAX_HORIZON)
    return change, log_std, newest


def forecast_loss(model: WindowLstm, seen: Tensor, truth: Tensor, anchors: Tensor) -> Tensor:
    """Mean likelihood loss over anchors and horizons; one step ahead counts as much as all the rest."""
    change, log_std, newest = horizon_terms(model, seen, anchors)
    residual = scaled_future(truth, newest, anchors) - change
    is_known = (newest.count >= LEAST_HISTORY).unsqueeze(2)
    loss = student_nll(residual, log_std) * is_known
    return loss.mean() + loss[..., 0].mean()


def scaled_future(truth: Tensor, newest: ScaledWindow, anchors: Tensor) -> Tensor:
    """What followed each anchor, against its newest value in units of scale; [batch, anchor, horizon]."""
    future = anchors[:, None] + torch.arange(1, MAX_HORIZON + 1)
    change = truth[:, future].double() - newest.last.double().unsqueeze(2)
    return (change / newest.scale.double().unsqueeze(2)).float().clamp(-LARGEST_CHANGE, LARGEST_CHANGE)


def train(recipe: Recipe, mix: WindowMix) -> tuple[WindowLstm, list[float]]:
    """Fit the network; returns it with the loss of every hundred steps."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    model = WindowLstm(recipe.hidden_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.steps, pct_start=0.1
    )
    losses: list[float] = []
    recent: list[float] = []
    started = time.monotonic()
    for step, (seen, truth) in enumerate(mix.batches(rng, recipe.batch_size, recipe.steps), start=1):
        anchors = torch.from_numpy(np.sort(rng.choice(np.arange(8, HISTORY), ANCHORS, replace=False)))
        loss = forecast_loss(model, torch.from_numpy(seen), torch.from_numpy(truth), anchors)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if step % 100 == 0:
            losses.append(round(float(np.mean(recent)), 4))
            recent.clear()
            print(
                f"step {step}/{recipe.steps}  loss {losses[-1]:.4f}  {time.monotonic() - started:.0f} s",
                flush=True,
            )
        if time.monotonic() - started > recipe.time_limit_s:
            raise TimeoutError(f"training passed its limit of {recipe.time_limit_s} s at step {step}")
    return model, losses


def correct_deviations(model: WindowLstm, mix: WindowMix, rng: np.random.Generator) -> None:
    """Stretch each horizon's deviation so that one deviation covers 68.3 % of windows not trained on."""
    ratios = []
    anchors = torch.arange(16, HISTORY, 16)
    with torch.no_grad():
        for seen, truth in mix.batches(rng, 256, 16):
            change, log_std, newest = horizon_terms(model, torch.from_numpy(seen), anchors)
            residual = scaled_future(torch.from_numpy(truth), newest, anchors) - change
            known = newest.count >= LEAST_HISTORY
            ratios.append((residual.abs() / log_std.exp())[known])
        stretch = torch.quantile(torch.cat(ratios), 0.6827, dim=0)
        model.log_std_correction += stretch.clamp(0.2, 5.0).log()


def window_mix(recipe: Recipe, seeds: tuple[int, ...]) -> WindowMix:
    """Half simulated, half synthetic windows of history and future, from the given seeds."""
    simulated = simulated_series(seeds, recipe.intervals_s, recipe.simulated_steps)
    return WindowMix(
        simulated=simulated, synthetic_share=recipe.synthetic_share, length=HISTORY + MAX_HORIZON
    )


def main() -> None:
    """Train, export, compare with ONNX Runtime, evaluate and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=REPOSITORY / MODEL / "1", help="folder of model.onnx")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="optimiser steps")
    arguments = parser.parse_args()
    recipe = Recipe(steps=arguments.steps)
    started = time.monotonic()
    model, losses = train(recipe, window_mix(recipe, recipe.simulated_seeds))
    held_out = window_mix(recipe, tuple(seed + HELD_OUT_SEEDS for seed in recipe.simulated_seeds))
    correct_deviations(model, held_out, np.random.default_rng(recipe.seed + 1))
    training_s = time.monotonic() - started
    path = arguments.output / "model.onnx"
    export_onnx(model, path)
    facts = {
        "model": MODEL,
        "version": 1,
        "recipe": asdict(recipe),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "training_s": round(training_s),
        "losses": losses,
        "onnx_bytes": path.stat().st_size,
        "onnx_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parity_error": parity_error(model, path, recipe.seed),
        "torch": torch.__version__,
    }
    write_golden_vectors(model, arguments.output / "golden.npz", recipe.seed)
    facts |= evaluate(path, recipe.seed + 2)
    write_report(f"{MODEL}-1", facts, model_page(facts))


if __name__ == "__main__":
    main()
