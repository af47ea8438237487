"""Electrical balance: solar generation against load, integrated into the battery's charge."""

import numpy as np

from simulator.physics.orbit import Array

CELLS_IN_SERIES = 4
CELL_RESISTANCE_OHM = 0.030
CAPACITY_WH = 60.0
FULL_PERCENT = 94.5
TAPER_PERCENT = 6.0
MAX_CHARGE_W = 34.0
PANEL_W = 18.0
PANEL_SHADING_DEG = (20.0, 140.0, 260.0)
"""Sun angle at which the body shades each panel most."""

OBC_IDLE_W, OBC_W_PER_CPU_PERCENT = 10.2, 0.06
RECEIVER_W, TRANSMITTER_W = 3.0, 8.0
PAYLOAD_W = 25.0
ATTITUDE_W = 3.0


def panel_power(sunlit: Array, sun_angle_deg: Array) -> Array:
    """Power in W that each Sun-tracking panel could give, [panel, step, satellite].

    `sunlit`, a share, and `sun_angle_deg` are [step, satellite].
    """
    offset = np.radians(sun_angle_deg[None] - np.array(PANEL_SHADING_DEG)[:, None, None])
    return np.asarray(PANEL_W * sunlit * (0.93 - 0.05 * np.cos(offset)))


def integrate_charge(soc: Array, available_w: Array, load_w: Array, dt_s: float) -> tuple[Array, Array]:
    """Charge in percent and power into the battery in W, both [step, satellite].

    `soc` [satellite] is the charge before the first step. The regulator lets the battery take what the panels
    have left over, less and less from `FULL_PERCENT - TAPER_PERCENT` on.
    """
    charge, power = np.empty_like(load_w), np.empty_like(load_w)
    surplus = available_w - load_w
    for step in range(len(load_w)):
        limit = MAX_CHARGE_W * np.clip((FULL_PERCENT - soc) / TAPER_PERCENT, 0.0, 1.0)
        power[step] = np.minimum(surplus[step], limit)
        soc = np.clip(soc + power[step] * dt_s / (36.0 * CAPACITY_WH), 0.0, 100.0)
        charge[step] = soc
    return charge, power


def cell_voltage(soc: Array, current_a: Array) -> Array:
    """Mean cell voltage in V: open-circuit voltage 3.0 V + 1.2 V x charge, plus the drop over the resistance.

    Charge in percent and current in A are [step, satellite], or [step] of one satellite, each.
    """
    return 3.0 + 0.012 * soc + current_a * CELL_RESISTANCE_OHM


def battery_current(soc: Array, power_w: Array) -> Array:
    """Pack current in A, positive while charging, that carries `power_w` at the terminals.

    Charge in percent, power and current are [step, satellite] each.
    """
    open_circuit = CELLS_IN_SERIES * (3.0 + 0.012 * soc)
    resistance = CELLS_IN_SERIES * CELL_RESISTANCE_OHM
    return (np.sqrt(open_circuit**2 + 4 * resistance * power_w) - open_circuit) / (2 * resistance)


def panel_voltage(sunlit: Array, panel_temp_degc: Array) -> Array:
    """Voltage at the maximum power point: falls with heat, breaks down in the dark.

    Lit share, temperature and voltage are [step, satellite] each.
    """
    return np.where(sunlit > 0.0, 6.9 - 0.012 * (panel_temp_degc - 25.0), 0.0) * np.minimum(1.0, 4 * sunlit)
