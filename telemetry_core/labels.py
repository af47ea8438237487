"""Labels: stretches of telemetry that people called anomalous or nominal, and the CSV file of them."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final, Literal, cast, get_args

from telemetry_core.contract.messages import microseconds_of

Word = Literal["anomalous", "nominal"]


class InvalidLabelsError(ValueError):
    """A file of labels that can't be read; the text names file, line and reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What somebody called the telemetry of a subsystem, or of one channel of it."""

    satellite_id: str
    subsystem: str
    channel: str
    """Empty: whichever of the subsystem."""
    start_time: datetime
    """Generation time of the first sample, aware."""
    end_time: datetime
    """Of the last one."""
    label: Word

    @property
    def span_us(self) -> tuple[int, int]:
        """From and to, both included, microseconds since 1970 UTC."""
        return microseconds_of(self.start_time), microseconds_of(self.end_time)


COLUMNS: Final = tuple(field.name for field in fields(Label))


def labels_csv(rows: Iterable[Mapping[str, object]], *, more: Iterable[str]) -> Iterator[str]:
    """Yield a header and a line for each row: COLUMNS and more; times are ISO 8601 in UTC, None is empty."""
    names = [*COLUMNS, *more]
    yield _line(names)
    for row in rows:
        yield _line([_cell(row[name]) for name in names])


def read_labels(path: Path) -> list[Label]:
    """Read a file of labels; columns beyond COLUMNS, and rows without a label, say nothing.

    Raises:
        InvalidLabelsError: It can't be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InvalidLabelsError(f"{path}: no column {', '.join(missing)}")
            return [_label(row, f"{path}, line {reader.line_num}") for row in reader if row["label"]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidLabelsError(f"{path}: {error}") from error


def _label(row: Mapping[str, str], place: str) -> Label:
    """Check a row."""
    if row["label"] not in get_args(Word):
        raise InvalidLabelsError(f"{place}: label is {row['label']}, not {' or '.join(get_args(Word))}")
    start_time, end_time = (_time(row, name, place) for name in ("start_time", "end_time"))
    if start_time > end_time:
        raise InvalidLabelsError(f"{place}: start_time lies after end_time")
    return Label(
        satellite_id=row["satellite_id"],
        subsystem=row["subsystem"],
        channel=row["channel"],
        start_time=start_time,
        end_time=end_time,
        label=cast("Word", row["label"]),
    )


def _time(row: Mapping[str, str], name: str, place: str) -> datetime:
    try:
        found = datetime.fromisoformat(row[name])
    except (TypeError, ValueError) as error:
        raise InvalidLabelsError(f"{place}: {name}: {error}") from error
    if found.tzinfo is None:
        raise InvalidLabelsError(f"{place}: {name} {row[name]} has no time zone; write Z for UTC")
    return found


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return "" if value is None else str(value)


def _line(cells: Iterable[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
