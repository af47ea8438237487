"""Dead letters: collected once, handled once, on a real PostgreSQL with both brokers faked at their seam."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operation_server.dead_letters import QUERIES
from operation_server.dead_letters.brokers import Look
from operation_server.dead_letters.letters import Letter, letter_of_message, letter_of_task, next_offset
from operation_server.dead_letters.office import KEPT_FOR, Choice, Collection, DeadLetterOffice, Filters
from operation_server.pipeline.databases import database_probe
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
TOPIC = "satellite-telemetry"


class Broker:
    """A broker that holds letters and takes them back."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.sent: list[tuple[str, bytes]] = []
        self.is_away = False
        self.unwanted = b""
        self.taken_at_once = 100

    def send(self, letters: Sequence[dict[str, Any]]) -> dict[int, str]:
        self.check()
        bodies = [bytes(row["body"]) for row in letters]
        refused = {place: "unwanted" for place, body in enumerate(bodies) if body == self.unwanted}
        self.sent += [
            (letters[place]["place"], body) for place, body in enumerate(bodies) if place not in refused
        ]
        return refused

    def check(self) -> None:
        if self.is_away:
            raise DependencyUnavailable("broker", "away")


class Kafka(Broker):
    def read(self, next_positions: dict[int, int]) -> Look:
        self.check()
        start = next_offset(next_positions.get(0), 0, len(self.letters))
        found = [one for one in self.letters if (one.position or 0) >= start]
        return Look(letters=found[: self.taken_at_once], has_more=len(found) > self.taken_at_once)

    def refuse(self, body: bytes, reason: str = "not_json", **headers: str) -> None:
        self.letters.append(
            letter_of_message(
                key=b"k",
                body=body,
                headers={"topic": TOPIC, "reason": reason, **headers},
                topic="dead",
                partition=0,
                offset=len(self.letters),
                refused_at=NOW,
            )
        )


class RabbitMQ(Broker):
    def take(self, store: Callable[[Sequence[Letter]], None]) -> bool:
        self.check()
        store(self.letters[: self.taken_at_once])
        self.letters = self.letters[self.taken_at_once :]
        return bool(self.letters)

    def refuse(self, body: bytes, *, is_redelivered: bool = False) -> None:
        self.letters.append(
            letter_of_task(body=body, headers={}, properties={}, is_redelivered=is_redelivered, now=NOW)
        )


class Office:
    def __init__(self, pool: Pool) -> None:
        self.kafka, self.rabbitmq = Kafka(), RabbitMQ()
        self.desk = DeadLetterOffice(pool, self.kafka, self.rabbitmq)  # type: ignore[arg-type]

    def open_letters(self) -> list[dict[str, Any]]:
        self.desk.collect()
        return self.desk.page(Filters(), before=None, limit=100)

    def do(self, action: Any, *, is_dry_run: bool = False, **chosen: Any) -> Any:
        return self.desk.handle(action, Choice(**chosen), operator="kim", is_dry_run=is_dry_run)


@pytest.fixture
def office(pool: Pool) -> Office:
    return Office(pool)


def test_letters_of_both_brokers_are_listed_newest_first_and_once(office: Office) -> None:
    office.kafka.refuse(b'{"satellite_id": "SAT-001"}', "invalid_timestamp")
    office.rabbitmq.refuse(b"{}")
    for _ in range(2):
        assert [(row["source"], row["reason"], row["satellite_id"]) for row in office.open_letters()] == [
            ("rabbitmq", "unknown", None),
            ("kafka", "invalid_timestamp", "SAT-001"),
        ]


def test_letter_that_the_queue_delivers_again_is_listed_once_and_two_equal_ones_twice(office: Office) -> None:
    office.rabbitmq.refuse(b"{}")
    office.rabbitmq.refuse(b"{}")
    assert len(office.open_letters()) == 2
    office.rabbitmq.refuse(b"{}", is_redelivered=True)
    assert len(office.open_letters()) == 2


