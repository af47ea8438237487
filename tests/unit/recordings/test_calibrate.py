"""Constants from a recording."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis_server.judging.calibration_file import load_calibration
from recordings.calibrate import fitted_intervals, main
from recordings.change_constants import fit_changes, stream_windows
from scoring.calibration import CALIBRATION_FORMAT, Calibration
from scoring.measures.changes import CHANGES, parse_changes

MODEL = Path(__file__).parents[3] / "model_repository" / "lstm_timeseries" / "1"
MISSION = """
name: small
model: {name: lstm_timeseries}
window: {length: 256, max_span_s: 900, max_gap_s: 60}
periodic: {share: 1.0}
subsystems:
  eps:
    horizon: 5
    channels: {voltage: {unit: V}, flag: {unit: flag, kind: flag, feature: false}}
recording:
  satellite_id: SAT-1
  time: {column: t, format: unix_s}
  channels: {u: eps.voltage, f: eps.flag}
"""

IS_LEVEL = np.array([name.startswith("mean_") for name in CHANGES])


def calibrated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, values: np.ndarray, mission: str = MISSION
) -> Calibration:
    for name in ("calibration.json", "model.onnx"):
        if not (folder / name).exists():
            (folder / name).write_bytes((MODEL / name).read_bytes())
    (folder / "mission.yaml").write_text(mission, encoding="utf-8")
    lines = ["t,u,f", *(f"{second},{value},0" for second, value in enumerate(values, start=1_700_000_000))]
    (folder / "flight.csv").write_text("\n".join(lines), encoding="utf-8")
    command = [
        "calibrate",
        folder / "flight.csv",
        "--mission",
        folder / "mission.yaml",
        "--model",
        folder,
    ]
    monkeypatch.setattr(sys, "argv", [str(part) for part in command])
    main()
    return load_calibration(folder)


def test_a_recording_gives_constants_to_its_channels_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibration = calibrated(tmp_path, monkeypatch, np.random.default_rng(4).normal(size=900))
    assert list(calibration.changes.channels) == ["eps.voltage"]
    assert np.isfinite(calibration.changes.channels["eps.voltage"].usual[~IS_LEVEL]).all()
    shipped = load_calibration(MODEL)
    assert calibration.channels.keys() == shipped.channels.keys()
    assert calibration.band_widths.keys() == shipped.band_widths.keys() | {"eps.voltage"}


@pytest.mark.slow
def test_a_recording_too_short_for_band_widths_leaves_none_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrated(tmp_path, monkeypatch, np.random.default_rng(4).normal(size=900))
    assert "eps.voltage" not in calibrated(tmp_path, monkeypatch, np.arange(390.0) % 7).band_widths


def test_a_recording_says_which_intervals_its_constants_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(4).normal(size=900)
    values[::2] = np.nan
    calibration = calibrated(tmp_path, monkeypatch, values)
    assert calibration.changes.channels["eps.voltage"].intervals_s == (1.0, 4.0)
    assert (calibration.format, calibration.intervals_s) == (CALIBRATION_FORMAT, (0.1, 240.0))


def test_intervals_are_the_recordings_own_without_its_gaps() -> None:
    times = np.cumsum(np.append(np.full(99, 60), 9000)) * 1_000_000
    assert fitted_intervals(times, np.zeros(100)) == (30.0, 120.0)
    assert fitted_intervals(times[:1], np.zeros(1)) is None


def test_a_counter_of_the_mission_is_calibrated_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.cumsum(np.random.default_rng(2).integers(5, 9, size=900)) % 1024
    mission = MISSION.replace("{unit: V}", "{unit: V, kind: counter, modulo: 1024}")
    usual = calibrated(tmp_path, monkeypatch, values, mission).changes.channels["eps.voltage"].usual
    assert 5 < usual[CHANGES.index("change_60")] < 8


def test_a_recording_too_short_for_a_measure_leaves_it_unknown() -> None:
    content = json.loads(json.dumps(fit_changes({"a": {"b": np.random.default_rng(2).normal(size=120)}})))
    constants = parse_changes(content).channels["a.b"]
    is_unknown = np.isnan(constants.common[1])
    assert is_unknown.tolist() == [name.endswith("_100") for name in CHANGES]


def test_a_constant_recording_has_common_changes_above_zero() -> None:
    common = parse_changes(fit_changes({"a": {"b": np.full(800, -1.0)}})).channels["a.b"].common
    assert (common[0, ~IS_LEVEL] > 0).all()
    assert (common[1] > 0).all()


def test_a_recording_tells_no_usual_level() -> None:
    constants = parse_changes(fit_changes({"a": {"b": np.random.default_rng(2).normal(size=2000)}}))
    channel = constants.channels["a.b"]
    assert np.isnan(channel.usual).tolist() == np.isnan(channel.common[0]).tolist() == IS_LEVEL.tolist()
    assert np.isfinite(channel.common[1]).all()


def test_wraps_of_a_counter_are_no_changes() -> None:
    whole = np.cumsum(np.random.default_rng(2).integers(5, 9, size=2000)).astype(float)
    wrapping, plain = (
        parse_changes(fit_changes({"a": {"b": values}}, 256, {"a.b": 1024.0})).channels["a.b"]
        for values in (whole % 1024, whole)
    )
    np.testing.assert_allclose(wrapping.usual, plain.usual, rtol=1e-4)
    # Scales differ, and with them the floors under the other distances.
    np.testing.assert_allclose(wrapping.common[1, IS_LEVEL], plain.common[1, IS_LEVEL], rtol=1e-4)


def test_missing_samples_are_survived() -> None:
    values = np.random.default_rng(2).normal(size=800)
    values[300:420] = np.nan
    common = parse_changes(fit_changes({"a": {"b": values}})).channels["a.b"].common
    assert np.isfinite(common[0, ~IS_LEVEL]).all()
    assert np.isfinite(common[1]).all()


def test_one_window_ends_at_every_sample() -> None:
    windows = np.concatenate(list(stream_windows(np.arange(250.0)[None], 16)))
    assert windows[:, 0, -1].tolist() == list(range(250))
    assert np.isnan(windows[3, 0, :12]).all()


def test_window_of_a_slower_channel_holds_its_own_samples() -> None:
    slow = np.full(60, np.nan)
    slow[::3] = np.arange(20)
    windows = np.concatenate(list(stream_windows(np.stack([np.arange(60.0), slow]), 16)))
    assert windows[50, 1].tolist() == list(range(1, 17))
    assert windows[50, 0].tolist() == list(range(35, 51))
