"""What forecasts said of an alert's channels, and what each contributed to its peak. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from telemetry_core.contract.mission import Window
from telemetry_core.contract.step_times import channel_step_times

LEAST_SHARE: Final = 0.01
"""A channel with less of a score has nothing to do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a forecast said of one channel."""

    expected: float | None
    lower_90: float | None
    upper_90: float | None


def expectations(forecast: Mapping[str, Any], moment_ms: int, limits: Window) -> dict[str, Expectation]:
    """Return, by channel, what a stored forecast said of the step nearest to a moment.

    A channel is left out where a gap lies between its nearest step and the moment: then nothing was said of
    that moment.
    """
    band = forecast["band"] or {}
    steps = {
        (place, channel): _nearest_step(forecast, channel, moment_ms / 1000, limits)
        for place, channel in enumerate(forecast["input_features"])
    }
    return {
        channel: Expectation(
            expected=_cell(forecast["predictions"], step, place),
            lower_90=_cell(band.get("lower"), step, place),
            upper_90=_cell(band.get("upper"), step, place),
        )
        for (place, channel), step in steps.items()
        if step is not None
    }


def _nearest_step(forecast: Mapping[str, Any], channel: str, moment_s: float, limits: Window) -> int | None:
    times = channel_step_times(forecast, channel)
    if not forecast["predictions"] or times is None:
        return None
    distances = [abs(time_s - moment_s) for time_s in times.all_s(len(forecast["predictions"]))]
    nearest = min(range(len(distances)), key=distances.__getitem__)
    return nearest if distances[nearest] <= limits.gap_s(times.interval_us / 1_000_000) else None


def _cell(table: Any, step: int, place: int) -> float | None:
    if not table or step >= len(table) or place >= len(table[step]):
        return None
    value: float | None = table[step][place]
    return value


def shares(contributions: Mapping[str, Mapping[str, float]], channels: Iterable[str]) -> dict[str, float]:
    """Return each channel's share of the score, highest first, then in the given order."""
    found = {name: sum(contributions.get(name, {}).values()) for name in channels}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def leading_channels(contributions: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the channels that a score is about, highest share first."""
    return [name for name, share in shares(contributions, contributions).items() if share >= LEAST_SHARE]
