"""The networks behind the served models; scaling is part of the graph.

Both take windows of one channel, float32[batch, time] in time order, NaN = missing, padded in front with NaN,
and answer FORECAST_MEAN, FORECAST_STD float32[batch, 64] and STEP_MEAN, STEP_STD float32[batch, time] in the
window's unit. Step t is predicted from the steps before t alone. No NaN or infinity comes out.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

MAX_HORIZON = 64
LONGEST_GAP = 256
"""A value is carried forward over at most this many missing steps."""
LARGEST_VALUE = 1e30
"""Beyond it a sample counts as missing: its square would leave the range of the graph."""
TREND_STEPS = 8
TERMS = 5
"""Per horizon: pull to the mean, slow trend, fast trend, free term, log deviation."""

Answer = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledWindow:
    """A window and what its samples up to each step tell about centre and scale; float32[batch, time]."""

    present: Tensor
    """1 where a sample exists, else 0."""
    count: Tensor
    """Samples seen up to and including the step."""
    last: Tensor
    """Newest sample in the window's unit; before the first one, the first one."""
    scale: Tensor
    """Standard deviation of the samples so far in the window's unit, never 0."""
    reversion: Tensor
    """(mean so far - newest sample) / scale."""
    difference: Tensor
    """Newest change / scale."""
    trend: Tensor
    """Mean change over TREND_STEPS steps / scale."""
    roughness: Tensor
    """Mean |change| so far / scale."""


def shifted(series: Tensor, steps: int) -> Tensor:
    """Move a series [batch, time] later by `steps`, repeating its first value in front."""
    first = series[:, :1].expand(-1, steps)
    return torch.cat([first, series], dim=1)[:, : series.shape[1]]


def carried_forward(value: Tensor, present: Tensor) -> Tensor:
    """Fill every gap with the value before it by doubling the reach; [batch, time]."""
    steps = 1
    while steps < LONGEST_GAP:
        value = torch.where(present > 0, value, shifted(value, steps))
        present = torch.maximum(present, shifted(present, steps))
        steps *= 2
    return value


def scale_window(window: Tensor) -> ScaledWindow:
    """Scale each step by the samples up to it, in float64, so that a large offset costs no precision."""
    is_present = window.abs() <= LARGEST_VALUE
    present = is_present.float()
    first_index = torch.argmax(present, dim=1, keepdim=True)
    zero_filled = torch.where(is_present, window, torch.zeros_like(window))
    first = torch.gather(zero_filled, 1, first_index)
    value = torch.where(is_present, window, first.expand_as(window))
    last = carried_forward(value, present)

    count = torch.cumsum(present, dim=1)
    divisor = count.clamp(min=1.0).double()
    offset = value.double() - first.double()
    mean = torch.cumsum(offset * present, dim=1) / divisor
    variance = torch.cumsum(offset * offset * present, dim=1) / divisor - mean * mean
    change = last.double() - shifted(last, 1).double()
    mean_change = torch.cumsum(change.abs(), dim=1) / (count - 1).clamp(min=1.0).double()

    smallest = 1e-7 * last.abs().double() + 1e-12
    scale = torch.maximum(variance.clamp(min=0.0).sqrt(), smallest)
    scale = torch.where(count < 2, torch.maximum(last.abs().double(), smallest), scale)
    return ScaledWindow(
        present=present,
        count=count,
        last=last,
        scale=scale.float(),
        reversion=((mean + first.double() - last.double()) / scale).float(),
        difference=(change / scale).float(),
        trend=((last.double() - shifted(last, TREND_STEPS).double()) / TREND_STEPS / scale).float(),
        roughness=(mean_change / scale).float(),
    )


