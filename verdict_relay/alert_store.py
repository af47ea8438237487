"""Reading verdicts and keeping alerts in PostgreSQL, within one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from psycopg2.extras import execute_values

from scoring.alert_rule import Judged, Run
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import microseconds_of, time_of
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select, to_json
from verdict_relay import QUERIES
from verdict_relay.alert_folding import Checkpoint, Head, Key, Piece
from verdict_relay.relay import Cursor, read_cursor

PROJECTION: Final = "alerts"
"""Its name among the cursors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A verdict at its place in commit order; one that alerts are not made of has no `judged`."""

    xact: int
    id: int
    completed_at: datetime | None
    key: Key
    judged: Judged | None


class AlertStore:
    """The tables of alerts, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock_cursor(self) -> Cursor:
        """Wait for another process that folds, and read how far the verdicts are folded."""
        self._run(QUERIES["lock_alerts"])
        return read_cursor(self._connection, PROJECTION)

    def clear(self) -> None:
        """Forget all alerts and states."""
        self._run(QUERIES["clear_alerts"])

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
        position = {"next_xact": page[-1].xact, "next_id": page[-1].id, "count": len(page)}
        self._run(QUERIES["advance_relay_cursor"], {**asdict(cursor), **position, "sink": PROJECTION})

    def heads(self, keys: Iterable[Key]) -> dict[Key, Head]:
        """Read how far some satellites' subsystems are folded."""
        names = list(keys)
        wanted = {"satellites": [key[0] for key in names], "subsystems": [key[1] for key in names]}
        return _heads(self._select("alert_heads", wanted))

    def unfinished(self, limit: int) -> dict[Key, Head]:
        """Read what is still to be folded again."""
        return _heads(self._select("unfinished_heads", {"limit": limit}))

    def rewind(self, key: Key, generated_us: int) -> Checkpoint:
        """Return the newest state before a generation time, and forget those behind it."""
        named = {**_named(key), "generated_at": _moment(generated_us)}
        self._run(QUERIES["forget_checkpoints"], named)
        found = self._select("checkpoint_before", named)
        return _checkpoint(found[0]["generated_at"], found[0]["run"]) if found else Checkpoint()

    def verdicts(self, key: Key, head: Head, limit: int) -> list[Judged]:
        """Read the next verdicts up to a head's target, in generation-time order."""
        bounds = {
            "after": _moment(head.folded.generated_us),
            "target": _moment(head.target_us),
            "limit": limit,
        }
        return [_judged(row) for row in self._select("judged_between", {**_named(key), **bounds})]

    def save(self, pieces: Mapping[Key, Piece]) -> None:
        """Keep what folding came to."""
        if not pieces:
            return
        alerts = [(key, run) for key, piece in pieces.items() for run in piece.alerts]
        folded = {
            "satellites": [key[0] for key in pieces],
            "subsystems": [key[1] for key in pieces],
            "first": [_moment(piece.first_us) for piece in pieces.values()],
            "last": [_moment(piece.last_us) for piece in pieces.values()],
            "alert_satellites": [key[0] for key, _ in alerts],
            "alert_subsystems": [key[1] for key, _ in alerts],
            "started": [_moment(run.started_us) for _, run in alerts],
        }
        self._run(QUERIES["forget_alerts"], folded)
        self._insert("save_alerts", [(*key, *_alert_values(run)) for key, run in alerts])
        self._insert("save_alert_heads", [(*key, *_head_values(piece.head)) for key, piece in pieces.items()])
        kept = [
            (*key, _moment(one.generated_us), _json(one.run))
            for key, piece in pieces.items()
            for one in piece.checkpoints
        ]
        self._insert("save_checkpoints", kept)

    def _run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or {})

    def _select(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        return select(self._connection, QUERIES[name], parameters)

    def _insert(self, name: str, values: Sequence[tuple[Any, ...]]) -> None:
        if values:
            with self._connection.cursor() as cursor:
                execute_values(cursor, QUERIES[name], values, page_size=len(values))


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


def _moment(microseconds: int) -> datetime:
    return time_of(microseconds).replace(tzinfo=None)


def _head_values(head: Head) -> tuple[Any, ...]:
    return (
        _moment(head.folded.generated_us),
        _moment(head.target_us),
        head.since_checkpoint,
        _json(head.folded.run),
    )


def _alert_values(run: Run) -> tuple[Any, ...]:
    return (
        _moment(run.started_us),
        None if run.raised_us is None else _moment(run.raised_us),
        _moment(run.last_us),
        None if run.ended_us is None else _moment(run.ended_us),
        run.verdict_count,
        run.peak_score,
        run.peak_job_id,
        run.newest_job_id,
    )
