"""Learned constants in PostgreSQL: which subsystems are due, how far they are, and what was learned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.fitting.history import Marks
from scoring.fitting.learning import NEEDED_SAMPLES, needed_samples
from scoring.fitting.outcome import Learned
from telemetry_core.contract.messages import microseconds_of, time_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.queries import load_queries
from telemetry_core.postgres.store import Row, select, to_json

QUERIES: Final = load_queries(Path(__file__).parent)
LEASE_S: Final = 600.0
"""So long no other worker takes up a subsystem that one has taken up."""
SETTLING_S: Final = 60.0
"""After constants came into use, until every worker judges by them."""
MOST_SPANS: Final = 5_000
KEPT_VERSIONS: Final = 10
"""Former ones of a subsystem."""
MOST_DETAIL: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A subsystem of a satellite that is to be looked at."""

    satellite_id: str
    subsystem: str
    interval_s: float
    """Between the samples that were not judged, or as it was when last looked at; 0 = unknown."""
    generated_us: int
    """Generation time of the newest verdict, microseconds since 1970 UTC."""
    is_renewal: bool = False
    """It has constants, and they judge it."""

    @property
    def key(self) -> dict[str, str]:
        """What names it in statements."""
        return {"satellite_id": self.satellite_id, "subsystem": self.subsystem}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a subsystem is, and when it is looked at again."""

    samples: int
    interval_s: float | None
    reason: str
    detail: str
    wait_s: float


class Calibrations:
    """Access of the worker; everything raises `DependencyUnavailable` while PostgreSQL is unavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def due_parts(
        self, subsystems: Sequence[str], satellites: Sequence[str] | None, limit: int
    ) -> list[Part]:
        """List what is due in fair order; for named satellites, all that is learning."""
        parameters = {
            "subsystems": list(subsystems),
            "satellites": None if satellites is None else list(satellites),
            "settling_s": SETTLING_S,
            "limit": limit,
        }
        with transaction(self._pool) as connection:
            return [_part(row) for row in select(connection, QUERIES["due_parts"], parameters)]

    def claim(self, part: Part, *, is_forced: bool) -> bool:
        """Take a part up; False where another worker did."""
        parameters = {
            **part.key,
            "needed": NEEDED_SAMPLES,
            "lease_s": LEASE_S,
            "settling_s": SETTLING_S,
            "is_forced": is_forced,
        }
        with transaction(self._pool) as connection:
            return bool(select(connection, QUERIES["claim_part"], parameters))

    def marks(self, part: Part, first_us: int, last_us: int) -> Marks:
        """Return what alerts rest on and what operators called nominal or anomalous between two times."""
        parameters = {
            **part.key,
            "first": time_of(first_us),
            "last": time_of(last_us),
            "limit": MOST_SPANS,
        }
        with transaction(self._pool) as connection:
            alerts = select(connection, QUERIES["alert_spans"], parameters)
            labels = select(connection, QUERIES["labels"], parameters)
        spans_us = _spans(labels)
        return Marks.of_labels(
            ((span_us, row["label"], row["kind"]) for span_us, row in zip(spans_us, labels, strict=True)),
            alerts_us=_spans(alerts),
        )

    def save_progress(self, part: Part, progress: Progress, refused: Learned | None = None) -> None:
        """Keep how far a part is, and constants that failed the check."""
        with transaction(self._pool) as connection, connection.cursor() as cursor:
            cursor.execute(QUERIES["save_progress"], {**part.key, **_progress(progress)})
            if refused is not None:
                cursor.execute(QUERIES["lock_calibrations"], part.key)
                cursor.execute(QUERIES["insert_calibration"], _calibration(part, refused, "refused"))
                cursor.execute(QUERIES["forget_calibrations"], {**part.key, "kept": KEPT_VERSIONS})

    def save(self, part: Part, learned: Learned, progress: Progress) -> bool:
        """Put constants into use in place of the former ones; False where a pinned version stands."""
        with transaction(self._pool) as connection, connection.cursor() as cursor:
            cursor.execute(QUERIES["lock_calibrations"], part.key)
            in_use = select(
                connection, QUERIES["calibrations_in_use"], _keys([part.satellite_id], part.subsystem)
            )
            cursor.execute(QUERIES["save_progress"], {**part.key, **_progress(progress)})
            if any(row["state"] == "pinned" or row["hash"] == learned.hash for row in in_use):
                return False
            cursor.execute(QUERIES["supersede_calibration"], part.key)
            cursor.execute(QUERIES["insert_calibration"], _calibration(part, learned, "active"))
            cursor.execute(QUERIES["forget_calibrations"], {**part.key, "kept": KEPT_VERSIONS})
        return True

    def in_use(self, satellites: Sequence[str], subsystem: str) -> dict[str, tuple[int, str]]:
        """Return version and hash of the constants in use, by satellite."""
        with transaction(self._pool) as connection:
            found = select(connection, QUERIES["calibrations_in_use"], _keys(satellites, subsystem))
        return {row["satellite_id"]: (row["version"], row["hash"]) for row in found}

    def constants(self, versions: Mapping[str, int], subsystem: str) -> dict[str, Mapping[str, Any]]:
        """Return the content of a version of each satellite, but of those that are gone."""
        parameters = {**_keys(versions, subsystem), "versions": list(versions.values())}
        with transaction(self._pool) as connection:
            found = select(connection, QUERIES["constants"], parameters)
        return {row["satellite_id"]: row["constants"] for row in found}


def _keys(satellites: Iterable[str], subsystem: str) -> dict[str, Any]:
    return {"satellites": list(satellites), "subsystem": subsystem}


def _spans(rows: Iterable[Row]) -> list[tuple[int, int]]:
    return [(microseconds_of(row["first_at"]), microseconds_of(row["last_at"])) for row in rows]


def _part(row: Mapping[str, Any]) -> Part:
    told = [channel.get("interval_s", 0) for channel in (row["not_calibrated"] or {}).values()]
    known = [interval_s for interval_s in told if interval_s > 0]
    return Part(
        satellite_id=row["satellite_id"],
        subsystem=row["subsystem"],
        interval_s=min(known) if known else row["interval_s"] or 0.0,
        generated_us=microseconds_of(row["generated_at"]),
        is_renewal=row["is_renewal"],
    )


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "samples": progress.samples,
        "needed": needed_samples(progress.interval_s),
        "interval_s": progress.interval_s,
        "reason": progress.reason,
        "detail": progress.detail[:MOST_DETAIL],
        "wait_s": progress.wait_s,
    }


def _calibration(part: Part, learned: Learned, state: str) -> dict[str, Any]:
    least_s, greatest_s = learned.intervals_s
    return {
        **part.key,
        "state": state,
        "hash": learned.hash,
        "data_from": time_of(learned.data_from_us),
        "data_until": time_of(learned.data_until_us),
        "samples": learned.samples,
        "least_interval_s": least_s,
        "greatest_interval_s": greatest_s,
        "verdicts": learned.verdicts,
        "false_alarms": learned.false_alarms,
        "constants": to_json(learned.document),
    }