def step_answer(scaled: ScaledWindow, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Turn what each step says of the next into what was said of each step; before any sample, nothing."""
    is_blind = shifted(scaled.count, 1) < 1
    is_blind = is_blind | (torch.cumsum(torch.ones_like(scaled.count), dim=1) < 2)
    wide = scaled.last.abs() + 1.0
    return torch.where(is_blind, scaled.last, shifted(mean, 1)), torch.where(is_blind, wide, shifted(std, 1))


class WindowLstm(nn.Module):
    """LSTM over the scaled window with a direct head for every horizon up to 64."""

    FEATURES = 7
    log_std_correction: Tensor
    horizon: Tensor
    newest: Tensor

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(self.FEATURES, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, MAX_HORIZON * TERMS)
        self.register_buffer("log_std_correction", torch.zeros(MAX_HORIZON))
        self.register_buffer("horizon", torch.arange(1.0, MAX_HORIZON + 1))
        self.register_buffer("newest", torch.tensor([-1]))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def states(self, scaled: ScaledWindow) -> Tensor:
        """Hidden state after each step, [batch, time, hidden]."""
        confidence = torch.rsqrt(scaled.count + 1.0)
        relative = scaled.difference / (scaled.roughness + 0.01)
        columns = (
            scaled.reversion.clamp(-8, 8),
            scaled.difference.clamp(-8, 8),
            (scaled.trend * TREND_STEPS).clamp(-8, 8),
            torch.log(scaled.roughness + 1e-3),
            relative.clamp(-8, 8),
            scaled.present,
            confidence,
        )
        states: Tensor = self.lstm(torch.stack(columns, dim=2))[0]
        return states

    def predict(self, terms: Tensor, scaled: ScaledWindow, horizons: int) -> tuple[Tensor, Tensor]:
        """Change against the newest sample and log deviation, both in units of scale.

        Args:
            terms: [batch, time, horizons * TERMS], output of the head.
            scaled: The window that the terms belong to.
            horizons: How many horizons the terms cover, from 1 on.

        Returns:
            Two tensors [batch, time, horizons].
        """
        terms = terms.reshape(terms.shape[0], terms.shape[1], horizons, TERMS)
        ahead = self.horizon[:horizons]
        change = (
            terms[..., 0] * scaled.reversion.unsqueeze(2)
            + terms[..., 1] * ahead * scaled.trend.unsqueeze(2)
            + terms[..., 2] * ahead * scaled.difference.unsqueeze(2)
            + terms[..., 3]
        )
        log_std = (terms[..., 4] + self.log_std_correction[:horizons]).clamp(-9.0, 5.0)
        return change, log_std

    def forward(self, window: Tensor) -> Answer:
        """Forecast the next 64 steps and predict each step of the window from those before it."""
        scaled = scale_window(window)
        states = self.states(scaled)
        first_terms = nn.functional.linear(states, self.head.weight[:TERMS], self.head.bias[:TERMS])
        change, log_std = self.predict(first_terms, scaled, 1)
        next_mean = scaled.last + scaled.scale * change.squeeze(2)
        next_std = scaled.scale * log_std.squeeze(2).exp()
        step_mean, step_std = step_answer(scaled, next_mean, next_std)
        newest = select_steps(scaled, self.newest)
        change, log_std = self.predict(self.head(states[:, -1:]), newest, MAX_HORIZON)
        forecast_mean = newest.last + newest.scale * change.squeeze(1)
        forecast_std = newest.scale * log_std.squeeze(1).exp()
        return forecast_mean, forecast_std, step_mean, step_std


def select_steps(scaled: ScaledWindow, steps: Tensor) -> ScaledWindow:
    """Keep the given steps of every window: int64[step] to float32[batch, step]."""
    return ScaledWindow(**{field.name: getattr(scaled, field.name)[:, steps] for field in fields(scaled)})


class MovingAverage(nn.Module):
    """Mean of the newest samples, with the scatter of the window around it; nothing is trained."""

    horizon: Tensor

    def __init__(self, window_size: int) -> None:
        super().__init__()
        self.window_size = window_size
        self.register_buffer("horizon", torch.arange(1.0, MAX_HORIZON + 1))

    def forward(self, window: Tensor) -> Answer:
        """Forecast the moving average; its error grows with the root of the horizon."""
        scaled = scale_window(window)
        change = torch.zeros_like(scaled.last)
        for steps in range(1, self.window_size):
            change = change + (shifted(scaled.last, steps) - scaled.last) / self.window_size
        next_mean = scaled.last + change
        step_mean, _ = step_answer(scaled, next_mean, scaled.scale)
        deviation = scaled.roughness.clamp(0.05, 1.0) * scaled.scale
        _, step_std = step_answer(scaled, next_mean, deviation)
        forecast_mean = next_mean[:, -1:].expand(-1, MAX_HORIZON)
        return forecast_mean, deviation[:, -1:] * self.horizon.sqrt(), step_mean, step_std
