"""Reading recordings: any order, any gap, any damage; and where their times end up."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from telemetry_core.contract.mission import Mission
from telemetry_replay.recording import Recording, TimeColumn
from telemetry_replay.samples import (
    InvalidRecordingError,
    Samples,
    in_time_order,
    read_samples,
    require_no_future,
    shift_to_now,
    with_held_values,
)

MISSION = Mission.model_validate(
    {
        "name": "test",
        "model": {"name": "lstm_timeseries"},
        "window": {"length": 64, "max_span_s": 900, "max_gap_s": 60},
        "periodic": {"share": 0.1},
        "subsystems": {
            "aocs": {
                "horizon": 3,
                "channels": {"a": {"unit": "V"}, "b": {"unit": "V", "missing": [-9999, 1e30]}},
            }
        },
    }
)
NAN = math.nan
SECOND_US = 1_000_000
NOW_US = 1_800_000_000 * SECOND_US
T0_US = 1_605_398_400 * SECOND_US


def layout(time_format: str = "iso8601", skip_lines: int = 0) -> Recording:
    return Recording(
        satellite_id="OPS-SAT",
        time=TimeColumn(column="T", format=time_format),
        channels={"a": "aocs.a", "b": "aocs.b"},
        skip_lines=skip_lines,
    )


def write_csv(directory: Path, text: str) -> Path:
    path = directory / "recording.csv"
    path.write_text(text, encoding="utf-8")
    return path


def samples_of(*seconds: float) -> Samples:
    times = np.array([T0_US + round(second * SECOND_US) for second in seconds])
    return in_time_order(times, np.zeros((len(times), 1)))


def test_empty_and_not_a_number_cells_are_missing(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "T,a,b\n2020-11-15 00:00:00,1.5,\n2020-11-15 00:00:01,NaN,2\n2020-11-15 00:00:02,inf,3\n"
    )
    samples = read_samples(path, layout(), MISSION)
    np.testing.assert_array_equal(samples.values, [[1.5, np.nan], [np.nan, 2], [np.nan, 3]])
    assert samples.unix_us.tolist() == [T0_US, T0_US + SECOND_US, T0_US + 2 * SECOND_US]


def test_fill_value_of_a_channel_is_missing_and_counted(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path,
        "T,a,b\n2020-11-15 00:00,-9999,-9999.0\n2020-11-15 00:01,1e30,1e30\n2020-11-15 00:02,2,-9998\n",
    )
    samples = read_samples(path, layout(), MISSION)
    np.testing.assert_array_equal(samples.values, [[-9999, np.nan], [1e30, np.nan], [2, -9998]])
    assert samples.fill_values == 2


@pytest.mark.parametrize(
    ("time_format", "cell"),
    [
        ("iso8601", "2020-11-15T00:00:00Z"),
        ("iso8601", "2020-11-15T09:00:00+09:00"),
        ("iso8601", "2020-320T00:00:00Z"),
        ("iso8601", "20201115T000000Z"),
        ("iso8601", "2020-11-15 09:00:00+09"),
        ("iso8601", "2020-11-14t23:59:60z"),
        ("iso8601", "2020-11-15T00:00:00.000000000"),
        ("iso8601", "2020-11-15"),
        ("unix_s", "1605398400"),
        ("unix_ms", "1605398400000"),
        ("unix_us", "1605398400000000"),
        ("%d.%m.%Y %H:%M", "15.11.2020 00:00"),
    ],
)
def test_every_format_of_time_means_the_same_moment(tmp_path: Path, time_format: str, cell: str) -> None:
    samples = read_samples(write_csv(tmp_path, f"T,a,b\n{cell},1,2\n"), layout(time_format), MISSION)
    assert samples.unix_us.tolist() == [T0_US]


def test_preamble_is_skipped(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "# exported\n# by hand\nT,a,b\n2020-11-15 00:00:00,1,2\n")
    assert read_samples(path, layout(skip_lines=2), MISSION).values.tolist() == [[1.0, 2.0]]


def test_value_of_a_channel_sent_on_change_holds_where_its_subsystem_has_a_sample() -> None:
    content = MISSION.model_dump()
    content["subsystems"]["aocs"]["channels"]["b"]["reporting"] = "on_change"
    seconds = np.array([0, 1, 2, 3, 4, 1000])
    values = np.array([[1, NAN], [2, 7], [NAN, NAN], [4, NAN], [5, 8], [6, NAN]])
    samples = in_time_order(T0_US + seconds * SECOND_US, values)
    held = with_held_values(samples, layout(), Mission.model_validate(content))
    np.testing.assert_array_equal(held.values[:, 0], values[:, 0])
    np.testing.assert_array_equal(held.values[:, 1], [NAN, 7, NAN, 7, 8, NAN])
    np.testing.assert_array_equal(with_held_values(samples, layout(), MISSION).values, values)


def test_rows_are_sorted_and_repeated_times_left_out() -> None:
    samples = in_time_order(np.array([3, 1, 2, 1]), np.array([[3.0], [1.0], [2.0], [9.0]]))
    assert samples.unix_us.tolist() == [1, 2, 3]
    assert samples.values[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert (samples.reordered, samples.repeated) == (2, 1)


def test_what_was_done_to_the_rows_is_said() -> None:
    assert samples_of(5, 1, 3, 1).remarks() == [
        "2 rows stood after a later one: sorted by time",
        "1 rows repeat an earlier time: left out",
    ]
    assert samples_of(1, 2).remarks() == []


def test_parquet_with_timestamps_reads_like_csv(tmp_path: Path) -> None:
    path = tmp_path / "recording.parquet"
    times = pa.array([T0_US, T0_US + 1], pa.timestamp("us", tz="UTC"))
    pa.parquet.write_table(pa.table({"T": times, "a": [1, None], "b": [0.5, 2.0]}), path)
    samples = read_samples(path, layout(), MISSION)
    assert samples.unix_us.tolist() == [T0_US, T0_US + 1]
    np.testing.assert_array_equal(samples.values, [[1, 0.5], [np.nan, 2]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("T,a,b\n", "no samples"),
        ("T,a\n2020-11-15 00:00:00,1\n", "no column 'b'; there are 'T', 'a'"),
        (
            "T,a,b\n2020-11-15 00:00:00,1,2\nyesterday,1,2\n",
            r"recording\.csv:3: 'yesterday' is not a valid time .* a time is written as 2026-",
        ),
        ("T,a,b\n,1,2\n", r"recording\.csv:2: .* is not a valid time"),
        (
            "T,a,b\n2020-11-15 00:00:00,1,2\n2020-11-15 00:00:01,1,high\n",
            r"recording\.csv:3: column 'b': 'high' is not a number: correct it",
        ),
        (
            "T,a,b\n2020-11-15 00:00:00,1,2\n2020-11-15 00:00:01,1\n",
            r"recording\.csv:3: 2 columns where the header names 3: complete or delete the row",
        ),
        ("T;a;b\n2020-11-15 00:00:00;1,5;2\n", r"recording\.csv: columns are separated by ';': write commas"),
    ],
)
def test_damaged_csv_is_refused_with_place_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidRecordingError, match=reason):
        read_samples(write_csv(tmp_path, text), layout(), MISSION)


def test_rows_are_counted_from_the_top_of_the_file_below_a_preamble(tmp_path: Path) -> None:
    head = "a note\nanother\nT,a,b\n2020-11-15 00:00:00,1,2\n"
    for row in ("2020-11-15 00:00:01,1", "2020-11-15 00:00:01,1,x"):
        with pytest.raises(InvalidRecordingError, match=r"recording\.csv:5: "):
            read_samples(write_csv(tmp_path, head + row + "\n"), layout(skip_lines=2), MISSION)


@pytest.mark.parametrize(("encoding", "head"), [("utf-16", "T,a,b"), ("latin-1", "T,a,b,°C")])
def test_other_encoding_is_named_with_the_file(tmp_path: Path, encoding: str, head: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(f"{head}\n2020-11-15 00:00:00,1,2,3\n", encoding=encoding)
    with pytest.raises(InvalidRecordingError, match=r"other\.csv: is not written in UTF-8"):
        read_samples(path, layout(), MISSION)


def test_binary_rubbish_is_refused(tmp_path: Path) -> None:
    for name in ("rubbish.csv", "rubbish.parquet", "rubbish.npz"):
        path = tmp_path / name
        path.write_bytes(bytes(range(256)) * 4)
        with pytest.raises(InvalidRecordingError, match="rubbish"):
            read_samples(path, layout(), MISSION)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecordingError, match=r"absent\.csv"):
        read_samples(tmp_path / "absent.csv", layout(), MISSION)


def test_text_column_in_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recording.parquet"
    pa.parquet.write_table(pa.table({"T": ["2020-11-15"], "a": ["x"], "b": [1.0]}), path)
    with pytest.raises(InvalidRecordingError, match="column 'a' is not numeric"):
        read_samples(path, layout(), MISSION)


def test_fastest_replay_ends_now() -> None:
    shifted = shift_to_now(samples_of(0, 100), now_us=NOW_US, speed=math.inf)
    assert shifted.unix_us.tolist() == [NOW_US - 100 * SECOND_US, NOW_US]


def test_real_time_replay_starts_now() -> None:
    shifted = shift_to_now(samples_of(0, 100), now_us=NOW_US, speed=1.0)
    assert shifted.unix_us.tolist() == [NOW_US, NOW_US + 100 * SECOND_US]


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0, math.inf])
def test_no_sample_lies_in_the_future_when_it_is_sent(speed: float) -> None:
    seconds = np.array([0.0, 10.0, 50.0, 100.0])
    shifted = shift_to_now(samples_of(*seconds), now_us=NOW_US, speed=speed)
    sent_us = NOW_US + seconds / speed * SECOND_US
    assert (shifted.unix_us <= sent_us).all()


def test_shift_keeps_distances_and_milliseconds() -> None:
    shifted = shift_to_now(samples_of(0, 0.125, 7.25), now_us=NOW_US + 123_456, speed=math.inf)
    assert np.diff(shifted.unix_us).tolist() == [125_000, 7_125_000]
    assert (shifted.unix_us % 1000 == 0).all()


def test_kept_times_may_not_lie_in_the_future() -> None:
    require_no_future(samples_of(0), now_us=T0_US - 299 * SECOND_US)
    with pytest.raises(InvalidRecordingError, match="without --keep-times"):
        require_no_future(samples_of(0), now_us=T0_US - 301 * SECOND_US)
