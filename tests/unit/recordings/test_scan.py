"""A scan of a recorded file, from the command to the table."""

import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import scan
from tests.unit.recordings.test_calibrate import MISSION

START_S = 1_700_000_000


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, values: np.ndarray, mission: str = MISSION) -> None:
    (folder / "mission.yaml").write_text(mission, encoding="utf-8")
    lines = ["t,u,f", *(f"{second},{value},0" for second, value in enumerate(values, start=START_S))]
    (folder / "flight.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(
        sys, "argv", ["scan", str(folder / "flight.csv"), "--mission", str(folder / "mission.yaml")]
    )
    scan.main()


def test_what_is_unlike_the_rest_is_named_with_channel_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = np.arange(4000)
    values = np.sin(steps / 8) + np.random.default_rng(4).normal(size=4000) * 0.05
    values[2500:2600] = 5.0
    run(tmp_path, monkeypatch, values)
    (row,) = capsys.readouterr().out.splitlines()[2:]
    channel, start, end, *_ = [cell.strip() for cell in row.strip("|").split("|")]
    assert channel == "eps.voltage"
    assert start < "2023-11-14T22:56:00+00:00" < end


def test_wraps_of_a_counter_are_nothing_unlike_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.cumsum(np.random.default_rng(4).integers(5, 9, size=4000)) % 16_384
    run(tmp_path, monkeypatch, values)
    assert "eps.voltage" in capsys.readouterr().out
    counter = MISSION.replace("{unit: V}", "{unit: V, kind: counter, modulo: 16384}")
    run(tmp_path, monkeypatch, values, counter)
    assert "nothing is unlike the rest" in capsys.readouterr().out


def test_a_recording_that_is_too_short_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"flight\.csv: a scan needs 1000 samples, not 50"):
        run(tmp_path, monkeypatch, np.zeros(50))
