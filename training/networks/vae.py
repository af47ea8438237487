"""`vae_timeseries`: the window's course from its first step to 64 steps ahead, out of a few latent numbers.

A variational autoencoder (Kingma and Welling 2014) whose decoder is a function of time: latent numbers and
a place in time give the value there, within the window (reconstruction) and beyond it (forecast) alike.
Unlike the other models it predicts a step from the whole window.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.networks.network import MAX_HORIZON, Answer
from training.networks.scaling import ScaledWindow, scale_window, select_steps

LATENT = 16
WAVES = 8
LONGEST_WINDOW = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Values in units of the newest step's scale, less the mean, [batch, time + 64]; and the latent."""

    value: Tensor
    log_std: Tensor
    latent_mean: Tensor
    latent_log_std: Tensor
    newest: ScaledWindow


def time_waves(places: Tensor) -> Tensor:
    """Waves of a place in time, 0 = newest step: [place] to [place, 2 * WAVES + 1]."""
    angle = places[:, None] * (torch.pi * 2.0 ** -torch.arange(1, WAVES + 1, device=places.device))
    return torch.cat([torch.sin(angle), torch.cos(angle), places[:, None] / LONGEST_WINDOW], dim=1)


class WindowVae(nn.Module):
    """LSTM encoder, latent numbers, decoder over time."""

    log_std_correction: Tensor
    step_correction: Tensor

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(4, hidden_size, batch_first=True)
        self.latent = nn.Linear(hidden_size, 2 * LATENT)
        self.from_latent = nn.Linear(LATENT, hidden_size)
        self.from_time = nn.Linear(2 * WAVES + 1, hidden_size)
        self.mixer = nn.Linear(hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, 2)
        self.pull = nn.Parameter(torch.linspace(2.0, -2.0, MAX_HORIZON))
        self.register_buffer("log_std_correction", torch.zeros(MAX_HORIZON))
        self.register_buffer("step_correction", torch.zeros(1))

    def decode(self, window: Tensor, noise: float) -> Decoded:
        """Decode every step of float32[batch, time] and the 64 after them.

        `noise` scales what is drawn around the latent mean.
        """
        scaled = scale_window(window)
        newest = select_steps(scaled, torch.full((1,), window.shape[1] - 1, device=window.device))
        columns = (self.standardised(scaled.last, newest), scaled.present, torch.rsqrt(scaled.count + 1.0))
        inputs = torch.stack([*columns, scaled.difference.clamp(-8, 8)], dim=2)
        latent_mean, latent_log_std = self.latent(self.encoder(inputs)[0][:, -1]).chunk(2, dim=1)
        latent = latent_mean
        if noise:
            latent = latent + noise * torch.randn_like(latent_mean) * latent_log_std.clamp(-8, 2).exp()
        steps = torch.arange(window.shape[1] + MAX_HORIZON, device=window.device)
        waves = time_waves((steps - window.shape[1] + 1).float())
        hidden = torch.tanh(self.from_latent(latent).unsqueeze(1) + self.from_time(waves))
        value, log_std = self.output(torch.tanh(self.mixer(hidden))).unbind(dim=2)
        return Decoded(
            value=value,
            log_std=log_std.clamp(-6.0, 4.0),
            latent_mean=latent_mean,
            latent_log_std=latent_log_std.clamp(-8, 2),
            newest=newest,
        )

    @staticmethod
    def standardised(value: Tensor, newest: ScaledWindow) -> Tensor:
        """[batch, time] against the window's mean in units of its scale, float64 inside."""
        away = (value.double() - newest.last.double()) / newest.scale.double() - newest.reversion.double()
        return away.float().clamp(-20, 20)

    def ahead(self, decoded: Decoded) -> tuple[Tensor, Tensor]:
        """Forecast against the mean, [batch, 64] each: the decoder's course, pulled to the newest sample."""
        missed = -decoded.newest.reversion.clamp(-20, 20) - decoded.value[:, -MAX_HORIZON - 1 : -MAX_HORIZON]
        value = decoded.value[:, -MAX_HORIZON:] + missed * torch.sigmoid(self.pull)
        return value, decoded.log_std[:, -MAX_HORIZON:] + self.log_std_correction

    def forward(self, window: Tensor) -> Answer:
        """Forecast the next 64 steps and reconstruct the window.

        From float32[batch, time] to mean and deviation [batch, 64] and [batch, time], in the window's unit.
        """
        decoded = self.decode(window, noise=0.0)
        newest = decoded.newest
        mean = newest.last + newest.scale * newest.reversion
        ahead, ahead_log_std = self.ahead(decoded)
        step, step_log_std = decoded.value[:, :-MAX_HORIZON], decoded.log_std[:, :-MAX_HORIZON]
        return (
            mean + newest.scale * ahead,
            newest.scale * ahead_log_std.exp(),
            mean + newest.scale * step,
            newest.scale * (step_log_std + self.step_correction).exp(),
        )
