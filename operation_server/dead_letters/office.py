"""Collecting, listing and handling dead letters: one code for the command and the API."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

import psycopg2
import structlog

from operation_server.dead_letters import QUERIES
from operation_server.dead_letters.brokers import MAX_TAKEN_BYTES, KafkaLetters, RabbitLetters
from operation_server.dead_letters.letters import Letter, Source
from operation_server.http.dependencies import key_name
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

KEPT_FOR: Final = timedelta(days=30)
MAX_HANDLED: Final = 1_000
"""So many letters one action handles, and so many as `MAX_TAKEN_BYTES` hold; it says how many are left."""

MORE: Final = "there may be more in the brokers than this look saw: list them again"

Action = Literal["redrive", "discard"]
State = Literal["open", "redriven", "discarded"]
_STATES: Final[dict[Action, State]] = {"redrive": "redriven", "discard": "discarded"}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which letters are listed; None: all."""

    state: State | None = "open"
    source: Source | None = None
    reason: str | None = None
    satellite_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which open letters an action is about; all that fit every part that is given."""

    ids: Sequence[int] | None = None
    source: Source | None = None
    reason: str | None = None
    satellite_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an action did, or would do."""

    action: Action
    is_dry_run: bool
    #: (source, reason) to letters.
    handled: Counter[tuple[str, str]]
    #: Cut letters cannot be redriven.
    left_out: int
    #: Chosen letters beyond what one action handles: do it again.
    remaining: int
    #: Why a broker did not take letters, which stay open, to how many.
    failed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What one look into both brokers brought."""

    #: Why a broker could not be asked.
    problems: list[str]
    #: The look ended before it saw the end of what the brokers hold.
    has_more: bool = False

    @property
    def missing(self) -> list[str]:
        """Why letters may be missing: whom nobody could ask, and whether the look saw the end."""
        return [*self.problems, *([MORE] if self.has_more else [])]


class Sender(Protocol):
    """Gives letters back to a broker."""

    def send(self, letters: Sequence[Row]) -> Mapping[int, str]:
        """Return once the broker has all but those at the places returned, each with the reason.

        Raises `DependencyUnavailable` where it has none of them.
        """


class DeadLetterOffice:
    """The table of dead letters and the two brokers they come from."""

    def __init__(self, pool: Pool, kafka: KafkaLetters, rabbitmq: RabbitLetters) -> None:
        self._pool = pool
        self._kafka = kafka
        self._rabbitmq = rabbitmq
        self._senders: dict[str, Sender] = {"kafka": kafka, "rabbitmq": rabbitmq}

    def collect(self) -> Collection:
        """Bring new letters into the table, and let go of those older than `KEPT_FOR`."""
        problems = []
        have_more = []
        with transaction(self._pool) as connection:
            if not select(connection, QUERIES["lock_dead_letter_collection"])[0]["is_ours"]:
                # Whoever collects now may see less than all.
                return Collection(problems=[], has_more=True)
            for ask in (self._from_kafka, self._from_rabbitmq):
                try:
                    have_more.append(ask(connection))
                except DependencyUnavailable as error:
                    problems.append(str(error))
            with connection.cursor() as cursor:
                cursor.execute(QUERIES["expire_dead_letters"], {"age": KEPT_FOR})
        return Collection(problems=problems, has_more=any(have_more))

    def page(self, filters: Filters, *, before: int | None, limit: int) -> list[Row]:
        """Return letters, newest first."""
        with transaction(self._pool) as connection:
            return select(
                connection, QUERIES["dead_letter_page"], {**asdict(filters), "before": before, "limit": limit}
            )

    def counts(self) -> list[Row]:
        """Count open letters by source and reason."""
        with transaction(self._pool) as connection:
            return select(connection, QUERIES["dead_letter_counts"])

    def letter(self, letter_id: int) -> Row | None:
        """Return one letter with its body."""
        with transaction(self._pool) as connection:
            found = select(connection, QUERIES["dead_letter"], {"id": letter_id})
        return found[0] if found else None

    def handle(self, action: Action, choice: Choice, *, operator: str, is_dry_run: bool) -> Outcome:
        """Redrive or discard the chosen open letters, or only say what would happen.

        A letter is marked in the transaction that sends it; one that its broker does not take stays open and
        holds up no other. Should the process die in between, letters are sent once more: a sample set or task
        that comes twice leaves one row. Raises `DependencyUnavailable` if a broker is unavailable and none
        was sent.
        """
        with transaction(self._pool) as connection:
            chosen = _chosen(connection, action, choice)
            if is_dry_run:
                return Outcome(action=action, is_dry_run=True, **chosen)
            taken = select(
                connection,
                QUERIES["lock_dead_letters"],
                {
                    **_parameters(choice),
                    "limit": MAX_HANDLED,
                    "bytes": MAX_TAKEN_BYTES,
                    "whole_only": action == "redrive",
                },
            )
            failures = self._send(taken) if action == "redrive" else {}
            done = [row for row in taken if row["id"] not in failures]
            with connection.cursor() as cursor:
                cursor.execute(
                    QUERIES["handle_dead_letters"],
                    {
                        "ids": [row["id"] for row in done],
                        "state": _STATES[action],
                        "operator": operator,
                        "key_name": key_name(),
                    },
                )
        outcome = Outcome(
            action=action,
            is_dry_run=False,
            handled=Counter((row["source"], row["reason"]) for row in done),
            left_out=chosen["left_out"],
            remaining=max(0, chosen["handled"].total() - len(taken)),
            failed=Counter(failures.values()),
        )
        _log_outcome(outcome, operator)
        return outcome

    def _send(self, letters: Sequence[Row]) -> dict[int, str]:
        """Give letters back to their brokers; return the ids of those not taken, and why."""
        failures: dict[int, str] = {}
        outage: DependencyUnavailable | None = None
        for source, sender in self._senders.items():
            of_source = [row for row in letters if row["source"] == source]
            try:
                refused = sender.send(of_source) if of_source else {}
            except DependencyUnavailable as error:
                outage = error
                refused = dict.fromkeys(range(len(of_source)), str(error))
            failures |= {of_source[place]["id"]: reason for place, reason in refused.items()}
        if outage is not None and len(failures) == len(letters):
            raise outage
        return failures

    def _from_kafka(self, connection: Connection) -> bool:
        look = self._kafka.read(next_positions(connection))
        _insert(connection, look.letters)
        return look.has_more

    def _from_rabbitmq(self, _connection: Connection) -> bool:
        return self._rabbitmq.take(self._store)

    def _store(self, letters: Sequence[Letter]) -> None:
        """Commit, so that the broker may forget them."""
        with transaction(self._pool) as connection:
            _insert(connection, letters)


def next_positions(connection: Connection) -> dict[int, int]:
    """Return where the collection of each partition of the dead-letter topic goes on."""
    found = select(connection, QUERIES["next_dead_letter_positions"])
    return {row["partition"]: row["position"] for row in found}


def _log_outcome(outcome: Outcome, operator: str) -> None:
    reasons = (f"{source} {reason}: {count}" for (source, reason), count in outcome.handled.items())
    _log.info(
        f"Dead letters {_STATES[outcome.action]}: {outcome.handled.total()}",
        operator=operator,
        reasons=", ".join(reasons),
    )
    for reason, count in outcome.failed.items():
        _log.warning(f"{count} dead letters stay open, because their broker does not accept them: {reason}")


def _insert(connection: Connection, letters: Sequence[Letter]) -> None:
    """Insert letters; one that the database can't take as it is hides no other."""
    with connection.cursor() as cursor:
        for letter in letters:
            cursor.execute("SAVEPOINT letter")
            try:
                cursor.execute(QUERIES["insert_dead_letter"], letter.parameters())
            except (psycopg2.DataError, ValueError, TypeError):
                _log.exception("A dead letter is kept without its headers", identity=letter.identity)
                cursor.execute("ROLLBACK TO SAVEPOINT letter")
                cursor.execute(QUERIES["insert_dead_letter"], letter.bare().parameters())


def _chosen(connection: Connection, action: Action, choice: Choice) -> dict[str, Any]:
    """Count what an action is about."""
    found = select(connection, QUERIES["count_chosen_dead_letters"], _parameters(choice))
    handled: Counter[tuple[str, str]] = Counter()
    left_out = 0
    for row in found:
        if action == "redrive" and row["is_cut"]:
            left_out += row["count"]
        else:
            handled[row["source"], row["reason"]] += row["count"]
    return {"handled": handled, "left_out": left_out, "remaining": 0}


def _parameters(choice: Choice) -> dict[str, Any]:
    return {**asdict(choice), "ids": None if choice.ids is None else list(choice.ids)}
