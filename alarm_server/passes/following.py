"""Contact plans as the alarm service follows them, and what it notes of their passes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from alarm_server.passes import QUERIES
from alarm_server.passes.plan import ContactPlan, Window, merged
from alarm_server.readings import Contact
from alarm_server.rows import moment
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

BACK_US: Final = 3_600_000_000
"""Passes that are over for so long raise nothing any more."""
AHEAD_US: Final = 7_200_000_000
REREAD_US: Final = 600_000_000
"""Time moves on, also where no plan changes."""
PAUSE_US: Final = 10_000_000
"""Receptions so near each other are noted as one span."""


class Passes:
    """What is planned about now, and which satellites were heard since the last `save`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.plans: Mapping[str, ContactPlan] = {}
        #: All that have a plan, also one of another time: telemetry may have waited.
        self._planned: frozenset[str] = frozenset()
        self._known = -1
        self._read_us = 0
        #: By satellite, first and last reception of each span.
        self._heard: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def look(self, now_us: int) -> None:
        """Take over plans that were changed; raises `DependencyUnavailable`, and leaves all as it is."""
        with transaction(self._pool) as connection:
            newest = select(connection, QUERIES["newest_plan_change"])
            known = newest[0]["id"] if newest else 0
            if known == self._known and now_us - self._read_us < REREAD_US:
                return
            about_now = {"start": moment(now_us - BACK_US), "end": moment(now_us + AHEAD_US)}
            planned = select(connection, QUERIES["planned_satellites"])
            spans = select(connection, QUERIES["covered_spans"], about_now)
            passes = select(connection, QUERIES["planned_passes"], about_now)
        self.plans = plans_of(spans, passes)
        self._planned = frozenset(row["satellite_id"] for row in planned)
        self._known, self._read_us = known, now_us

    def hear(self, contact: Contact) -> None:
        """Remember a reception; a recording is received from no satellite."""
        if contact.is_replayed or contact.satellite_id not in self._planned:
            return
        spans, at_us = self._heard[contact.satellite_id], contact.received_us
        if spans and spans[-1][0] <= at_us <= spans[-1][1] + PAUSE_US:
            spans[-1] = spans[-1][0], max(at_us, spans[-1][1])
        else:
            spans.append((at_us, at_us))

    def save(self, connection: Connection) -> None:
        """Note in the passes what was heard since; `forget` it once that is committed."""
        found = sorted((name, *span) for name, spans in self._heard.items() for span in spans)
        if not found:
            return
        names, firsts, lasts = zip(*found, strict=True)
        heard = {
            "satellites": list(names),
            "firsts": [moment(first_us) for first_us in firsts],
            "lasts": [moment(last_us) for last_us in lasts],
        }
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["note_heard"], heard)

    def forget(self) -> None:
        """Drop what was heard: it is saved, or will be read again."""
        self._heard.clear()


def plans_of(spans: Sequence[Row], passes: Sequence[Row]) -> dict[str, ContactPlan]:
    """Make plans of rows, by satellite."""
    covered: dict[str, list[tuple[int, int]]] = defaultdict(list)
    windows: dict[str, list[Window]] = defaultdict(list)
    for row in spans:
        span_us = microseconds_of(row["start_at"]), microseconds_of(row["end_at"])
        covered[row["satellite_id"]].append(span_us)
    for row in passes:
        window = Window(
            start_us=microseconds_of(row["start_at"]),
            end_us=microseconds_of(row["end_at"]),
            planned_us=microseconds_of(row["planned_at"]),
            ground_stations=(row["ground_station"],),
        )
        windows[row["satellite_id"]].append(window)
    return {
        name: ContactPlan(covered_us=tuple(covered[name]), windows=merged(windows[name]))
        for name in covered.keys() | windows.keys()
    }
