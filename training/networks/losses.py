"""What each kind of network is trained for, and how far its deviations are from the truth."""

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from training.networks.network import MAX_HORIZON, Forecaster
from training.networks.vae import WindowVae

HISTORY = 256
LEAST_HISTORY = 6
"""A step is learned from this many samples on: before, the scale is a guess."""
ANCHORS = 12
"""Steps per series from which the full horizon is learned."""
LARGEST_CHANGE = 30.0
"""In units of scale: a step after a constant stretch has no other bound."""
STUDENT_FREEDOM = 5.0
"""Eclipse edges are no Gaussian events; Student's t keeps them from widening every interval."""
Z_90 = 1.644854
"""Half width of the 90 % band in standard deviations, as the worker draws it."""
SMALLEST_ERROR = 1e-4
"""In deviations, for the logarithm of an error of 0."""
SMALL_DEVIATION = 0.03
"""In units of scale."""


class Task(Protocol):
    """A network with what it is trained for."""

    model: nn.Module

    def loss(self, rng: np.random.Generator, seen: Tensor, truth: Tensor) -> Tensor:
        """Loss of one batch, float32[batch, HISTORY + 64] each: as `seen`, and in `truth` as it happened."""

    def ratios(self, seen: Tensor, truth: Tensor) -> Tensor:
        """|error| / deviation of the forecasts, float32[forecast, 64], NaN = unknown.

        `seen` and `truth` are those of `loss`.
        """


def student_loss(residual: Tensor, log_std: Tensor) -> Tensor:
    """Negative log likelihood of Student's t without its constants, elementwise; [...] each."""
    squared = (residual / log_std.exp()) ** 2
    return log_std + 0.5 * (STUDENT_FREEDOM + 1) * torch.log1p(squared / STUDENT_FREEDOM)


def band_loss(residual: Tensor, log_std: Tensor) -> Tensor:
    """Elementwise loss of the mean, and of the deviation so that the 90 % band holds 90 %.

    Residuals and log deviations are float32[...] each, in units of scale.

    The mean is learned by Student's t, weighed down where the deviation is tiny (after Seitzer et al. 2022,
    beta-NLL): quantised channels would outweigh all others. The deviation is learned by the same and by the
    pinball loss at .9 of log |error| (Koenker and Bassett 1978): a quantile stays one under the logarithm.
    """
    fixed_log_std, fixed = log_std.detach(), residual.detach()
    weight = 1 / (1 + SMALL_DEVIATION / fixed_log_std.exp())
    mean_loss = weight * (student_loss(residual, fixed_log_std) - fixed_log_std)
    beyond = torch.log(fixed.abs() + SMALLEST_ERROR * fixed_log_std.exp()) - log_std - math.log(Z_90)
    return mean_loss + student_loss(fixed, log_std) + torch.maximum(0.9 * beyond, -0.1 * beyond)


def mean_of_known(loss: Tensor, is_known: Tensor) -> Tensor:
    """Mean of `loss`, float32[...], where `is_known`, bool[...]; elsewhere it may be NaN."""
    return torch.where(is_known, loss, torch.zeros_like(loss)).sum() / is_known.sum().clamp(min=1)


