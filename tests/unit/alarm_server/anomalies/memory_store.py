"""The tables of anomalies in memory, and verdicts that are committed there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alarm_server.anomalies.folding import Checkpoint, Head, Key, Piece
from alarm_server.anomalies.matching import Change, Kept
from alarm_server.anomalies.projection import project
from alarm_server.anomalies.store import AnomalyStore, Committed
from alarms.occurrence_changes import Event
from scoring.alert_rule import Judged, Run, alerts_of
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of
from telemetry_core.postgres.cursors.verdict_cursor import Cursor

EPS, COMM = ("SAT-1", "eps"), ("SAT-2", "comm")
SCORES: dict[Verdict | None, float] = {Verdict.NOMINAL: 0.2, Verdict.ANOMALOUS: 0.85}
PAGE = 7
START = Cursor(generation=1, xact=0, id=0, relayed=0)


def judged(second: int, verdict: Verdict, score: float | None = None) -> Judged:
    at_us = second * 1_000_000
    return Judged(
        job_id=job_id_of("SAT-1", at_us), at_us=at_us, verdict=verdict, score=score or SCORES.get(verdict)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    key: Key
    run: Run
    is_withdrawn: bool = False


class MemoryStore(AnomalyStore):
    """The tables in memory; a verdict that is committed again moves to the end, as a revised row does."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Key, int], Committed] = {}
        self.committed = 0
        self.at = START
        self.kept_heads: dict[Key, Head] = {}
        self.checkpoints: dict[Key, dict[int, Checkpoint]] = {}
        self.alarms: dict[str, Alarm] = {}
        self.history: list[tuple[str, Event, int]] = []
        self.most_read = 0

    def commit(self, key: Key, verdict: Judged) -> None:
        self.committed += 1
        self.rows[key, verdict.at_us] = Committed(
            xact=self.committed, id=1, completed_at=None, key=key, judged=verdict
        )

    def lock_cursor(self) -> Cursor:
        return self.at

    def begin_again(self, cursor: Cursor) -> Cursor:
        self.checkpoints = {}
        newest = {key: at_us for (key, at_us), row in sorted(self.rows.items()) if row.judged}
        self.kept_heads = {key: Head(target_us=at_us) for key, at_us in newest.items()}
        if self.rows:
            self.advance(cursor, sorted(self.rows.values(), key=lambda row: row.xact))
        return self.at

    def page(self, cursor: Cursor, size: int) -> list[Committed]:
        waiting = [row for row in self.rows.values() if row.xact > cursor.xact]
        return sorted(waiting, key=lambda row: row.xact)[:size]

    def advance(self, cursor: Cursor, page: Sequence[Committed]) -> None:
        self.at = replace(cursor, xact=page[-1].xact, relayed=cursor.relayed + len(page))

    def heads(self, keys: Iterable[Key]) -> dict[Key, Head]:
        return {key: self.kept_heads[key] for key in keys if key in self.kept_heads}

    def unfinished(self, limit: int) -> dict[Key, Head]:
        waiting = {key: head for key, head in self.kept_heads.items() if not head.is_finished}
        return dict(list(waiting.items())[:limit])

    def rewind(self, key: Key, generated_us: int) -> Checkpoint:
        kept = {name: one for name, one in self.checkpoints.get(key, {}).items() if name < generated_us}
        self.checkpoints[key] = kept
        return kept[max(kept)] if kept else Checkpoint()

    def verdicts(self, key: Key, head: Head, limit: int) -> list[Judged]:
        found = [
            row.judged
            for (owner, at_us), row in sorted(self.rows.items())
            if owner == key and head.folded.generated_us < at_us <= head.target_us and row.judged
        ]
        self.most_read = max(self.most_read, len(found[:limit]))
        return found[:limit]

    def _kept(self, pieces: Mapping[Key, Piece]) -> dict[Key, list[Kept]]:
        kept: dict[Key, list[Kept]] = {}
        for alarm_id, alarm in self.alarms.items():
            one = Kept(
                alarm_id=alarm_id,
                started_us=alarm.run.started_us,
                last_us=alarm.run.last_us,
                is_over=alarm.run.ended_us is not None,
                is_withdrawn=alarm.is_withdrawn,
            )
            kept.setdefault(alarm.key, []).append(one)
        return kept

    def _save_alarms(self, found: Iterable[Change]) -> None:
        for change in found:
            if change.run is None:
                alarm = replace(self.alarms[change.alarm_id], is_withdrawn=True)
            else:
                alarm = Alarm(key=change.key, run=change.run)
            self.alarms[change.alarm_id] = alarm
            self.history += [(change.alarm_id, event, at_us) for event, at_us in change.events]

    def _save_states(self, pieces: Mapping[Key, Piece]) -> None:
        for key, piece in pieces.items():
            self.kept_heads[key] = piece.head
            self.checkpoints.setdefault(key, {}).update({one.generated_us: one for one in piece.checkpoints})

    @property
    def alerts(self) -> dict[tuple[Key, int], Run]:
        """The alarms that were not withdrawn, each once."""
        found = [alarm for alarm in self.alarms.values() if not alarm.is_withdrawn]
        by_start = {(alarm.key, alarm.run.started_us): alarm.run for alarm in found}
        assert len(by_start) == len(found)
        return by_start

    def expected(self) -> dict[tuple[Key, int], Run]:
        """What the rule makes of all verdicts in order of generation."""
        by_key: dict[Key, list[Judged]] = {}
        for (key, _), row in sorted(self.rows.items()):
            if row.judged:
                by_key.setdefault(key, []).append(row.judged)
        return {(key, run.started_us): run for key, verdicts in by_key.items() for run in alerts_of(verdicts)}

    def catch_up(self) -> None:
        while project(self, PAGE).is_behind:
            pass

    def events(self) -> list[tuple[str, str]]:
        """What happened, by the second that names the alarm."""
        return [
            (alarm_id.split(".")[2].removesuffix("000"), event.value) for alarm_id, event, _ in self.history
        ]


def assert_history_tells(store: MemoryStore) -> None:
    """Each alarm was raised, and is as its history says last."""
    told: dict[str, list[Event]] = {}
    for alarm_id, event, _ in store.history:
        told.setdefault(alarm_id, []).append(event)
    assert told.keys() == store.alarms.keys()
    for alarm_id, alarm in store.alarms.items():
        assert told[alarm_id][0] is Event.RAISED
        assert Event.RAISED not in told[alarm_id][1:]
        if alarm.is_withdrawn:
            assert told[alarm_id][-1] is Event.WITHDRAWN
        elif alarm.run.ended_us is not None:
            assert told[alarm_id][-1] is Event.RETURNED
        else:
            assert told[alarm_id][-1] in {Event.RAISED, Event.RAISED_AGAIN}


CERTAIN = 0.9999


def anomalous(store: MemoryStore, *seconds: int) -> None:
    for second in seconds:
        store.commit(EPS, judged(second, Verdict.ANOMALOUS, CERTAIN))
    store.catch_up()


def nominal(store: MemoryStore, *seconds: int) -> None:
    for second in seconds:
        store.commit(EPS, judged(second, Verdict.NOMINAL))
    store.catch_up()
