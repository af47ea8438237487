"""Files of labels: what is written is read, what is wrong is named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telemetry_core.labels import COLUMNS, InvalidLabelsError, Label, labels_csv, read_labels

AT = datetime(2026, 11, 1, 12, 0, 0, 7, tzinfo=UTC)
ROW = {"satellite_id": "SAT-001", "subsystem": "eps", "channel": "", "start_time": AT,
       "end_time": AT + timedelta(seconds=5), "label": "nominal",
       "reason": 'a "b",\nc', "kind": None}  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "".join(labels_csv([ROW, {**ROW, "label": None}], more=["reason", "kind"])), encoding="utf-8"
    )
    assert read_labels(path) == [
        Label(satellite_id="SAT-001", subsystem="eps", channel="", start_time=AT,
              end_time=AT + timedelta(seconds=5), label="nominal"),
    ]  # fmt: skip
    assert read_labels(path)[0].span_us == (1_793_534_400_000_007, 1_793_534_405_000_007)


def test_columns_stand_in_any_order_and_times_in_any_zone(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "\ufefflabel,end_time,start_time,channel,subsystem,satellite_id,who\r\n"
        "anomalous,2026-11-01T21:00:01+09:00,2026-11-01T12:00:00Z,battery_voltage,eps,SAT-001,Ada\r\n",
        encoding="utf-8",
    )
    (found,) = read_labels(path)
    assert found.end_time - found.start_time == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("SAT-001,eps,,2026-11-01T12:00:00Z,2026-11-01T12:00:01Z,true", "line 2: label is true"),
        ("SAT-001,eps,,2026-11-01T12:00:00,2026-11-01T12:00:01Z,nominal", "no time zone"),
        ("SAT-001,eps,,yesterday,2026-11-01T12:00:01Z,nominal", "line 2: start_time"),
        ("SAT-001,eps,,2026-11-01T12:00:02Z,2026-11-01T12:00:01Z,nominal", "after end_time"),
    ],
)
def test_wrong_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidLabelsError, match=told):
        read_labels(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"chan_id,anomaly_sequences\nA,[]\n")
    with pytest.raises(InvalidLabelsError, match="no column satellite_id"):
        read_labels(path)
    path.write_bytes(b"\xff\xfe\x00")
    for wrong in (path, tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidLabelsError, match=str(wrong)):
            read_labels(wrong)
