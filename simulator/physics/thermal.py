"""Temperatures: first-order balance of each node with sunlight, eclipse and its own dissipation."""

import numpy as np

from simulator.physics.orbit import Array

EXTERNAL_NODES = ("external_temp", "solar_panel_temp")
EXTERNAL_TAU_S = np.array([1500.0, 420.0])
EXTERNAL_SUNLIT_DEGC = np.array([22.0, 58.0])
EXTERNAL_ECLIPSE_DEGC = np.array([-35.0, -62.0])

INTERNAL_NODES = ("battery_temp", "obc_temp", "comm_temp", "payload_temp")
INTERNAL_TAU_S = np.array([3000.0, 1500.0, 1200.0, 1400.0])
BASE_DEGC = np.array([14.0, 7.0, 7.0, 4.0])
"""What each node settles at without dissipation behind a structure at 0 degrees."""
STRUCTURE_COUPLING = np.array([0.20, 0.35, 0.45, 0.50])
DISSIPATION_DEGC_PER_W = np.array([3.0, 0.75, 1.6, 0.55])


def settle(initial: Array, target: Array, tau_s: Array, dt_s: float) -> Array:
    """First-order answer [step, node, satellite] of nodes at `initial` [node, satellite] to `target`.

    `target` is [step, node, satellite], `tau_s` [node].
    """
    gain = -np.expm1(-dt_s / tau_s)[:, None]
    series, value = np.empty_like(target), initial
    for step in range(len(target)):
        value = value + gain * (target[step] - value)
        series[step] = value
    return series


def external_temperatures(initial: Array, sunlit: Array, dt_s: float) -> Array:
    """Temperatures of `EXTERNAL_NODES` in degrees Celsius, [step, node, satellite].

    `initial` is [node, satellite], `sunlit`, a share, [step, satellite].
    """
    warm, cold = EXTERNAL_SUNLIT_DEGC[:, None], EXTERNAL_ECLIPSE_DEGC[:, None]
    return settle(initial, cold + (warm - cold) * sunlit[:, None, :], EXTERNAL_TAU_S, dt_s)


def internal_temperatures(initial: Array, structure: Array, dissipation_w: Array, dt_s: float) -> Array:
    """Temperatures of `INTERNAL_NODES` in degrees Celsius, [step, node, satellite].

    `initial` is [node, satellite], `structure`, the temperature around them, [step, satellite];
    `dissipation_w` has the answer's shape.
    """
    target = (
        BASE_DEGC[:, None]
        + STRUCTURE_COUPLING[:, None] * structure[:, None, :]
        + DISSIPATION_DEGC_PER_W[:, None] * dissipation_w
    )
    return settle(initial, target, INTERNAL_TAU_S, dt_s)
