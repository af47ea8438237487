"""What is known of passes that a plan replaces, and of those in their place: pure."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Final

from operation_server.passes.plans import LONGEST
from operation_server.passes.schemas import PlannedPass
from telemetry_core.postgres.store import Row

_BEGIN: Final = itemgetter("start_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Of a pass: since when a plan has it, and when the satellite was heard in it; None: not."""

    planned: datetime | None = None
    first_heard: datetime | None = None
    last_heard: datetime | None = None


def known_of(passes: Sequence[PlannedPass], gone: Sequence[Row]) -> list[Known]:
    """Return for each new pass what is known of it from the rows of replaced ones that overlap it."""
    replaced: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(gone, key=_BEGIN):
        replaced[row["satellite_id"]].append(row)
    return [_known(one, replaced[one.satellite_id]) for one in passes]


def _known(one: PlannedPass, earlier: Sequence[Row]) -> Known:
    begin = bisect_left(earlier, one.start_time - LONGEST, key=_BEGIN)
    end = bisect_left(earlier, one.end_time, key=_BEGIN)
    overlapping = [row for row in earlier[begin:end] if row["end_at"] > one.start_time]
    heard = [
        row
        for row in overlapping
        if row["first_heard_at"] is not None
        and row["first_heard_at"] <= one.end_time
        and row["last_heard_at"] >= one.start_time
    ]
    return Known(
        planned=min((row["planned_at"] for row in overlapping), default=None),
        first_heard=min((max(row["first_heard_at"], one.start_time) for row in heard), default=None),
        last_heard=max((min(row["last_heard_at"], one.end_time) for row in heard), default=None),
    )
