"""Files of labels: what is written is read, what is wrong is named."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_core.labels import COLUMNS, InvalidLabels, Label, labels_csv, read_labels

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


FROM, TO = "2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"SAT-001,eps,,{FROM},{TO},true", "2: column 'label': 'true': write anomalous or nominal"),
        (
            f"SAT-001,eps,,{FROM[:-1]},{TO},nominal",
            "2: column 'start_time': .*: the offset from UTC",
        ),
        (f"SAT-001,eps,,{FROM},,nominal", "2: column 'end_time': ''"),
        (f"SAT-001,eps,,yesterday,{TO},nominal", "2: column 'start_time': 'yesterday': a time is written as"),
        (f"SAT-001,eps,,{TO},{FROM},nominal", "2: column 'end_time': lies before start_time"),
        (f"SAT-001,,,{FROM},{TO},nominal", "2: column 'subsystem': is empty"),
        (f"SAT-001,eps,,{FROM},{TO}", "2: not the 6 columns"),
        (f"SAT-001,eps,,{FROM},{TO},nominal,", "2: not the 6 columns"),
        (f'SAT-001,"eps"x,,{FROM},{TO},nominal', "2: .*: write it as CSV"),
    ],
)
def test_wrong_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidLabels, match=rf"labels\.csv:{told}"):
        read_labels(path)


def test_the_row_of_a_wrong_line_counts_the_lines_within_cells(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    wrong = {**ROW, "label": "true"}
    path.write_text("".join(labels_csv([ROW, wrong], more=["reason"])), encoding="utf-8")
    with pytest.raises(InvalidLabels, match=r"labels.csv:5: column 'label'"):
        read_labels(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"chan_id,anomaly_sequences\nA,[]\n")
    with pytest.raises(InvalidLabels, match="no column 'satellite_id'"):
        read_labels(path)
    path.write_bytes(b"")
    with pytest.raises(InvalidLabels, match="no column 'satellite_id'"):
        read_labels(path)
    path.write_bytes(b"\xff\xfe\x00")
    for wrong in (path, tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidLabels, match=str(wrong)):
            read_labels(wrong)


@given(st.text(alphabet=st.sampled_from(list('a,";\n\r\0 2Z:-é')), max_size=60))
def test_no_text_ends_in_another_error(content: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_text(f"{','.join(COLUMNS)}\n{content}", encoding="utf-8", newline="")
        with suppress(InvalidLabels):
            read_labels(path)
