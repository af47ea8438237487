"""Labels: stretches of telemetry that people called anomalous or nominal, and the CSV file of them."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final, Literal, cast, get_args

from telemetry_core.contract.errors import InvalidFile
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.values import parse_time

Word = Literal["anomalous", "nominal"]
COLUMNS: Final = ("satellite_id", "subsystem", "channel", "start_time", "end_time", "label")
"""Of a file of labels; a column `kind` may follow, and any others."""


class InvalidLabels(InvalidFile):
    """A file of labels that can't be used; the text names file, row, column and reason."""


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
    kind: str = ""
    """Of the alarm that it was said of; empty: of none."""
    place: str = field(default="", compare=False)
    """File and row that it was read from."""

    @property
    def span_us(self) -> tuple[int, int]:
        """From and to, both included, microseconds since 1970 UTC."""
        return microseconds_of(self.start_time), microseconds_of(self.end_time)


def labels_csv(rows: Iterable[Mapping[str, object]], *, more: Iterable[str]) -> Iterator[str]:
    """Yield a header and a line for each row: COLUMNS and more; times are ISO 8601 in UTC, None is empty."""
    names = [*COLUMNS, *more]
    yield _line(names)
    for row in rows:
        yield _line([_cell(row[name]) for name in names])


def read_labels(path: Path) -> list[Label]:
    """Read a file of labels; columns that are not known, and rows without a label, say nothing.

    Raises `InvalidLabels`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = reader.fieldnames or ()
            if missing := [name for name in COLUMNS if name not in names]:
                raise InvalidLabels(
                    f"{path}:1: no column {', '.join(map(repr, missing))}: the first row names the columns,"
                    f" separated by commas, {', '.join(COLUMNS)} among them"
                )
            found = [_label(row, f"{path}:{reader.line_num}", len(names)) for row in reader]
    except UnicodeDecodeError as error:
        raise InvalidLabels(f"{path}: is not written in UTF-8: save it as UTF-8") from error
    except csv.Error as error:
        raise InvalidLabels(f"{path}:{reader.reader.line_num}: {error}: write it as CSV") from error
    except OSError as error:
        raise InvalidLabels(f"{path}: {error.strerror}") from error
    return [label for label in found if label is not None]


def _label(row: Mapping[str | None, str | None], place: str, columns: int) -> Label | None:
    """Check a row; None: it says nothing."""
    cells = {name: text for name, text in row.items() if name is not None and text is not None}
    if None in row or len(cells) < len(row):
        raise InvalidLabels(f"{place}: not the {columns} columns that the first row names: correct the row")
    if not cells["label"]:
        return None
    for name in ("satellite_id", "subsystem"):
        if not cells[name]:
            raise _wrong(place, name, "is empty: say whose telemetry it is")
    if cells["label"] not in get_args(Word):
        raise _wrong(place, "label", f"{cells['label']!r}: write {' or '.join(get_args(Word))}")
    start_time, end_time = (_time(cells[name], name, place) for name in ("start_time", "end_time"))
    if start_time > end_time:
        raise _wrong(place, "end_time", "lies before start_time: correct one of them")
    return Label(
        satellite_id=cells["satellite_id"],
        subsystem=cells["subsystem"],
        channel=cells["channel"],
        start_time=start_time,
        end_time=end_time,
        label=cast("Word", cells["label"]),
        kind=cells.get("kind", ""),
        place=place,
    )


def _time(text: str, name: str, place: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise _wrong(place, name, f"{text[:40]!r}: {error}") from error


def _wrong(place: str, column: str, told: str) -> InvalidLabels:
    return InvalidLabels(f"{place}: column {column!r}: {told}")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return "" if value is None else str(value)


def _line(cells: Iterable[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
