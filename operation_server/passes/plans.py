"""What a contact plan must be, and how scheduling tools write it as CSV: pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Final

from pydantic import ValidationError

from operation_server.http.parameters import RETENTION
from operation_server.passes.schemas import MAX_PASSES, NewPlan, PlannedPass

SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(days=1)
MAX_TOLD: Final = 20
"""Problems of one plan."""
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "satellite_id": ("satellite_id", "satellite", "user"),
    "start_time": ("start_time", "start", "begin", "aos", "beginningoftrack"),
    "end_time": ("end_time", "end", "stop", "los", "endoftrack"),
    "ground_station": ("ground_station", "station", "apertureref"),
}
"""Names that a column may have, in any case; the last ones are those of CCSDS 902.1-B."""


class PlanRefused(Exception):  # noqa: N818 - named for what happened
    """A plan that can't be: which of its rows, and why."""

    def __init__(self, problems: Iterable[str]) -> None:
        told = list(problems)
        more = [f"and {len(told) - MAX_TOLD} more"] if len(told) > MAX_TOLD else []
        super().__init__("; ".join([*told[:MAX_TOLD], *more]))


def require_possible(plan: NewPlan, rows: Sequence[str]) -> None:
    """Refuse a plan whose passes can't be, or lie outside its range, naming their rows."""
    if not plan.start_time < plan.end_time:
        raise PlanRefused(["start_time must lie before end_time"])
    if plan.end_time - plan.start_time > RETENTION:
        raise PlanRefused([f"the range must not exceed {RETENTION.days} days"])
    if not plan.passes and not plan.satellites:
        raise PlanRefused(["satellites: a plan without passes must name whose it is"])
    problems = [
        f"{row}: {problem}"
        for row, one in zip(rows, plan.passes, strict=True)
        for problem in _problems_of(one, plan.start_time, plan.end_time)
    ]
    problems += _overlaps(plan.passes, rows)
    if problems:
        raise PlanRefused(problems)


def _problems_of(one: PlannedPass, start: datetime, end: datetime) -> Iterator[str]:
    length = one.end_time - one.start_time
    if length < SHORTEST:
        yield f"its end must lie {SHORTEST.seconds} s or more after its begin"
    if length > LONGEST:
        yield f"it is longer than {LONGEST.days} day"
    if not start <= one.start_time < end:
        yield "it begins outside the range of the plan"


def _overlaps(passes: Sequence[PlannedPass], rows: Sequence[str]) -> Iterator[str]:
    """A station hears a satellite in one pass at a time; two stations may at once."""
    keys = [(one.satellite_id, one.ground_station, one.start_time, one.end_time) for one in passes]
    for (earlier, row), (later, other) in pairwise(sorted(zip(keys, rows, strict=True), key=itemgetter(0))):
        if earlier[:2] == later[:2] and later[2] < earlier[3]:
            yield f"{other}: it overlaps {row}, of the same satellite and ground station"


def read_csv(content: bytes) -> tuple[list[PlannedPass], list[str]]:
    """Read passes and the names of their rows; other columns than those of `COLUMNS` are ignored."""
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return _passes_of(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PlanRefused([f"no CSV in UTF-8: {error}"]) from error


def _passes_of(lines: Iterator[list[str]]) -> tuple[list[PlannedPass], list[str]]:
    places = _places(next(lines, []))
    passes: list[PlannedPass] = []
    rows: list[str] = []
    problems: list[str] = []
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        rows.append(f"row {number}")
        try:
            fields = {
                name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()
            }
            passes.append(PlannedPass.model_validate(fields))
        except ValidationError as error:
            problems += [f"row {number}: {item['loc'][0]}: {item['msg']}" for item in error.errors()]
    if problems:
        raise PlanRefused(problems)
    if len(passes) > MAX_PASSES:
        raise PlanRefused([f"{len(passes)} passes, more than {MAX_PASSES}: send shorter ranges"])
    return passes, rows


def _places(heads: Sequence[str]) -> dict[str, int]:
    found = [head.strip().lower() for head in heads]
    places = {
        name: found.index(given)
        for name, names in COLUMNS.items()
        if (given := next((one for one in names if one in found), None)) is not None
    }
    missing = [
        f"no column {name} (or {', '.join(COLUMNS[name][1:])})" for name in COLUMNS if name not in places
    ]
    if missing:
        raise PlanRefused([f"row 1: {problem}" for problem in missing])
    return places
