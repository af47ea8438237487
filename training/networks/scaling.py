"""What the samples of a window up to each step tell about its centre and scale, as part of a graph."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

MAX_HORIZON = 64
LONGEST_GAP = 256
"""A value is carried forward over at most this many missing steps."""
LARGEST_VALUE = 1e30
"""Beyond it a sample counts as missing: its square would leave the range of the graph."""
TREND_STEPS = 8


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
    offset: Tensor
    """Newest sample - first sample, in the window's unit."""
    change: Tensor
    """Newest change in the window's unit."""
    first_index: Tensor
    """int64[batch, 1]: where the first sample stands."""
    roughness: Tensor
    """Mean |change| so far / scale."""


def shifted(series: Tensor, steps: int) -> Tensor:
    """Move a series [batch, time] later by `steps`, repeating its first value in front."""
    first = series[:, :1].expand(-1, steps)
    return torch.cat([first, series], dim=1)[:, : series.shape[1]]


def carried_forward(value: Tensor, present: Tensor) -> Tensor:
    """Fill every gap with the value before it by doubling the reach.

    `value` and `present`, 1 or 0, are [batch, time] each.
    """
    steps = 1
    while steps < LONGEST_GAP:
        value = torch.where(present > 0, value, shifted(value, steps))
        present = torch.maximum(present, shifted(present, steps))
        steps *= 2
    return value


def scale_window(window: Tensor) -> ScaledWindow:
    """Scale each step of float32[batch, time] by the samples up to it; NaN = missing.

    In float64, so that a large offset costs no precision.
    """
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
        offset=(last.double() - first.double()).float(),
        change=change.float(),
        first_index=first_index,
        roughness=(mean_change / scale).float(),
    )


def step_answer(scaled: ScaledWindow, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Shift what each step says of the next one to that next step, [batch, time] each.

    Before any sample the answer is the first sample with a wide deviation.
    """
    is_blind = shifted(scaled.count, 1) < 1
    is_blind = is_blind | (torch.cumsum(torch.ones_like(scaled.count), dim=1) < 2)
    wide = scaled.last.abs() + 1.0
    return torch.where(is_blind, scaled.last, shifted(mean, 1)), torch.where(is_blind, wide, shifted(std, 1))


def select_steps(scaled: ScaledWindow, steps: Tensor) -> ScaledWindow:
    """Keep the given steps of every window: int64[step] to float32[batch, step]."""
    chosen = {field.name: getattr(scaled, field.name) for field in fields(scaled)}
    first_index = chosen.pop("first_index")
    return ScaledWindow(first_index=first_index, **{name: part[:, steps] for name, part in chosen.items()})
