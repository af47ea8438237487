"""What is trained on: recordings as rows of the length that a model is shown."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from training.data.data_set import recorded_series

MISSION = """
name: test
model: {name: lstm_timeseries}
window: {length: 64, max_span_s: 900, max_gap_s: 60}
periodic: {share: 1.0}
subsystems:
  eps:
    horizon: 5
    channels: {a: {unit: V}}
recording:
  satellite_id: SAT-001
  time: {column: time}
  channels: {a: eps.a}
"""


def recorded(folder: Path, values: Iterable[float], mission: str = MISSION) -> tuple[Path, Path]:
    """Write a recording of one sample a second and its mission."""
    recording, mission_file = folder / "recording.csv", folder / "mission.yaml"
    times = (f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}Z" for second in range(3600))
    lines = [f"{time},{value}" for value, time in zip(values, times, strict=False)]
    recording.write_text("\n".join(["time,a", *lines]), encoding="utf-8")
    mission_file.write_text(mission, encoding="utf-8")
    return recording, mission_file


def test_recording_becomes_rows_that_overlap_by_half(tmp_path: Path) -> None:
    rows = recorded_series([recorded(tmp_path, range(600))], 200)
    assert rows.shape == (5, 200)
    assert rows.dtype == np.float32
    assert (rows[:, 0] == [0, 100, 200, 300, 400]).all()


def test_a_counter_is_trained_on_without_its_wraps(tmp_path: Path) -> None:
    values = [number % 256 for number in range(600)]
    mission = MISSION.replace("{unit: V}", "{unit: V, kind: counter, modulo: 256}")
    rows = recorded_series([recorded(tmp_path, values, mission)], 200)
    assert (np.diff(rows, axis=1) == 1).all()
    assert rows[:, -1].tolist() == [number % 256 for number in (199, 299, 399, 499, 599)]
