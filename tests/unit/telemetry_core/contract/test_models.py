from pathlib import Path

from telemetry_core.contract.models import model_versions, newest_version


def test_newest_version_is_the_highest_number_not_the_last_name(tmp_path: Path) -> None:
    for name in ("9", "10", "2", "backup", "01", "0"):
        (tmp_path / "lstm_timeseries" / name).mkdir(parents=True)
    (tmp_path / "lstm_timeseries" / "11").touch()
    assert model_versions(tmp_path, "lstm_timeseries") == ["2", "9", "10"]
    assert newest_version(tmp_path, "lstm_timeseries") == "10"
    assert newest_version(tmp_path, "unknown") is None
