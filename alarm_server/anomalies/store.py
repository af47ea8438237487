"""Reading verdicts and keeping their alarms in PostgreSQL, within one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from alarm_server.anomalies import QUERIES
from alarm_server.anomalies.folding import Checkpoint, Head, Key, Piece
from alarm_server.anomalies.matching import ANOMALY, Change, Kept, changes
from alarm_server.groups.store import group, save_alarms
from alarm_server.rows import insert, moment, save_events
from scoring.alert_rule import Judged, Run
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.cursors.verdict_cursor import Cursor, advance, read_cursor
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select, to_json

PROJECTION: Final = "alerts"
"""Its name among the cursors, from when anomalies were the only alerts that were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A verdict at its place in commit order; one that alarms are not made of has no `judged`."""

    xact: int
    id: int
    completed_at: datetime | None
    key: Key
    judged: Judged | None


class AnomalyStore:
    """The tables of anomalies, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock_cursor(self) -> Cursor:
        """Wait for another process that folds, and read how far the verdicts are folded."""
        self._run(QUERIES["lock_alerts"])
        return read_cursor(self._connection, PROJECTION)

    def begin_again(self, cursor: Cursor) -> Cursor:
        """Let all verdicts that are settled be folded again, subsystem by subsystem in generation-time order.

        Alarms stay until what is folded says otherwise. Returns the cursor, behind those verdicts.
        """
        # Before the heads: what is committed between the two is both a head's and after the cursor.
        settled = self._select("settled", {})
        self._run(QUERIES["forget_all_checkpoints"])
        self._run(QUERIES["forget_heads"])
        if not settled:
            return cursor
        self._run(QUERIES["begin_heads"])
        (last,) = settled
        advance(self._connection, PROJECTION, cursor, (last["xact"], last["id"]), count=last["count"])
        return read_cursor(self._connection, PROJECTION)

    def page(self, cursor: Cursor, size: int) -> list[Committed]:
        """Read the next verdicts in commit order."""
        found = self._select("judged_after", {"xact": cursor.xact, "id": cursor.id, "limit": size})
        return [
            Committed(
                xact=row["xact"],
                id=row["id"],
                completed_at=row["completed_at"],
                key=(row["satellite_id"], row["subsystem"]),
                judged=_judged(row) if row["is_live"] and row["verdict"] is not None else None,
            )
            for row in found
        ]

    def advance(self, cursor: Cursor, page: Sequence[Committed]) -> None:
        """Move the cursor behind a page."""
        last = page[-1]
        advance(self._connection, PROJECTION, cursor, (last.xact, last.id), count=len(page))

    def heads(self, keys: Iterable[Key]) -> dict[Key, Head]:
        """Read how far some satellites' subsystems are folded."""
        names = list(keys)
        wanted = {"satellites": [key[0] for key in names], "subsystems": [key[1] for key in names]}
        return _heads(self._select("alert_heads", wanted))

    def unfinished(self, limit: int) -> dict[Key, Head]:
        """Read what is still to be folded again."""
        return _heads(self._select("unfinished_heads", {"limit": limit}))

    def count_unfinished(self) -> int:
        """Count what is still to be folded again."""
        (found,) = self._select("count_unfinished", {})
        return int(found["count"])

    def rewind(self, key: Key, generated_us: int) -> Checkpoint:
        """Return the newest state before a generation time, and forget those behind it."""
        named = {**_named(key), "generated_at": moment(generated_us)}
        self._run(QUERIES["forget_checkpoints"], named)
        found = self._select("checkpoint_before", named)
        return _checkpoint(found[0]["generated_at"], found[0]["run"]) if found else Checkpoint()

    def verdicts(self, key: Key, head: Head, limit: int) -> list[Judged]:
        """Read the next verdicts up to a head's target, in generation-time order."""
        bounds = {
            "after": moment(head.folded.generated_us),
            "target": moment(head.target_us),
            "limit": limit,
        }
        return [_judged(row) for row in self._select("judged_between", {**_named(key), **bounds})]

    def save(self, pieces: Mapping[Key, Piece]) -> list[Change]:
        """Keep what folding came to; return what became of alarms."""
        if not pieces:
            return []
        kept = self._kept(pieces)
        found = [one for key, piece in pieces.items() for one in changes(key, piece, kept.get(key, ()))]
        self._save_alarms(found)
        self._save_states(pieces)
        return found

    def _kept(self, pieces: Mapping[Key, Piece]) -> dict[Key, list[Kept]]:
        spans = {
            "satellites": [key[0] for key in pieces],
            "subsystems": [key[1] for key in pieces],
            "first_us": [piece.first_us for piece in pieces.values()],
            "last_us": [piece.last_us for piece in pieces.values()],
        }
        kept: dict[Key, list[Kept]] = {}
        for row in self._select("kept_alarms", spans):
            alarm = Kept(
                alarm_id=row["alarm_id"],
                started_us=microseconds_of(row["started_at"]),
                last_us=microseconds_of(row["last_at"]),
                is_over=row["returned_at"] is not None,
                is_withdrawn=row["is_withdrawn"],
            )
            kept.setdefault((row["satellite_id"], row["subsystem"]), []).append(alarm)
        return kept

    def _save_states(self, pieces: Mapping[Key, Piece]) -> None:
        heads = [(*key, *_head_values(piece.head)) for key, piece in pieces.items()]
        insert(self._connection, QUERIES["save_alert_heads"], heads)
        states = [
            (*key, moment(one.generated_us), _json(one.run))
            for key, piece in pieces.items()
            for one in piece.checkpoints
        ]
        insert(self._connection, QUERIES["save_checkpoints"], states)

    def _save_alarms(self, found: Iterable[Change]) -> None:
        # By name, as operators lock them.
        ordered = sorted(found, key=lambda change: change.alarm_id)
        alarms = [(change.alarm_id, *change.key, *_values(change.run)) for change in ordered if change.run]
        save_alarms(self._connection, QUERIES["save_anomalies"], alarms)
        withdrawn = [change.alarm_id for change in ordered if change.run is None]
        if withdrawn:
            self._run(QUERIES["withdraw"], {"alarm_ids": withdrawn})
            group(self._connection, withdrawn)
        events = [
            (change.alarm_id, event.value, moment(at_us), _details(change.run))
            for change in ordered
            for event, at_us in change.events
        ]
        save_events(self._connection, events)

    def _run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or {})

    def _select(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        return select(self._connection, QUERIES[name], parameters)


def _judged(row: Row) -> Judged:
    return Judged(
        job_id=row["job_id"],
        at_us=microseconds_of(row["generated_at"]),
        verdict=Verdict(row["verdict"]),
        score=row["anomaly_score"],
    )


def _heads(found: Iterable[Row]) -> dict[Key, Head]:
    return {
        (row["satellite_id"], row["subsystem"]): Head(
            folded=_checkpoint(row["folded_at"], row["run"]),
            target_us=microseconds_of(row["target_at"]),
            since_checkpoint=row["since_checkpoint"],
        )
        for row in found
    }


def _named(key: Key) -> dict[str, str]:
    return {"satellite_id": key[0], "subsystem": key[1]}


def _checkpoint(generated_at: datetime, run: Mapping[str, Any] | None) -> Checkpoint:
    return Checkpoint(generated_us=microseconds_of(generated_at), run=Run(**run) if run else None)


def _json(run: Run | None) -> str | None:
    return None if run is None else to_json(asdict(run))


def _head_values(head: Head) -> tuple[Any, ...]:
    return (
        moment(head.folded.generated_us),
        moment(head.target_us),
        head.since_checkpoint,
        _json(head.folded.run),
    )


def _values(run: Run) -> tuple[Any, ...]:
    return (
        ANOMALY,
        ANOMALY,
        Severity.DISTRESS,
        moment(run.started_us),
        None if run.raised_us is None else moment(run.raised_us),
        moment(run.last_us),
        None if run.ended_us is None else moment(run.ended_us),
        run.verdict_count,
        run.peak_score,
        run.peak_job_id,
        run.newest_job_id,
    )


def _details(run: Run | None) -> str | None:
    return to_json({"peak_score": run.peak_score}) if run else None
