"""Values taken as missing samples: gathered by satellite, channel and reason, and saved beside the work.

Telemetry never waits for it: while PostgreSQL is away the values are gathered on, and what was gathered since
the last round is all that a kill loses.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from telemetry_core.database import Pool, transaction
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.liveness import Loop
from telemetry_core.messages import BadValue, time_of
from telemetry_core.store import QUERIES

MAX_GATHERED: Final = 5_000
"""Rows that wait to be saved, under 4 MB; beyond them the longest silent one goes."""
MAX_ROWS: Final = 20_000
"""Of the table, likewise: a sender may invent ids without end."""
SAVE_EVERY_S: Final = 10.0
LAST_SAVE_S: Final = 3.0
"""So long the end of the service waits for the last save."""

Key = tuple[str, str, str]
"""Satellite, `subsystem.channel`, reason."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often a value was refused, and the last one."""

    count: int
    last_value: str
    #: Reception time, microseconds since 1970 UTC: the satellite's own clock may be wrong.
    last_us: int

    def and_later(self, later: "Refusals") -> "Refusals":
        """Add those that came after these."""
        return Refusals(count=self.count + later.count, last_value=later.last_value, last_us=later.last_us)


Save = Callable[[Mapping[Key, Refusals]], None]


class RefusedValues:
    """What was refused since it was last taken; for two threads."""

    def __init__(self, *, max_gathered: int = MAX_GATHERED) -> None:
        self._max_gathered = max_gathered
        self._lock = threading.Lock()
        self._gathered: dict[Key, Refusals] = {}

    def add(self, satellite_id: str, bad_values: Iterable[BadValue], received_us: int) -> None:
        """Gather the bad values of a message."""
        with self._lock:
            for bad in bad_values:
                found = Refusals(count=1, last_value=bad.value, last_us=received_us)
                self._put((satellite_id, bad.channel, bad.reason.value), found)

    def take(self) -> dict[Key, Refusals]:
        """Return what was gathered, and begin anew."""
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        return gathered

    def put_back(self, taken: Mapping[Key, Refusals]) -> None:
        """Gather again what could not be saved, before what came since."""
        with self._lock:
            since, self._gathered = self._gathered, dict(taken)
            for key, refusals in since.items():
                self._put(key, refusals)

    def _put(self, key: Key, later: Refusals) -> None:
        before = self._gathered.pop(key, None)
        self._gathered[key] = before.and_later(later) if before else later
        if len(self._gathered) > self._max_gathered:
            del self._gathered[next(iter(self._gathered))]


def saving(pool: Pool, *, max_rows: int = MAX_ROWS) -> Save:
    """Return what adds refusals to the table; the longest silent rows beyond `max_rows` go."""

    def save(refused: Mapping[Key, Refusals]) -> None:
        keys = sorted(refused)  # two triggers that save the same rows wait for each other, and never both
        columns = {
            "satellite_ids": [satellite_id for satellite_id, _, _ in keys],
            "channels": [channel for _, channel, _ in keys],
            "reasons": [reason for _, _, reason in keys],
            "counts": [refused[key].count for key in keys],
            "values": [refused[key].last_value for key in keys],
            "times": [time_of(refused[key].last_us) for key in keys],
        }
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute(QUERIES["save_refused_values"], columns)
            cursor.execute(QUERIES["forget_oldest_refused_values"], {"ceiling": max_rows})

    return save


@contextmanager
def kept_saved(refused: RefusedValues, save: Save, loop: Loop) -> Iterator[None]:
    """Save in a thread of its own what the block gathers, and what is left of it once the block has ended."""
    ended = threading.Event()
    saver = threading.Thread(
        target=_keep_saved, args=(refused, save, ended, loop), name="refused-values", daemon=True
    )
    loop.tick()  # health asks for it, and the first round ends only later
    saver.start()
    try:
        yield
    finally:
        ended.set()
        saver.join(LAST_SAVE_S)


def _keep_saved(refused: RefusedValues, save: Save, ended: threading.Event, loop: Loop) -> None:
    """A server that is away is no reason to call the trigger ill: its own work does not need it."""
    with loop:
        is_last = False
        while not is_last:
            is_last = ended.wait(SAVE_EVERY_S)
            save_gathered(refused, save)
            loop.tick()


def save_gathered(refused: RefusedValues, save: Save) -> None:
    """Save what is gathered; it is kept while the server is away, and given up where it can't be saved."""
    taken = refused.take()
    if not taken:
        return
    try:
        save(taken)
    except DependencyUnavailable as error:
        refused.put_back(taken)
        _log.warning(f"{error}; refused values are gathered on")
    except Exception:  # noqa: BLE001 - the metric has counted them, and the next round is another one
        _log.exception(f"Refused values of {len(taken)} channels could not be saved")
