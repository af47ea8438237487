"""A recording as arrays: reading CSV and Parquet, ordering and shifting its times."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from telemetry_core.contract.mission import Mission
from telemetry_core.contract.values import TIME_FORMS, parse_time
from telemetry_core.on_change import held_places, on_change_channels
from telemetry_replay.recording import Recording, TimeColumn

MAX_CLOCK_LEAD_S: Final = 300
MISSING_TEXTS: Final = ["", "NaN", "nan", "NAN", "NA", "N/A", "null", "NULL", "None", "-"]
UNIX_FACTORS_US: Final = {"unix_s": 1_000_000, "unix_ms": 1_000, "unix_us": 1}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class InvalidRecordingError(Exception):
    """A recording that can't be replayed; the text names the file, the place and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Sample sets in ascending order of time."""

    unix_us: NDArray[np.int64]
    """Generation times [sample]."""
    values: NDArray[np.float64]
    """[sample, channel] in the order of the recording's channels, NaN = missing."""
    reordered: int = 0
    """Rows that stood after a later one in the file."""
    repeated: int = 0
    """Rows left out because an earlier row has the same time."""
    fill_values: int = 0
    """Values that the mission lists as missing."""

    def remarks(self) -> list[str]:
        """Say what was done to the rows of the file, for a reader."""
        found = [
            (self.reordered, "rows stood after a later one: sorted by time"),
            (self.repeated, "rows repeat an earlier time: left out"),
            (self.fill_values, "fill values (`missing` of their channel): left out"),
        ]
        return [f"{count} {what}" for count, what in found if count]


def read_samples(path: Path, recording: Recording, mission: Mission) -> Samples:
    """Read a recording by its layout, fill values as missing; raises `InvalidRecordingError`."""
    table = _read_table(path, recording)
    if not table.num_rows:
        raise InvalidRecordingError(f"{path}: holds no samples")
    unix_us = _times(table[recording.time.column], recording.time, path, first_row=recording.skip_lines + 2)
    values = np.stack([_numbers(table[name], name, path) for name in recording.channels], axis=1)
    is_fill = np.zeros(values.shape, dtype=np.bool_)
    for place, channel in enumerate(recording.channels.values()):
        is_fill[:, place] = np.isin(values[:, place], mission.fill_values(*channel.split(".")))
    samples = in_time_order(unix_us, np.where(is_fill, np.nan, values))
    return replace(samples, fill_values=int(is_fill.sum()))


def with_held_values(samples: Samples, recording: Recording, mission: Mission) -> Samples:
    """Let the last value of a channel that is sent on change hold wherever its subsystem has a sample."""
    values = samples.values.copy()
    columns = {channel: place for place, channel in enumerate(recording.channels.values())}
    for name, subsystem in mission.subsystems.items():
        own = [place for channel, place in columns.items() if channel.split(".")[0] == name]
        steps = np.flatnonzero(np.isfinite(samples.values[:, own]).any(axis=1))
        for channel in on_change_channels(subsystem):
            if (place := columns.get(f"{name}.{channel}")) is None:
                continue
            sent = np.flatnonzero(np.isfinite(samples.values[:, place]))
            found = held_places(
                samples.unix_us[sent], samples.unix_us[steps], mission.window.max_span_s * 1_000_000
            )
            values[steps[found >= 0], place] = samples.values[sent[found[found >= 0]], place]
    return replace(samples, values=values)


def in_time_order(unix_us: NDArray[np.int64], values: NDArray[np.float64]) -> Samples:
    """Sort by time and keep the first row of equal times."""
    reordered = int((np.diff(unix_us) < 0).sum())
    unique, first = np.unique(unix_us, return_index=True)
    return Samples(
        unix_us=unique, values=values[first], reordered=reordered, repeated=len(unix_us) - len(unique)
    )


