import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from kafka_inference_trigger.dead_letters import MAX_LETTER_BYTES, outgoing
from kafka_inference_trigger.trigger import DeadLetter
from operation_server.dead_letters.letters import (
    Letter,
    body_in_words,
    headers_to_send,
    letter_of_message,
    letter_of_task,
    satellite_of,
)
from operation_server.dead_letters.schemas import DeadLetterAction
from telemetry_core.kafka.records import Record
from telemetry_core.postgres.store import to_json

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DEATH = {"queue": "inference", "reason": "rejected", "time": datetime(2026, 5, 1, 11), "count": 1}  # noqa: DTZ001 - as the driver gives it


def message(body: bytes | None, **headers: str) -> Letter:
    return letter_of_message(
        key=b"SAT-001", body=body, headers=headers, topic="dead", partition=0, offset=7, refused_at=NOW
    )


def task(headers: Mapping[str, Any], *, is_redelivered: bool = False) -> Letter:
    return letter_of_task(body=b"{}", headers=headers, properties={}, is_redelivered=is_redelivered, now=NOW)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"satellite_id": "SAT-001"}', "SAT-001"),
        (json.dumps([[], {"batch": {"jobs": [{"job": {"satellite_id": "A.1"}}]}}, {}]).encode(), "A.1"),
        (b'{"satellite_id": "a b"}', None),
        (b'{"satellite_id": 7}', None),
        (b"{broken", None),
        (b"\xff\xfe", None),
        (b"[" * 100 + b"]" * 100, None),
        (b"", None),
        (None, None),
    ],
)
def test_satellite_is_found_where_a_body_names_one(body: bytes | None, expected: str | None) -> None:
    assert satellite_of(body) == expected


def test_message_goes_back_to_the_topic_it_was_sent_to() -> None:
    letter = message(b"{", topic="satellite-telemetry", reason="not_json", detail="line 1")
    assert (letter.place, letter.reason, letter.detail) == ("satellite-telemetry", "not_json", "line 1")


def test_message_without_headers_is_a_letter_of_unknown_reason() -> None:
    assert (message(None).reason, message(None).size_bytes) == ("unknown", 0)


def test_message_of_which_only_the_beginning_was_kept_is_known_as_cut() -> None:
    record = Record(value=b"{" * 2_000_000, key=b"SAT-001", partition=0, offset=7, received_us=0)
    refused = DeadLetter(record=record, reason="too_large", detail="over 1 MB")
    sent = outgoing(refused, source_topic="satellite-telemetry", limit=MAX_LETTER_BYTES)
    letter = message(sent.value, **sent.headers)
    assert (letter.is_cut, letter.size_bytes, letter.reason) == (True, 2_000_000, "too_large")
    whole = outgoing(refused, source_topic="satellite-telemetry", limit=3_000_000)
    assert not message(whole.value, **whole.headers).is_cut


def test_task_has_queue_reason_and_time_from_the_broker() -> None:
    letter = task({"x-death": [DEATH], "x-first-death-queue": "celery", "task": "run"})
    assert (letter.place, letter.reason, letter.detail) == ("celery", "rejected", "run")
    assert letter.refused_at == datetime(2026, 5, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize("deaths", [None, [], "text", [7], [{}]])
def test_task_whose_history_is_no_history_is_a_letter_all_the_same(deaths: object) -> None:
    letter = task({"x-death": deaths})
    assert (letter.place, letter.reason, letter.refused_at) == ("inference", "unknown", NOW)


def test_character_that_the_database_cannot_hold_is_replaced() -> None:
    assert "\x00" not in json.dumps(task({"task": "a\x00b", "deep": [{"c\x00": "d\x00"}]}).headers)
    assert "\x00" not in message(b"", detail="a\x00b").detail
    letter = message(b"", reason="a\x00\ud800", topic="b\x00")
    assert (letter.reason, letter.place) == ("a\ufffd\ufffd", "b\ufffd")
    nested: object = {"deep": b"\xff", "wide": 2**70, "odd": "\ud800"}
    for _ in range(2_000):
        nested = [nested]
    assert to_json(task({"task": "run", "nested": nested, "odd": "\ud800", "raw": b"\x00"}).headers)


def test_redelivered_task_has_the_identity_of_its_first_delivery() -> None:
    first, second = task({"x-death": [DEATH]}), task({"x-death": [DEATH]}, is_redelivered=True)
    assert first.identity == second.identity
    assert task({"x-death": [{**DEATH, "count": 2}]}).identity != first.identity


def test_redriven_task_forgets_its_deaths_and_keeps_what_its_sender_wrote() -> None:
    headers = {
        "id": "t", "task": "run", "x-death": [], "x-first-death-queue": "q", "x-last-death-reason": "r",
        "x-delivery-count": 5,
    }  # fmt: skip
    assert headers_to_send(headers) == {"id": "t", "task": "run"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"abc", ("abc", "text")),
        ("가나".encode(), ("가", "text")),
        (b"\xff\x00ab", ("ff 00 61 62", "hex")),
        (b"ab\xff", ("61 62 ff", "hex")),
        (b"", ("", "text")),
    ],
)
def test_body_is_shown_as_text_or_digits_and_no_character_is_halved(
    body: bytes, expected: tuple[str, str]
) -> None:
    assert body_in_words(body, 4) == expected


@pytest.mark.parametrize(
    "chosen", [{}, {"everything": True, "ids": [1]}, {"everything": True, "reason": "a"}]
)
def test_action_names_its_letters_or_everything(chosen: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="name ids, source, reason"):
        DeadLetterAction.model_validate({"action": "discard", "operator": "kim", **chosen})
