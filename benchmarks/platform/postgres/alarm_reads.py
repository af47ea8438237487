"""What operators read of alarms, by every filter alone and in pairs, beside a bare page of the newest."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations, count
from threading import Event
from typing import Any, Final

from alarms.life_cycle import State
from benchmarks.platform.figures import Distribution, Figure, Section
from benchmarks.platform.postgres.many_alarms import SATELLITES, fill_alarms
from benchmarks.platform.postgres.row_store import connect
from benchmarks.platform.postgres.summary_views import fill
from operation_server.alarms.routes import alarm_filters, get_alarm, list_alarms
from operation_server.fleet.reading import FRESH_S, READ_EVERY_S, FleetStatus
from operation_server.fleet.routes import get_fleet
from operation_server.fleet.status import FleetReader
from operation_server.jobs.cursors import Position
from operation_server.telemetry.victoria import VictoriaMetrics
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.settings import Settings, load_mission

REPETITIONS: Final = 20
PAGE: Final = 100
DEEP: Final = 0.9
"""The deep cursor lies behind so large a part of all alarms."""
SHOWN: Final = 5
FLOOR: Final = "floor: the newest page by its index"
ONE: Final = "one alarm"
FLEET: Final = "fleet"
READING: Final = "fleet, a reading behind the scenes"
OTHERS: Final = (FLOOR, ONE, FLEET, READING)
LIST: Final = "list, "
FIRST: Final = "first page"
FIRST_ALARM: Final = "SELECT alarm_id, started_at FROM ops.alarms ORDER BY started_at"
NEWEST_PAGE: Final = f"SELECT * FROM ops.alarms ORDER BY started_at DESC, alarm_id DESC LIMIT {PAGE}"

Filters = Mapping[str, Any]


def filters(middle: datetime) -> dict[str, Filters]:
    """Name every filter of the list, those that fit many alarms, few and none; ranges meet in the middle."""
    return {
        "satellite": {"satellite_id": "SAT-007"},
        "unknown satellite": {"satellite_id": "SAT-NONE"},
        "frequent subsystem": {"subsystem": "eps"},
        "unknown subsystem": {"subsystem": "none"},
        "rare kind": {"kind": "stale"},
        "no kind": {"kind": "forecast"},
        "rare severity": {"severity": [Severity.DISTRESS]},
        "no severity": {"severity": [Severity.SEVERE]},
        "normal": {"state": [State.NORMAL]},
        "unacknowledged": {"state": [State.UNACKNOWLEDGED]},
        "shelved": {"state": [State.SHELVED]},
        "waiting": {"needs_attention": True},
        "assigned": {"assigned_to": "lee"},
        "assigned to nobody": {"assigned_to": "none"},
        "unknown group": {"group_id": "none"},
        "of silent satellites": {"heard": False},
        "most urgent": {"order": "urgency"},
        "of a day": {"start_time": middle, "end_time": middle + timedelta(days=1)},
        "newer half": {"start_time": middle},
        "older half": {"end_time": middle},
    }


def pairs(singles: Mapping[str, Filters]) -> Iterator[tuple[str, Filters]]:
    """Yield no filter, each alone, and each two of different parameters."""
    yield "all", {}
    yield from singles.items()
    for (name, one), (other_name, other) in combinations(singles.items(), 2):
        if not one.keys() & other.keys():
            yield f"{name}, {other_name}", {**one, **other}


def sections(settings: Settings, *, alarms: int, jobs: int) -> list[Section]:
    """Fill `settings.postgres_db`, the benchmark's own, and time what operators read."""
    with closing(connect(settings)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            fill_alarms(cursor, alarms)
            fill(cursor, jobs, satellites=SATELLITES)
    victoria, mission = VictoriaMetrics(settings.victoria_metrics_url), load_mission(settings.mission_file)
    with closing(open_pool(settings, max_connections=2)) as pool:
        read = FleetReader(pool, victoria, mission).read
        fleet, impatient = FleetStatus(read), FleetStatus(read, monotonic=count(step=FRESH_S).__next__)
        with reading_on(fleet):
            took_ms = timed(reads(pool, fleet, impatient))
    medians = {name: statistics.median(samples) for name, samples in took_ms.items()}
    lists = [name for name in took_ms if name.startswith(LIST)]
    slowest = sorted(lists, key=lambda name: medians[name])[-SHOWN:]
    every = [sample for name in lists for sample in took_ms[name]]
    shown = [*OTHERS, f"{LIST}{FIRST}: all", *reversed(slowest)]
    return [
        Section(
            title=f"Alarms, {alarms:,} of {SATELLITES:,} satellites, {4 * jobs:,} verdicts",
            explanation=f"The routes' own functions and their JSON; {len(lists)} lists: no filter, each, each"
            f" pair, from the newest and from {DEEP:.0%} down; the {SHOWN} slowest by name. Warm cache.",
            lines=[
                Distribution(name="all lists", unit="ms", samples=every),
                *(Distribution(name=name, unit="ms", samples=took_ms[name]) for name in shown),
            ],
        ),
        Section(
            title="Alarms: beside the floor",
            explanation="The floor is the newest 100 rows of ops.alarms by their index; medians.",
            lines=[
                Figure(name=name, unit="of floor", values=[medians[name] / medians[FLOOR]], decimals=1)
                for name in shown
            ],
        ),
    ]


def reads(pool: Pool, fleet: FleetStatus, impatient: FleetStatus) -> dict[str, Callable[[], object]]:
    """Name what is timed: the floor, one alarm, the fleet, and the list by all filters from two places."""
    newest, oldest = (_first_row(pool, f"{FIRST_ALARM} {order} LIMIT 1") for order in ("DESC", "ASC"))
    span: timedelta = newest["started_at"] - oldest["started_at"]
    deep = (newest["started_at"] - DEEP * span, "")
    return {
        FLOOR: lambda: _first_row(pool, NEWEST_PAGE),
        ONE: lambda: get_alarm(pool, newest["alarm_id"]).model_dump_json(),
        FLEET: lambda: get_fleet(fleet).body,
        READING: lambda: get_fleet(impatient).body,
        **{
            f"{LIST}{place}: {name}": partial(_listed, pool, wanted, before)
            for name, wanted in pairs(filters(newest["started_at"] - span / 2))
            for place, before in ((FIRST, None), ("deep", deep))
            if before is None or "order" not in wanted
        },
    }


@contextmanager
def reading_on(fleet: FleetStatus) -> Iterator[None]:
    """Read the fleet on beside, as the server does."""
    ended = Event()

    def read() -> None:
        while not ended.wait(READ_EVERY_S):
            fleet.read_on()

    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(read)
        try:
            yield
        finally:
            ended.set()
            reading.result()


def timed(work: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Do everything in turns, after a round that fills the cache; return the milliseconds of each."""
    took_ms: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(REPETITIONS + 1):
        for name, read in work.items():
            started = time.perf_counter()
            read()
            if turn:
                took_ms[name].append((time.perf_counter() - started) * 1000)
    return took_ms


def _listed(pool: Pool, wanted: Filters, before: Position | None) -> str:
    return list_alarms(pool, alarm_filters(**wanted), before, PAGE).model_dump_json()


def _first_row(pool: Pool, statement: str) -> Row:
    with transaction(pool) as connection:
        return select(connection, statement)[0]