def test_dry_run_counts_and_changes_nothing(office: Office) -> None:
    office.kafka.refuse(b"1")
    office.kafka.refuse(b"2", "time_ahead")
    office.desk.collect()
    outcome = office.do("redrive", is_dry_run=True)
    assert outcome.handled == {("kafka", "not_json"): 1, ("kafka", "time_ahead"): 1}
    assert (len(office.open_letters()), office.kafka.sent) == (2, [])


def test_redriven_letter_goes_to_its_source_once_and_leaves_the_list(office: Office) -> None:
    office.kafka.refuse(b"late", "time_ahead")
    office.kafka.refuse(b"broken")
    office.desk.collect()
    assert office.do("redrive", reason="time_ahead").handled.total() == 1
    assert office.do("redrive", reason="time_ahead").handled.total() == 0
    assert office.kafka.sent == [(TOPIC, b"late")]
    assert [row["reason"] for row in office.open_letters()] == ["not_json"]
    (done,) = office.desk.page(Filters(state="redriven"), before=None, limit=9)
    assert (done["handled_by"], done["handled_at"].date()) == ("kim", NOW.date())


def test_letter_refused_again_is_a_new_one_that_counts_its_attempts(office: Office) -> None:
    for attempt in (1, 2, 3):
        office.kafka.refuse(b"still broken")
        assert [row["attempt"] for row in office.open_letters()] == [attempt]
        office.do("redrive")


def test_discarded_letter_leaves_the_list_and_is_not_sent(office: Office) -> None:
    office.rabbitmq.refuse(b"{}")
    (letter,) = office.open_letters()
    assert office.do("discard", ids=[letter["id"]]).handled.total() == 1
    assert (office.open_letters(), office.rabbitmq.sent) == ([], [])


def test_letter_kept_in_part_can_be_discarded_only(office: Office) -> None:
    office.kafka.refuse(b"beginning", "too_large", original_sha256="0" * 64)
    office.desk.collect()
    refused = office.do("redrive")
    assert (refused.handled.total(), refused.left_out, office.kafka.sent) == (0, 1, [])
    assert office.do("discard").handled.total() == 1


def test_letter_stays_open_during_an_outage_of_its_broker(office: Office) -> None:
    office.kafka.refuse(b"1")
    office.desk.collect()
    office.kafka.is_away = True
    with pytest.raises(DependencyUnavailable):
        office.do("redrive")
    assert [row["state"] for row in office.open_letters()] == ["open"]


def test_letter_that_its_broker_does_not_take_stays_open_alone_and_the_others_are_sent_once(
    office: Office,
) -> None:
    for body in (b"1", b"unwanted", b"2"):
        office.kafka.refuse(body)
    office.kafka.unwanted = b"unwanted"
    office.desk.collect()
    for sent in (2, 0):
        outcome = office.do("redrive")
        assert (outcome.handled.total(), outcome.failed, outcome.remaining) == (sent, {"unwanted": 1}, 0)
    assert [body for _, body in office.kafka.sent] == [b"1", b"2"]
    assert [row["position"] for row in office.open_letters()] == [1]


def test_letters_of_one_broker_are_handled_while_the_other_is_unavailable(office: Office) -> None:
    office.kafka.refuse(b"1")
    office.rabbitmq.refuse(b"{}")
    office.desk.collect()
    office.rabbitmq.is_away = True
    outcome = office.do("redrive")
    assert (outcome.handled.total(), outcome.failed.total()) == (1, 1)
    assert [row["source"] for row in office.open_letters()] == ["rabbitmq"]


def test_letters_kept_in_part_hold_up_no_whole_one_behind_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operation_server.dead_letters.office.MAX_HANDLED", 2)
    for body in (b"1", b"2", b"3"):
        office.kafka.refuse(body, "too_large", original_sha256="0" * 64)
    office.kafka.refuse(b"whole")
    office.desk.collect()
    assert office.do("redrive").handled.total() == 1


