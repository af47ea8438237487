"""What a dead letter is, read from either broker. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from confluent_kafka import Message

from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN
from telemetry_core.contract.tasks import INFERENCE_QUEUE
from telemetry_core.contract.values import storable, storable_text
from telemetry_core.postgres.store import to_json

MAX_NESTING: Final = 6
"""A satellite's name is looked for no deeper: it stands in a message's top, in a task's metadata or jobs."""
_UNKNOWN: Final = "unknown"
PROPERTIES: Final = (
    "content_type",
    "content_encoding",
    "correlation_id",
    "reply_to",
    "priority",
    "message_id",
)
"""Of a task, kept beside its headers and given back with them."""

Source = Literal["kafka", "rabbitmq"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that was refused, as it is stored."""

    source: Source
    #: Topic or queue that it goes back to when it is redriven.
    place: str
    partition: int | None
    position: int | None
    identity: str
    reason: str
    detail: str
    satellite_id: str | None
    refused_at: datetime
    message_key: bytes | None
    headers: Mapping[str, Any]
    body: bytes | None
    size_bytes: int
    body_sha256: str
    #: Only its beginning is there: it can be looked at and discarded, not redriven.
    is_cut: bool
    #: The broker may have delivered it before.
    is_redelivered: bool = False

    def bare(self) -> "Letter":
        """Leave out all that a sender wrote beside the body."""
        return replace(
            self, reason=_UNKNOWN, detail="its headers could not be kept", satellite_id=None, headers={}
        )

    def parameters(self) -> dict[str, Any]:
        """Return the values of its row."""
        return {**asdict(self), "headers": to_json(self.headers)}


def letter_of_message(  # noqa: PLR0913 - the parts of one message
    *,
    key: bytes | None,
    body: bytes | None,
    headers: Mapping[str, str],
    topic: str,
    partition: int,
    offset: int,
    refused_at: datetime,
) -> Letter:
    """Read a message of the dead-letter topic."""
    digest = hashlib.sha256(body or b"").hexdigest()
    place = headers.get("topic") or topic
    whole_bytes = headers.get("original_bytes", "")
    return Letter(
        source="kafka",
        place=storable_text(place)[:255],
        partition=partition,
        position=offset,
        identity=_digest(topic, partition, offset, refused_at.isoformat(), digest),
        reason=storable_text(headers.get("reason") or _UNKNOWN)[:100],
        detail=storable_text(headers.get("detail", "")),
        satellite_id=satellite_of(body),
        refused_at=refused_at,
        message_key=key,
        headers=headers,
        body=body,
        size_bytes=int(whole_bytes) if re.fullmatch("[0-9]{1,9}", whole_bytes) else len(body or b""),
        body_sha256=digest,
        is_cut=headers.get("original_sha256", digest) != digest,
    )


def letter_of_task(
    *,
    body: bytes,
    headers: Mapping[str, Any],
    properties: Mapping[str, Any],
    is_redelivered: bool,
    now: datetime,
) -> Letter:
    """Read a message of the dead-letter queue; RabbitMQ wrote into it where it comes from and why."""
    deaths = headers.get("x-death")
    death = deaths[0] if isinstance(deaths, Sequence) and deaths and isinstance(deaths[0], Mapping) else {}
    died_at = death.get("time")
    digest = hashlib.sha256(body).hexdigest()
    named = storable({"headers": headers, "properties": properties})
    kept = orjson.loads(orjson.dumps(named, default=lambda value: storable_text(str(value))))
    return Letter(
        source="rabbitmq",
        place=storable_text(str(headers.get("x-first-death-queue") or death.get("queue") or INFERENCE_QUEUE))[
            :255
        ],
        partition=None,
        position=None,
        identity=_digest(digest, orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()),
        reason=storable_text(str(death.get("reason") or _UNKNOWN))[:100],
        detail=storable_text(str(headers.get("task") or "no task's name")),
        satellite_id=satellite_of(body),
        refused_at=died_at.replace(tzinfo=UTC) if isinstance(died_at, datetime) else now,
        message_key=None,
        headers=kept,
        body=body,
        size_bytes=len(body),
        body_sha256=digest,
        is_cut=False,
        is_redelivered=is_redelivered,
    )


def letter_of_record(message: Message) -> Letter:
    """Read what the client of Kafka read from the topic."""
    headers = {
        name: value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for name, value in _header_pairs(message)
    }
    return letter_of_message(
        key=message.key(),
        body=message.value(),
        headers=headers,
        topic=str(message.topic()),
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        refused_at=time_of(message.timestamp()[1] * 1000),
    )


def letter_of_delivery(found: Any, *, now: datetime) -> Letter:
    """Read what the client of RabbitMQ took from the queue."""
    return letter_of_task(
        body=found.body.encode() if isinstance(found.body, str) else bytes(found.body),
        headers=found.headers or {},
        properties={name: value for name, value in found.properties.items() if name in PROPERTIES},
        is_redelivered=bool(found.delivery_info.get("redelivered")),
        now=now,
    )


def _header_pairs(message: Message) -> list[tuple[str, Any]]:
    headers = message.headers() or []
    return list(headers.items() if isinstance(headers, dict) else headers)


def next_offset(known: int | None, first: int, end: int) -> int:
    """Return where the letters of a partition begin that are not collected yet, `end` where there are none.

    A topic that was made anew counts from 0 again: what is known of the former one lies beyond its end.
    """
    return first if known is None or known > end else max(first, known)


def satellite_of(body: bytes | None) -> str | None:
    """Find the first satellite that a body names; None where it cannot be read or names none."""
    try:
        return _satellite_in(orjson.loads(body or b"null"), MAX_NESTING)
    except orjson.JSONDecodeError:
        return None


def _satellite_in(value: Any, depth: int) -> str | None:
    if depth == 0 or not isinstance(value, dict | list):
        return None
    if isinstance(value, dict):
        named = value.get("satellite_id")
        if isinstance(named, str) and re.fullmatch(SATELLITE_ID_PATTERN, named):
            return named
    parts = value.values() if isinstance(value, dict) else value
    return next((name for part in parts if (name := _satellite_in(part, depth - 1))), None)


def body_in_words(body: bytes, limit: int) -> tuple[str, str]:
    """Return a body's beginning and how it is written: as text, or as hexadecimal digits where it is none."""
    beginning = body[:limit]
    try:
        return beginning.decode(), "text"
    except UnicodeDecodeError as error:
        if len(body) > limit and error.start >= limit - 3:
            return beginning[: error.start].decode(), "text"
        return beginning.hex(" "), "hex"


def headers_to_send(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what RabbitMQ wrote into a task when it refused it: a redriven task begins anew."""
    return {
        name: value
        for name, value in headers.items()
        if not name.startswith(("x-death", "x-first-death-", "x-last-death-")) and name != "x-delivery-count"
    }


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
