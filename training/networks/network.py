"""The networks behind the served models; scaling is part of the graph.

All take windows of one channel, float32[batch, time] in time order, NaN = missing, padded in front with NaN,
and answer FORECAST_MEAN, FORECAST_STD float32[batch, 64] and STEP_MEAN, STEP_STD float32[batch, time] in the
window's unit. No NaN or infinity comes out. Step t is predicted from the steps before t alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.networks.experts import Experts, find_season, log_errors, seasonal_change
from training.networks.scaling import ScaledWindow, scale_window, select_steps, shifted, step_answer

MAX_HORIZON = 64
TERMS = Experts.COUNT + 2
"""Per horizon: a weight for every expert, free term, log deviation."""
FEATURES = Experts.COUNT + 10

Answer = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A window with all that the network and its experts see of it."""

    scaled: ScaledWindow
    coefficients: Tensor
    season_length: Tensor
    one_ahead: Tensor
    """Every expert's change one step ahead, [batch, time, 1, expert]."""
    features: Tensor
    """[batch, time, FEATURES]"""


class Forecaster(nn.Module):
    """Any causal encoder of the window, with a head that weighs the experts for every horizon up to 64."""

    log_std_correction: Tensor
    horizons: Tensor

    def __init__(self, encoder: nn.Module, hidden_size: int) -> None:
        super().__init__()
        self.experts = Experts()
        self.encoder = encoder
        self.mixer = nn.Linear(hidden_size, hidden_size)
        self.head = nn.Linear(hidden_size, MAX_HORIZON * TERMS)
        self.register_buffer("log_std_correction", torch.zeros(MAX_HORIZON))
        self.register_buffer("horizons", torch.arange(1, MAX_HORIZON + 1), persistent=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def course(self, window: Tensor) -> Course:
        """Scale float32[batch, time] and let the experts look at every step of it."""
        scaled = scale_window(window)
        coefficients = self.experts.coefficients(scaled)
        season = find_season(scaled)
        steps = torch.arange(window.shape[1], device=window.device)
        change = seasonal_change(scaled.offset, season.length, steps, self.horizons[:1])
        one_ahead = self.experts(coefficients, change, scaled, self.horizons[:1])
        columns = (
            scaled.reversion.clamp(-8, 8),
            scaled.difference.clamp(-8, 8),
            (scaled.trend * 8).clamp(-8, 8),
            torch.log(scaled.roughness + 1e-3),
            (scaled.difference / (scaled.roughness + 0.01)).clamp(-8, 8),
            scaled.present,
            torch.rsqrt(scaled.count + 1.0),
            torch.log(season.weakness + 0.01),
            season.length.float() / 64,
            one_ahead[:, :, 0, -2].clamp(-8, 8),
        )
        features = torch.cat([torch.stack(columns, dim=2), log_errors(one_ahead.squeeze(2), scaled)], dim=2)
        return Course(
            scaled=scaled,
            coefficients=coefficients,
            season_length=season.length,
            one_ahead=one_ahead,
            features=features,
        )

    def states(self, course: Course) -> Tensor:
        """What the network knows after each step, [batch, time, hidden]."""
        return torch.tanh(self.mixer(self.encoder(course.features)))

    def weigh(self, terms: Tensor, experts: Tensor) -> tuple[Tensor, Tensor]:
        """Change against the newest sample and log deviation, both in units of scale.

        Args:
            terms: [batch, step, horizon * TERMS], output of the head.
            experts: [batch, step, horizon, expert].

        Returns:
            Two tensors [batch, step, horizon].
        """
        horizons = experts.shape[2]
        terms = terms.reshape(terms.shape[0], terms.shape[1], horizons, TERMS)
        change = (terms[..., : Experts.COUNT] * experts).sum(dim=3) + terms[..., -2]
        return change, (terms[..., -1] + self.log_std_correction[:horizons]).clamp(-9.0, 5.0)

    def ahead(self, course: Course, states: Tensor, steps: Tensor) -> tuple[Tensor, Tensor, ScaledWindow]:
        """Forecast all horizons from `steps`, int64[step], with `states`, [batch, time, hidden].

        Change and log deviation are [batch, step, 64], in units of scale.
        """
        newest = select_steps(course.scaled, steps)
        season = seasonal_change(course.scaled.offset, course.season_length[:, steps], steps, self.horizons)
        experts = self.experts(course.coefficients[:, steps], season, newest, self.horizons)
        change, log_std = self.weigh(self.head(states[:, steps]), experts)
        return change, log_std, newest

    def forward(self, window: Tensor) -> Answer:
        """Forecast the next 64 steps and predict each step of the window from those before it.

        From float32[batch, time] to mean and deviation [batch, 64] and [batch, time], in the window's unit.
        """
        course = self.course(window)
        scaled = course.scaled
        states = self.states(course)
        terms = nn.functional.linear(states, self.head.weight[:TERMS], self.head.bias[:TERMS])
        change, log_std = self.weigh(terms, course.one_ahead)
        next_mean = scaled.last + scaled.scale * change.squeeze(2)
        step_mean, step_std = step_answer(scaled, next_mean, scaled.scale * log_std.squeeze(2).exp())
        last_step = torch.full_like(self.horizons[:1], window.shape[1] - 1)
        change, log_std, newest = self.ahead(course, states, last_step)
        forecast_mean = newest.last + newest.scale * change.squeeze(1)
        return forecast_mean, newest.scale * log_std.squeeze(1).exp(), step_mean, step_std


class LstmEncoder(nn.Module):
    """One layer of LSTM."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, hidden_size, batch_first=True)

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, time, FEATURES] to states [batch, time, hidden]."""
        states: Tensor = self.lstm(features)[0]
        return states


class AttentionBlock(nn.Module):
    """Causal self-attention and a feed-forward layer, normalised in front (Xiong et al. 2020, fig. 1b)."""

    def __init__(self, hidden_size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first_norm, self.second_norm = nn.LayerNorm(hidden_size), nn.LayerNorm(hidden_size)
        self.projection = nn.Linear(hidden_size, 3 * hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.wide, self.narrow = (
            nn.Linear(hidden_size, 2 * hidden_size),
            nn.Linear(2 * hidden_size, hidden_size),
        )

    def forward(self, state: Tensor) -> Tensor:
        """[batch, time, hidden] to the same."""
        batch, time, hidden = state.shape
        parts = self.projection(self.first_norm(state)).reshape(
            batch, time, 3, self.heads, hidden // self.heads
        )
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        steps = torch.arange(time, device=state.device)
        weights = torch.matmul(query, key.transpose(2, 3)) * (hidden // self.heads) ** -0.5
        weights = torch.softmax(weights - 1e9 * (steps > steps[:, None]), dim=3)
        seen = torch.matmul(weights, value).transpose(1, 2).reshape(batch, time, hidden)
        state = state + self.output(seen)
        wide = torch.relu(self.wide(self.second_norm(state)))
        return state + self.narrow(wide)


class TransformerEncoder(nn.Module):
    """Attention blocks over the steps; the count among the features and the mask tell their order."""

    def __init__(self, hidden_size: int, *, blocks: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.entry = nn.Linear(FEATURES, hidden_size)
        self.blocks = nn.Sequential(*(AttentionBlock(hidden_size, heads) for _ in range(blocks)))

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, time, FEATURES] to states [batch, time, hidden]."""
        states: Tensor = self.blocks(self.entry(features))
        return states


class MovingAverage(nn.Module):
    """Mean of the newest samples, with the scatter of the window around it; nothing is trained."""

    horizon: Tensor

    def __init__(self, window_size: int) -> None:
        super().__init__()
        self.window_size = window_size
        self.register_buffer("horizon", torch.arange(1.0, MAX_HORIZON + 1))

    def forward(self, window: Tensor) -> Answer:
        """Forecast the moving average; its error grows with the root of the horizon.

        From float32[batch, time] to mean and deviation [batch, 64] and [batch, time], in the window's unit.
        """
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
