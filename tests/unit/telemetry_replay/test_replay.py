"""From samples to messages, when they are due, and what the command says."""

import json
import math
import subprocess
import sys
import threading
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest

from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.service.settings import load_mission
from telemetry_replay.__main__ import build_messages
from telemetry_replay.pacing import Pacer, parse_speed
from telemetry_replay.publisher import PublishingError, usable_bootstrap
from telemetry_replay.recording import Recording, TimeColumn
from telemetry_replay.samples import Samples

PROJECT = Path(__file__).resolve().parents[3]
RECORDING = Recording(
    satellite_id="OPS-SAT",
    time=TimeColumn(column="T"),
    channels={"v": "eps.battery_voltage", "t": "thermal.obc_temp", "c": "eps.battery_current"},
)


def samples(values: list[list[float]]) -> Samples:
    times = 1_605_398_400_000_000 + 500_000 * np.arange(len(values))
    return Samples(unix_us=times, values=np.array(values))


def test_message_groups_channels_by_subsystem() -> None:
    ((_, value),) = build_messages(samples([[4.0, 20.0, -1.0]]), RECORDING)
    assert json.loads(value) == {
        "timestamp": "2020-11-15T00:00:00.000+00:00",
        "satellite_id": "OPS-SAT",
        "eps": {"battery_voltage": 4.0, "battery_current": -1.0},
        "thermal": {"obc_temp": 20.0},
    }


def test_missing_value_is_left_out_and_an_empty_row_not_sent() -> None:
    sent = list(
        build_messages(samples([[4.0, math.nan, math.nan], [math.nan] * 3, [3.9, 1.0, 1.0]]), RECORDING)
    )
    assert [set(json.loads(value)) - {"timestamp", "satellite_id"} for _, value in sent] == [
        {"eps"},
        {"eps", "thermal"},
    ]


def test_platform_accepts_replayed_messages() -> None:
    mission = load_mission(PROJECT / "missions" / "default.yaml")
    for unix_us, value in build_messages(samples([[4.0, 20.0, -1.0]] * 3), RECORDING):
        message = parse_telemetry_message(value, mission=mission, received_us=unix_us)
        assert (message.satellite_id, message.generated_us, message.bad_values) == ("OPS-SAT", unix_us, [])


def test_speeds_are_positive_numbers_or_max() -> None:
    assert parse_speed("max") == math.inf
    assert parse_speed("2.5") == 2.5
    for text in ("0", "-1", "nan", "inf", "fast", ""):
        with pytest.raises(ArgumentTypeError, match="or max"):
            parse_speed(text)


def test_pacer_waits_telemetry_time_at_its_speed() -> None:
    pacer = Pacer(10.0, threading.Event())
    assert pacer.wait_until(2.0)
    assert pacer.elapsed_s >= 0.2


def test_stopped_pacer_waits_no_longer() -> None:
    stop = threading.Event()
    stop.set()
    assert not Pacer(1.0, stop).wait_until(3600.0)


def test_invalid_address_is_refused() -> None:
    for address in ("nowhere", "host:", ":9092", "host:port"):
        with pytest.raises(PublishingError, match="HOST:PORT"):
            usable_bootstrap(address)


def test_other_addresses_stay_as_they_are() -> None:
    assert usable_bootstrap("broker.example:9092") == "broker.example:9092"


def test_command_ends_with_one_line_for_a_wrong_file(tmp_path: Path) -> None:
    recording = tmp_path / "r.csv"
    recording.write_text("TIMESTAMP,w\n", encoding="utf-8")
    mission = PROJECT / "missions" / "opssat_attitude.yaml"
    result = subprocess.run(
        [sys.executable, "-m", "telemetry_replay", str(recording), "--mission", str(mission)],
        capture_output=True, text=True, timeout=60, check=False, cwd=PROJECT,
    )  # fmt: skip
    assert result.returncode == 2
    assert "no column 'x'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