def test_unavailable_broker_hides_nothing_of_the_other(office: Office) -> None:
    office.kafka.is_away = True
    office.rabbitmq.refuse(b"{}")
    (problem,) = office.desk.collect().problems
    assert "away" in problem
    assert len(office.open_letters()) == 1


@pytest.mark.parametrize("source", ["kafka", "rabbitmq"])
def test_one_collection_reports_whether_a_broker_has_more(office: Office, source: str) -> None:
    broker = getattr(office, source)
    broker.taken_at_once = 2
    for body in (b"1", b"2", b"3"):
        broker.refuse(body)
    assert [office.desk.collect().has_more for _ in range(2)] == [True, False]
    assert len(office.open_letters()) == 3


def test_look_beside_another_that_is_under_way_says_that_it_saw_nothing(office: Office, pool: Pool) -> None:
    office.rabbitmq.refuse(b"1")
    with transaction(pool) as connection:
        assert select(connection, QUERIES["lock_dead_letter_collection"])[0]["is_ours"]
        assert office.desk.collect() == Collection(problems=[], has_more=True)
    assert office.desk.collect() == Collection(problems=[])


def test_one_action_handles_no_more_bodies_than_fit_into_memory(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operation_server.dead_letters.office.MAX_TAKEN_BYTES", 25)
    for body in (b"a" * 10, b"b" * 10, b"c" * 10, b"d" * 100):
        office.kafka.refuse(body)
    office.desk.collect()
    counts = []
    for _ in range(2):
        outcome = office.do("redrive")
        counts.append((outcome.handled.total(), outcome.remaining))
    assert counts == [(3, 1), (1, 0)]
    assert [len(body) for _, body in office.kafka.sent] == [10, 10, 10, 100]


def test_pages_follow_each_other_without_a_gap(office: Office) -> None:
    for number in range(5):
        office.kafka.refuse(str(number).encode())
    office.desk.collect()
    first = office.desk.page(Filters(), before=None, limit=3)
    second = office.desk.page(Filters(), before=first[-1]["id"], limit=3)
    assert [row["position"] for row in first + second] == [4, 3, 2, 1, 0]


def test_letter_that_the_database_can_not_hold_as_it_is_hides_no_other(office: Office) -> None:
    for source in (office.kafka, office.rabbitmq):
        source.refuse(b"first")
        source.letters[0] = replace(source.letters[0], reason="a\x00b", headers={"a": 1})
        source.refuse(b"second")
    assert [row["reason"] for row in office.open_letters()] == ["unknown", "unknown", "not_json", "unknown"]


def test_collection_goes_on_behind_the_last_letter_also_of_a_topic_that_was_made_anew(
    office: Office, pool: Pool
) -> None:
    numbers = database_probe(pool)
    assert (numbers().open_letters, numbers().letter_positions) == (0, {})
    for body in (b"1", b"2", b"3"):
        office.kafka.refuse(body)
    office.desk.collect()
    assert (numbers().open_letters, numbers().letter_positions) == (3, {0: 3})
    office.do("discard")
    assert (numbers().open_letters, numbers().letter_positions) == (0, {0: 3})
    office.kafka.letters = []
    office.kafka.refuse(b"anew")
    office.kafka.letters[0] = replace(office.kafka.letters[0], refused_at=NOW + timedelta(minutes=1))
    office.desk.collect()
    assert (numbers().open_letters, numbers().letter_positions) == (1, {0: 1})


def plan(pool: Pool, statement: str, parameters: dict[str, Any]) -> str:
    """Return how PostgreSQL would run a statement where there are too many letters to read them all."""
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")
        cursor.execute(f"EXPLAIN {QUERIES[statement]}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_letter_that_comes_again_and_letters_too_old_are_found_by_an_index(
    office: Office, pool: Pool
) -> None:
    office.rabbitmq.refuse(b"{}", is_redelivered=True)
    (letter,) = office.rabbitmq.letters
    assert "idx_dead_letters_identity" in plan(pool, "insert_dead_letter", letter.parameters())
    assert "idx_dead_letters_time" in plan(pool, "expire_dead_letters", {"age": KEPT_FOR})