class ForecasterTask:
    """Forecasts of 64 steps from several steps of each window."""

    def __init__(self, model: Forecaster) -> None:
        self.model = model

    def loss(self, rng: np.random.Generator, seen: Tensor, truth: Tensor) -> Tensor:
        """Loss of one batch, float32[batch, HISTORY + 64] each; see `Task`.

        One step ahead counts as much as all the others together.
        """
        drawn = np.exp(rng.uniform(np.log(8), np.log(HISTORY), ANCHORS)).astype(int)
        anchors = torch.from_numpy(np.sort(drawn) - 1).to(seen.device)
        residual, log_std, is_known = self._terms(seen, truth, anchors)
        filled = torch.where(is_known, residual, torch.zeros_like(residual))
        loss = band_loss(filled, log_std)
        return mean_of_known(loss, is_known) + mean_of_known(loss[..., :1], is_known[..., :1])

    def ratios(self, seen: Tensor, truth: Tensor) -> Tensor:
        """|error| / deviation, float32[forecast, 64], of forecasts from every sixteenth step.

        `seen` and `truth` are those of `loss`.
        """
        anchors = torch.arange(15, HISTORY, 16, device=seen.device)
        residual, log_std, is_known = self._terms(seen, truth, anchors)
        unknown = torch.full_like(residual, math.nan)
        return torch.where(is_known, residual.abs() / log_std.exp(), unknown).flatten(0, 1)

    def _terms(self, seen: Tensor, truth: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Residual and log deviation in units of scale, and what is known; [batch, anchor, horizon]."""
        course = self.model.course(seen[:, :HISTORY])
        change, log_std, newest = self.model.ahead(course, self.model.states(course), anchors)
        future = anchors[:, None] + torch.arange(1, MAX_HORIZON + 1, device=seen.device)
        moved = truth[:, future].double() - newest.last.double().unsqueeze(2)
        scaled = (moved / newest.scale.double().unsqueeze(2)).float()
        is_known = (newest.count >= LEAST_HISTORY).unsqueeze(2) & scaled.isfinite()
        return scaled.clamp(-LARGEST_CHANGE, LARGEST_CHANGE) - change, log_std, is_known


class VaeTask:
    """Evidence lower bound of windows of every length, with the 64 steps after them."""

    LENGTHS = (32, 64, 128)

    def __init__(self, model: WindowVae) -> None:
        self.model = model

    def loss(self, rng: np.random.Generator, seen: Tensor, truth: Tensor) -> Tensor:
        """Loss of one batch, float32[batch, HISTORY + 64] each; see `Task`.

        Reconstruction and forecast count alike.
        """
        length = int(np.exp(rng.uniform(np.log(8), np.log(HISTORY + 1))))
        window, target, ahead = self._cut(seen, truth, length)
        decoded = self.model.decode(window, noise=1.0)
        wanted = self.model.standardised(torch.cat([target, ahead], dim=1), decoded.newest)
        value, log_std = self.model.ahead(decoded)
        value = torch.cat([decoded.value[:, :length], value], dim=1)
        log_std = torch.cat([decoded.log_std[:, :length], log_std], dim=1)
        is_known = wanted.isfinite() & (decoded.newest.count >= LEAST_HISTORY)
        loss = band_loss(torch.where(is_known, wanted - value, torch.zeros_like(value)), log_std)
        variance = (2 * decoded.latent_log_std).exp()
        excess = 0.5 * (decoded.latent_mean**2 + variance - 1) - decoded.latent_log_std
        parts = (loss[:, :length], is_known[:, :length]), (loss[:, length:], is_known[:, length:])
        return sum((mean_of_known(*part) for part in parts), excess.sum(dim=1).mean() / length)

    def ratios(self, seen: Tensor, truth: Tensor) -> Tensor:
        """|error| / deviation, float32[forecast, 64], of forecasts behind windows of some lengths.

        `seen` and `truth` are those of `loss`.
        """
        return torch.cat([self._ratios(seen, truth, length)[1] for length in self.LENGTHS])

    def step_ratios(self, seen: Tensor, truth: Tensor) -> Tensor:
        """|error| / deviation of reconstructed steps, float32[any].

        `seen` and `truth` are those of `loss`.
        """
        return torch.cat([self._ratios(seen, truth, length)[0].flatten() for length in self.LENGTHS])

    def _cut(self, seen: Tensor, truth: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """A window as seen and as it was, and what came after it."""
        window = slice(HISTORY - length, HISTORY)
        return seen[:, window], truth[:, window], truth[:, HISTORY : HISTORY + MAX_HORIZON]

    def _ratios(self, seen: Tensor, truth: Tensor, length: int) -> tuple[Tensor, Tensor]:
        window, target, ahead = self._cut(seen, truth, length)
        decoded = self.model.decode(window, noise=0.0)
        wanted = self.model.standardised(torch.cat([target, ahead], dim=1), decoded.newest)
        wanted = torch.where(decoded.newest.count >= LEAST_HISTORY, wanted, torch.full_like(wanted, math.nan))
        value, log_std = self.model.ahead(decoded)
        step_log_std = decoded.log_std[:, :length] + self.model.step_correction
        steps = (wanted[:, :length] - decoded.value[:, :length]).abs() / step_log_std.exp()
        return steps, (wanted[:, length:] - value).abs() / log_std.exp()


def correct_deviations(task: ForecasterTask | VaeTask, batches: list[tuple[Tensor, Tensor]]) -> None:
    """Stretch each horizon's deviation so that its 90 % band holds 90 % of windows not trained on.

    The batches are pairs of float32[batch, HISTORY + 64], as seen and as it happened.
    """
    with torch.no_grad():
        ratios = torch.cat([task.ratios(seen, truth) for seen, truth in batches])
        task.model.log_std_correction += _stretch(ratios)
        if isinstance(task, VaeTask):
            steps = torch.cat([task.step_ratios(seen, truth) for seen, truth in batches])
            task.model.step_correction += _stretch(steps.unsqueeze(1))


def _stretch(ratios: Tensor) -> Tensor:
    """Log factor for each column of [any, column]."""
    quantiles = np.nanquantile(ratios.cpu().numpy(), 0.9, axis=0) / Z_90
    return torch.from_numpy(np.log(quantiles.clip(0.2, 5.0)).astype(np.float32)).to(ratios.device)
