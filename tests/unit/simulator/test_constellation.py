"""The simulated constellation: reproducible, physical, and nominal unless a fault is injected."""

from datetime import UTC, datetime
from functools import cache

import numpy as np
import orjson
import pytest

from simulator.constellation import nominal_arrays, simulate
from simulator.physics.orbit import build_constellation, propagate
from simulator.physics.power import CAPACITY_WH
from simulator.physics.sensors import Telemetry

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
INTERVAL_S = 10.0
STEPS = 8640
OBJECTS = {
    "beacon": "alive uptime_seconds mode last_command_time",
    "obc": "cpu_usage_percent memory_usage_percent uptime_seconds error_count boot_count onboard_time",
    "eps": "battery_soc_percent battery_voltage battery_current battery_temperature solar_panel_1_voltage "
    "solar_panel_2_voltage solar_panel_3_voltage solar_panel_1_current solar_panel_2_current "
    "solar_panel_3_current obc_power_watts comm_power_watts payload_power_watts total_power_consumption "
    "total_power_generation",
    "thermal": "battery_temp obc_temp comm_temp payload_temp solar_panel_temp external_temp heater_1_on "
    "heater_2_on cooler_active",
    "aocs": "gyro_x gyro_y gyro_z sun_sensor_angle magnetometer_x magnetometer_y magnetometer_z "
    "reaction_wheel_1_rpm reaction_wheel_2_rpm reaction_wheel_3_rpm thruster_fuel_percent "
    "thruster_pressure_bar thruster_temperature thruster_active "
    "gps_latitude gps_longitude gps_altitude_km gps_velocity_kmps",
    "comm": "rssi_dbm tx_active rx_active data_backlog_mb last_contact_seconds_ago",
    "payload": "camera_on sensor_on payload_temp payload_power_watts last_image_time images_captured_count",
}


@cache
def day_of(seed: int) -> Telemetry:
    return nominal_arrays(10, START, INTERVAL_S, STEPS, seed)


def lines(satellites: int, interval_s: float, steps: int, seed: int) -> list[bytes]:
    return [orjson.dumps(message) for message in simulate(satellites, START, interval_s, steps, seed)]


def test_same_seed_start_and_interval_give_the_same_bytes() -> None:
    assert lines(3, 3.0, 40, 7) == lines(3, 3.0, 40, 7)


def test_another_seed_gives_other_telemetry() -> None:
    assert lines(1, 3.0, 5, 7) != lines(1, 3.0, 5, 8)


def test_a_longer_run_starts_like_a_shorter_one() -> None:
    short = lines(10, 1.0, 300, 0)
    assert lines(10, 1.0, 900, 0)[: len(short)] == short


def test_messages_carry_every_field_of_the_seven_objects() -> None:
    message = next(simulate(1, START, 1.0, 1, 0))
    assert message.pop("timestamp") == "2026-11-23T12:00:00.000+00:00"
    assert message.pop("satellite_id") == "SAT-001"
    assert {name: set(fields) for name, fields in message.items()} == {
        name: set(fields.split()) for name, fields in OBJECTS.items()
    }


def test_satellites_of_a_step_are_sent_in_order_with_one_time() -> None:
    messages = list(simulate(3, START, 0.5, 2, 0))
    assert [message["satellite_id"] for message in messages] == ["SAT-001", "SAT-002", "SAT-003"] * 2
    assert [message["timestamp"][17:23] for message in messages] == ["00.000"] * 3 + ["00.500"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_rule_fires_in_a_nominal_day_of_ten_satellites(seed: int) -> None:
    day = day_of(seed)
    assert day["eps"]["battery_soc_percent"].min() > 55
    assert day["thermal"]["obc_temp"].min() > 5
    assert day["thermal"]["obc_temp"].max() < 35
    assert not day["aocs"]["thruster_active"].any()


def test_eclipses_take_about_a_third_of_an_orbit() -> None:
    share = (day_of(0)["beacon"]["sunlit"] == 0).mean()
    assert 0.30 < share < 0.40


def test_shadow_lies_on_the_night_side() -> None:
    day = day_of(0)
    assert day["aocs"]["sun_sensor_angle"][day["beacon"]["sunlit"] == 0].min() > 100


def test_panels_give_nothing_in_the_umbra() -> None:
    day = day_of(0)
    assert day["eps"]["total_power_generation"][day["beacon"]["sunlit"] == 0].max() < 1.5


def test_charge_changes_by_the_energy_balance() -> None:
    eps = day_of(0)["eps"]
    surplus_w = eps["total_power_generation"] - eps["total_power_consumption"]
    energy_percent = surplus_w[1:].sum(axis=0) * INTERVAL_S / 3600 / CAPACITY_WH * 100
    change_percent = eps["battery_soc_percent"][-1] - eps["battery_soc_percent"][0]
    np.testing.assert_allclose(energy_percent, change_percent, atol=1.0)


def test_battery_current_carries_the_balance_at_the_cell_voltage() -> None:
    eps = day_of(0)["eps"]
    power_w = eps["battery_current"] * eps["battery_voltage"] * 4
    surplus_w = eps["total_power_generation"] - eps["total_power_consumption"]
    assert np.abs(power_w - surplus_w).max() < 1.5


def test_first_message_is_already_settled() -> None:
    eps, thermal = day_of(0)["eps"], day_of(0)["thermal"]
    for series in (eps["battery_soc_percent"], thermal["obc_temp"], thermal["battery_temp"]):
        orbit = round(5580 / INTERVAL_S)
        spread = series.max() - series.min()
        assert np.abs(series[0] - series[orbit]).max() < max(0.35 * spread, 0.5)


def test_ground_contact_comes_and_goes_and_empties_the_backlog() -> None:
    comm = day_of(0)["comm"]
    contact = comm["tx_active"] > 0
    assert 0.05 < contact.mean() < 0.3
    assert comm["rssi_dbm"][contact].min() > -88
    assert comm["rssi_dbm"][~contact].max() < -100
    assert (comm["last_contact_seconds_ago"][contact] == 0).all()
    assert comm["data_backlog_mb"].min() == 0
    assert comm["data_backlog_mb"].max() < 2000


def test_satellites_fly_the_promised_orbit() -> None:
    aocs = day_of(0)["aocs"]
    assert 51.5 < np.abs(aocs["gps_latitude"]).max() < 52
    assert aocs["gps_altitude_km"].min() > 400
    assert aocs["gps_altitude_km"].max() < 450
    assert 7.6 < aocs["gps_velocity_kmps"].mean() < 7.7


def test_a_long_interval_keeps_the_balance_of_a_short_one() -> None:
    fine = nominal_arrays(1, START, 10.0, 1 + 540, 0)["eps"]["battery_soc_percent"][::60]
    coarse = nominal_arrays(1, START, 600.0, 10, 0)["eps"]["battery_soc_percent"]
    np.testing.assert_allclose(coarse, fine, atol=0.6)


def test_fleet_is_spread_over_planes() -> None:
    geometry = propagate(build_constellation(100, START, 0), np.array([START.timestamp()]))
    places = np.round(geometry.position_km[0] / 50)
    assert len({tuple(place) for place in places.tolist()}) == 100