def shift_to_now(samples: Samples, *, now_us: int, speed: float) -> Samples:
    """Move the recording so that no sample lies in the future when it is sent at `speed`.

    In real time the first sample is now; at higher speeds the last one is at the end of the replay, which
    is now for infinite speed. The shift is whole milliseconds, so that millisecond times stay such.
    """
    span_us = int(samples.unix_us[-1] - samples.unix_us[0])
    last_us = now_us + int(min(span_us / speed, span_us))
    return replace(samples, unix_us=samples.unix_us + (last_us - int(samples.unix_us[-1])) // 1000 * 1000)


def require_no_future(samples: Samples, *, now_us: int) -> None:
    """Refuse times that the platform would take for a wrong on-board clock."""
    if samples.unix_us[-1] > now_us + MAX_CLOCK_LEAD_S * 1_000_000:
        last = _EPOCH + int(samples.unix_us[-1]) * _MICROSECOND
        raise InvalidRecordingError(
            f"samples up to {last.isoformat()} lie over {MAX_CLOCK_LEAD_S} s in the future: "
            "replay without --keep-times"
        )


def _read_table(path: Path, recording: Recording) -> pa.Table:
    wanted = [recording.time.column, *recording.channels]
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            found = pa.parquet.read_schema(path).names
            _require_columns(path, found, wanted)
            return pa.parquet.read_table(path, columns=wanted)
        if path.suffix.lower() == ".csv":
            return _read_csv(path, recording, wanted)
    except UnicodeDecodeError as error:
        raise InvalidRecordingError(f"{path}: is not written in UTF-8: save it as UTF-8") from error
    except (OSError, pa.ArrowException) as error:
        raise InvalidRecordingError(f"{path}: {str(error).splitlines()[0]}") from error
    raise InvalidRecordingError(
        f"{path}: neither .csv nor .parquet; .npz arrays go through `python -m telemetry_replay.convert npz`"
    )


def _read_csv(path: Path, recording: Recording, wanted: list[str]) -> pa.Table:
    read = pa.csv.ReadOptions(skip_rows=recording.skip_lines)
    with path.open("rb") as stream:
        for _ in range(recording.skip_lines):
            stream.readline()
        header = stream.readline()
    if not header.strip():
        raise InvalidRecordingError(f"{path}: is empty, a line with the names of the columns is needed")
    found = pa.csv.read_csv(pa.py_buffer(header.rstrip(b"\r\n") + b"\n")).column_names
    _require_columns(path, found, wanted)
    convert = pa.csv.ConvertOptions(
        include_columns=wanted,
        column_types={recording.time.column: pa.string(), **dict.fromkeys(recording.channels, pa.float64())},
        null_values=MISSING_TEXTS,
    )
    try:
        return pa.csv.read_csv(path, read_options=read, convert_options=convert)
    except pa.ArrowInvalid as error:
        _refuse_first_bad_row(path, recording)
        raise InvalidRecordingError(f"{path}: {str(error).splitlines()[0]}") from error


def _refuse_first_bad_row(path: Path, recording: Recording) -> None:
    """Raise `InvalidRecordingError` with the row that has other columns, or a value that is no number."""
    broken: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    read = pa.csv.ReadOptions(skip_rows=recording.skip_lines, use_threads=False)
    names = list(recording.channels)
    convert = pa.csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, pa.binary()))
    parse = pa.csv.ParseOptions(invalid_row_handler=skip)
    table = pa.csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
    if broken:
        row = broken[0]
        raise InvalidRecordingError(
            f"{path}:{row.number}: {row.actual_columns} columns where the header names"
            f" {row.expected_columns}: complete or delete the row"
        )
    for name in names:
        for number, cell in enumerate(table[name].to_pylist(), start=recording.skip_lines + 2):
            text = cell.decode(errors="replace").strip()
            if text not in MISSING_TEXTS and not _is_number(text):
                raise InvalidRecordingError(
                    f"{path}:{number}: column {name!r}: {text!r} is not a number: "
                    "correct it or leave it empty"
                )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _require_columns(path: Path, found: list[str], wanted: list[str]) -> None:
    for delimiter in (";", "\t"):
        if len(found) == 1 and delimiter in found[0]:
            raise InvalidRecordingError(
                f"{path}: columns are separated by {delimiter!r}: write commas, and decimal points"
            )
    if missing := [name for name in wanted if name not in found]:
        raise InvalidRecordingError(
            f"{path}: no column {', '.join(map(repr, missing))}; there are {', '.join(map(repr, found[:20]))}"
        )


def _numbers(column: pa.ChunkedArray, name: str, path: Path) -> NDArray[np.float64]:
    """Finite values as float64, everything missing or infinite as NaN."""
    try:
        values = column.cast(pa.float64()).to_numpy()
    except pa.ArrowException as error:
        raise InvalidRecordingError(f"{path}: column {name!r} is not numeric ({column.type})") from error
    return np.where(np.isfinite(values), values, np.nan)


def _times(column: pa.ChunkedArray, time: TimeColumn, path: Path, *, first_row: int) -> NDArray[np.int64]:
    if pa.types.is_timestamp(column.type) and not column.null_count:
        return np.asarray(column.cast(pa.timestamp("us"), safe=False).to_numpy().astype(np.int64))
    return np.array(
        [
            _time_us(value, time, f"{path}:{row}")
            for row, value in enumerate(column.to_pylist(), start=first_row)
        ],
        dtype=np.int64,
    )


def _time_us(value: Any, time: TimeColumn, place: str) -> int:
    """Microseconds since 1970 of one cell."""
    try:
        if factor := UNIX_FACTORS_US.get(time.format):
            moment = _EPOCH + round(float(value) * factor) * _MICROSECOND
        elif time.format == "iso8601":
            moment = parse_time(value, zone=UTC)
        else:
            moment = datetime.strptime(value, time.format)  # noqa: DTZ007 - without a zone it is UTC, below
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH) // _MICROSECOND
    except (TypeError, ValueError, OverflowError) as error:
        forms = f": {TIME_FORMS}; without one it is UTC" if time.format == "iso8601" else ""
        raise InvalidRecordingError(
            f"{place}: {value!r} is not a valid time in the format {time.format}{forms}"
        ) from error
