"""Anomalies of stored verdicts as they were raised, and as another threshold would have raised them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alarms.limit_tracks import Occurrence
from alarms.what_if.comparison import Comparison
from alarms.what_if.trial import Span, Told
from operation_server.what_if import QUERIES
from scoring.alert_rule import Judged, Run, rejudged, runs_of
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, Verdict
from telemetry_core.contract.messages import microseconds_of, time_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, column_time, select

ANOMALY: Final = "anomaly"
"""Reason of the alarms."""
PAGE_VERDICTS: Final = 5_000
"""Read within one transaction: far less than a second of a statement's five."""


class Replay:
    """Raises the anomalies of one satellite's subsystem."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._runs: list[Run] = []

    @property
    def alarms(self) -> Sequence[Occurrence]:
        """Those of all verdicts so far, in time order."""
        return [_occurrence(run, run.raised_us) for run in self._runs if run.raised_us is not None]

    def take(self, verdicts: Iterable[Judged]) -> None:
        """Take verdicts that follow, in generation-time order."""
        judged = (rejudged(verdict, self._threshold) for verdict in verdicts)
        run = self._runs[-1] if self._runs else None
        self._runs[-1:] = runs_of(judged, run, threshold=self._threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdicts:
    """Live verdicts of a subsystem in PostgreSQL."""

    pool: Pool
    subsystem: str

    def satellites(self, *, start_ms: int) -> list[str]:
        """Return the satellites that were judged since a time."""
        asked = {"subsystem": self.subsystem, "start": _at(start_ms * 1000)}
        with transaction(self.pool) as connection:
            return [row["satellite_id"] for row in select(connection, QUERIES["judged_satellites"], asked)]

    def pages(self, satellite_id: str, span: Span) -> Iterator[list[Judged]]:
        """Yield those of a satellite in generation-time order, the end of the span excluded."""
        after_us = span.start_ms * 1000 - 1
        while True:
            asked = {
                "satellite_id": satellite_id,
                "subsystem": self.subsystem,
                "after": _at(after_us),
                "end": _at(span.end_ms * 1000),
                "limit": PAGE_VERDICTS,
            }
            with transaction(self.pool) as connection:
                rows = select(connection, QUERIES["scores_between"], asked)
            if rows:
                page = [_judged(row) for row in rows]
                after_us = page[-1].at_us
                yield page
            if len(rows) < PAGE_VERDICTS:
                return


def tried_threshold(
    verdicts: StoredVerdicts, span: Span, threshold: float, told: Told
) -> dict[str, Comparison]:
    """Compare the threshold in force with another one, by satellite; what `told` raises ends it."""
    return {
        satellite_id: _compared(verdicts, span, place, threshold, told)
        for place, satellite_id in enumerate(span.satellites)
    }


def _compared(verdicts: StoredVerdicts, span: Span, place: int, threshold: float, told: Told) -> Comparison:
    before, after = Replay(ANOMALY_THRESHOLD), Replay(threshold)
    count = 0
    for page in verdicts.pages(span.satellites[place], span):
        before.take(page)
        after.take(page)
        count += len(page)
        read_ms = page[-1].at_us / 1000 - span.start_ms
        told(len(page), place + read_ms / (span.end_ms - span.start_ms))
    return Comparison(samples=count, before=before.alarms, after=after.alarms)


def _occurrence(run: Run, raised_us: int) -> Occurrence:
    return Occurrence(
        named_us=run.started_us,
        started_us=run.started_us,
        raised_us=raised_us,
        last_us=run.last_us,
        returned_us=run.ended_us,
        violations=run.verdict_count,
        value=run.peak_score,
        worst_value=run.peak_score,
    )


def _judged(row: Row) -> Judged:
    return Judged(
        job_id="",
        at_us=microseconds_of(row["generated_at"]),
        verdict=Verdict(row["verdict"]),
        score=row["anomaly_score"],
    )


def _at(microseconds: int) -> datetime:
    return column_time(time_of(microseconds))
