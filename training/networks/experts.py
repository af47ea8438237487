"""Simple forecasts that a network weighs: polynomials through the newest samples and the season before."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.networks.scaling import ScaledWindow, shifted

POLYNOMIALS = ((1, 1), (4, 1), (8, 1), (16, 1), (32, 1), (4, 2), (8, 2), (16, 2), (32, 2), (64, 2))
"""Steps back and degree of each least-squares fit."""
LONGEST_FIT = 64
LONGEST_SEASON = 64
LEAST_PAIRS = 8
"""A season is believed from this many pairs of samples on, and from half a season on."""
STEPS_PER_SEARCH = 4
"""A season is looked for at every fourth step and holds for the next three."""
LARGEST_CHANGE = 20.0
"""In units of scale: a parabola leaves every range in 64 steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """The season of the samples up to each step; [batch, time]."""

    length: Tensor
    """int64, in steps."""
    weakness: Tensor
    """Difference one season apart against the mean over all shorter ones: 0 = repeats itself, 1 = not."""


def fit_kernels() -> Tensor:
    """Weights that turn the newest 64 changes into polynomial coefficients, float32[fit * 3, 1, 64].

    A fit goes through y - y_newest = a + b h + c h^2 with h = 0 at the newest sample; c = 0 for a line.
    """
    kernels = np.zeros((len(POLYNOMIALS), 3, LONGEST_FIT))
    for index, (steps, degree) in enumerate(POLYNOMIALS):
        solve = np.linalg.pinv(np.vander(np.arange(-steps, 1.0), degree + 1, increasing=True))
        later_changes = -np.triu(np.ones((steps + 1, steps)))
        kernels[index, : degree + 1, LONGEST_FIT - steps :] = solve @ later_changes
    return torch.tensor(kernels.reshape(-1, 1, LONGEST_FIT), dtype=torch.float32)


def find_season(scaled: ScaledWindow) -> Season:
    """Find the season by YIN's normalised difference over the samples so far.

    Source: de Cheveigné and Kawahara 2002, YIN, eq. 8, with mean |difference| for the squared one.
    """
    steps = torch.arange(scaled.offset.shape[1], device=scaled.offset.device)
    lags = torch.arange(1, LONGEST_SEASON + 1, device=scaled.offset.device)
    padded = nn.functional.pad(scaled.offset, (LONGEST_SEASON, 0))
    earlier = padded[:, LONGEST_SEASON + steps[:, None] - lags]
    age = (steps - scaled.first_index + 1).float().unsqueeze(2)
    lag = lags.float()
    apart = (scaled.offset.unsqueeze(2) - earlier).abs() * (age - lag).clamp(0.0, 1.0)
    sums = torch.cumsum(apart, dim=1)[:, ::STEPS_PER_SEARCH]
    pairs = age[:, ::STEPS_PER_SEARCH] - lag
    mean_apart = sums / pairs.clamp(min=1.0)
    weakness = (mean_apart + 1e-30) / (torch.cumsum(mean_apart, dim=2) / lag + 1e-30)
    is_believed = (pairs >= LEAST_PAIRS) & (2 * pairs >= lag)
    best, index = torch.where(is_believed, weakness, torch.full_like(weakness, 2.0)).min(dim=2)
    newest_search = steps // STEPS_PER_SEARCH
    return Season(length=index[:, newest_search] + 1, weakness=best[:, newest_search])


def seasonal_change(offset: Tensor, length: Tensor, steps: Tensor, horizons: Tensor) -> Tensor:
    """Change to the sample one season before each horizon, in the window's unit.

    Args:
        offset: [batch, time] of the whole window.
        length: Season at the steps, int64[batch, step].
        steps: int64[step], where each forecast starts.
        horizons: int64[horizon], from 1 on.

    Returns:
        [batch, step, horizon].
    """
    back = length.unsqueeze(2) - 1 - (horizons - 1) % length.unsqueeze(2)
    places = (steps[:, None] - back).clamp(min=0)
    season = torch.gather(offset, 1, places.flatten(1)).reshape(places.shape)
    return season - offset[:, steps].unsqueeze(2)


class Experts(nn.Module):
    """Forecasts of every expert, in units of scale against the newest sample."""

    COUNT = len(POLYNOMIALS) + 2
    """The fits, the season, the mean so far."""
    kernels: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernels", fit_kernels(), persistent=False)

    def coefficients(self, scaled: ScaledWindow) -> Tensor:
        """Coefficients of every fit in the window's unit, [batch, time, fit, 3]."""
        # Kept near 1, for the range of float32.
        unit = scaled.change.abs().amax(dim=1, keepdim=True) + 1e-30
        padded = nn.functional.pad(scaled.change / unit, (LONGEST_FIT - 1, 0)).unsqueeze(1)
        fitted = nn.functional.conv1d(padded, self.kernels).transpose(1, 2) * unit.unsqueeze(2)
        return fitted.reshape(fitted.shape[0], fitted.shape[1], len(POLYNOMIALS), 3)

    def forward(self, coefficients: Tensor, season: Tensor, newest: ScaledWindow, horizons: Tensor) -> Tensor:
        """Every expert's change at each horizon.

        Args:
            coefficients: [batch, step, fit, 3].
            season: What `seasonal_change` gave, [batch, step, horizon].
            newest: The window at the steps.
            horizons: int64[horizon].

        Returns:
            [batch, step, horizon, COUNT].
        """
        ahead = horizons.to(coefficients.dtype)
        powers = torch.stack([torch.ones_like(ahead), ahead, ahead * ahead], dim=1)
        scale = newest.scale.unsqueeze(2)
        fits = torch.matmul(powers, coefficients.transpose(2, 3) / scale.unsqueeze(3))
        mean = newest.reversion.unsqueeze(2).expand(-1, -1, powers.shape[0])
        experts = torch.cat([fits, (season / scale).unsqueeze(3), mean.unsqueeze(3)], dim=3)
        return experts.clamp(-LARGEST_CHANGE, LARGEST_CHANGE)


def log_errors(one_ahead: Tensor, scaled: ScaledWindow) -> Tensor:
    """How far each expert was off at each step, log of the error against the usual change.

    Args:
        one_ahead: Every expert's change one step ahead, [batch, time, expert].
        scaled: The window.

    Returns:
        [batch, time, expert].
    """
    before = torch.cat([torch.zeros_like(one_ahead[:, :1]), one_ahead[:, :-1]], dim=1)
    predicted = before * shifted(scaled.scale, 1).unsqueeze(2)
    usual = (scaled.roughness * scaled.scale).unsqueeze(2) + 1e-30
    return torch.log((scaled.change.unsqueeze(2) - predicted).abs() / usual + 0.01).clamp(max=5.0)
