"""Injected faults: understood as typed, visible where they should be and nowhere else."""

from datetime import UTC, datetime

import numpy as np
import pytest

from simulator.constellation import nominal_arrays, satellite_ids, simulate, simulate_blocks
from simulator.faults import KINDS, Fault, InvalidFaultError, parse_fault, truth_line
from simulator.physics.orbit import Array
from simulator.physics.sensors import Telemetry

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = satellite_ids(3)
STEPS = 240


def with_fault(specification: str) -> tuple[Fault, Telemetry, Telemetry]:
    fault = parse_fault(specification, NAMES)
    (block,) = simulate_blocks(3, START, 1.0, STEPS, 0, [fault])
    return fault, block.telemetry, nominal_arrays(3, START, 1.0, STEPS, 0)


def difference(fault: Fault, faulty: Telemetry, nominal: Telemetry) -> Array:
    channel = fault.channels[0]
    return np.asarray(faulty[fault.subsystem][channel] - nominal[fault.subsystem][channel])


@pytest.mark.parametrize("kind", KINDS)
def test_fault_changes_its_satellite_and_time_only(kind: str) -> None:
    fault, faulty, nominal = with_fault(f"SAT-002/{kind}@100+60")
    changed = difference(fault, faulty, nominal) != 0
    assert changed[100:160, 1].any()
    changed[100:160, 1] = False
    assert not changed.any()


@pytest.mark.parametrize("kind", KINDS)
def test_fault_leaves_other_subsystems_alone(kind: str) -> None:
    fault, faulty, nominal = with_fault(f"{kind}@100")
    for subsystem in {"eps", "thermal", "aocs", "comm"} - {fault.subsystem}:
        for channel, values in nominal[subsystem].items():
            np.testing.assert_array_equal(faulty[subsystem][channel], values)


def test_spikes_are_single_samples_every_ten_seconds() -> None:
    fault, faulty, nominal = with_fault("spike:battery_current@30")
    struck = np.flatnonzero(difference(fault, faulty, nominal)[:, 0])
    assert struck.tolist() == list(range(30, STEPS, 10))


def test_drift_grows_to_its_full_size_and_stays() -> None:
    fault, faulty, nominal = with_fault("drift:battery_temperature@60")
    grown = difference(fault, faulty, nominal)[60:, 0]
    assert grown[60] == pytest.approx(15, abs=0.1)
    assert grown[121] == grown[-1] == pytest.approx(30, abs=0.01)


def test_size_scales_a_fault() -> None:
    fault, faulty, nominal = with_fault("drift:battery_temperature*0.5@60")
    assert difference(fault, faulty, nominal)[-1, 0] == pytest.approx(15, abs=0.01)


def test_stuck_channel_keeps_one_value() -> None:
    _, faulty, _ = with_fault("stuck:magnetometer_x@50")
    assert len(set(faulty["aocs"]["magnetometer_x"][50:, 0])) == 1


def test_noise_widens_the_channel() -> None:
    fault, faulty, nominal = with_fault("noise:gyro_y@0")
    assert difference(fault, faulty, nominal)[:, 0].std() > 5 * nominal["aocs"]["gyro_y"][:, 0].std()


def test_dropout_sends_null() -> None:
    fault = parse_fault("dropout:comm_temp@2+2", NAMES)
    values = [m["thermal"]["comm_temp"] for m in simulate(1, START, 1.0, 5, 0, [fault])]
    assert [value is None for value in values] == [False, False, True, True, False]


def test_low_battery_breaks_the_rule_with_voltage_and_current() -> None:
    _, faulty, nominal = with_fault("low_battery@60")
    eps = faulty["eps"]
    assert eps["battery_soc_percent"][-1, 0] < 30
    assert eps["battery_voltage"][-1, 0] < nominal["eps"]["battery_voltage"][:, 0].min() - 0.3
    assert eps["battery_current"][-1, 0] < -2


def test_overheating_passes_the_limit_within_a_minute_and_a_half() -> None:
    _, faulty, _ = with_fault("overheating@60")
    assert (faulty["thermal"]["obc_temp"][150:, 0] > 50).all()
    assert faulty["thermal"]["cooler_active"][-1, 0] == 1


def test_thruster_turns_heats_and_burns_fuel() -> None:
    _, faulty, nominal = with_fault("thruster@60")
    aocs = faulty["aocs"]
    assert (aocs["thruster_active"][60:, 0] == 1).all()
    assert aocs["gyro_x"][60:, 0].min() > 4
    assert aocs["thruster_pressure_bar"][60:, 0].min() > 190
    assert aocs["thruster_temperature"][-1, 0] > 590
    assert aocs["thruster_fuel_percent"][-1, 0] < nominal["aocs"]["thruster_fuel_percent"][0, 0]


def test_truth_names_what_was_injected() -> None:
    fault = parse_fault("SAT-003/low-battery*2@60", NAMES)
    assert truth_line(fault, NAMES, START, 300.0) == {
        "satellite_id": "SAT-003",
        "subsystem": "eps",
        "channel": "battery_soc_percent",
        "channels": ["battery_soc_percent", "battery_voltage", "battery_current"],
        "kind": "low_battery",
        "size": 2.0,
        "start": "2026-11-23T12:01:00+00:00",
        "end": "2026-11-23T12:05:00+00:00",
    }


def test_ambiguous_channel_is_the_judged_one_and_a_path_is_exact() -> None:
    assert parse_fault("stuck:payload_temp", NAMES).subsystem == "thermal"
    assert parse_fault("stuck:payload.payload_temp", NAMES).subsystem == "payload"


@pytest.mark.parametrize(
    ("specification", "hint"),
    [
        ("melt", "choose from spike"),
        ("spike:no_such_channel", "no subsystem measures"),
        ("spike:eps.gyro_x", "no subsystem measures"),
        ("SAT-009/spike", "SAT-001 to SAT-003"),
        ("thruster:gyro_x", "takes no channel"),
        ("spike@soon", "KIND"),
        ("spike@1@2", "KIND"),
        ("", "KIND"),
        ("spike*0", "above 0"),
    ],
)
def test_wrong_fault_is_refused_with_what_would_be_right(specification: str, hint: str) -> None:
    with pytest.raises(InvalidFaultError, match=hint):
        parse_fault(specification, NAMES)
