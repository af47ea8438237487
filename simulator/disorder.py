"""Imperfect links for tests of the pipeline: duplicates, late messages and garbage, all from the seed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

import orjson

from simulator.messages import Message

MAX_LATE_SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One value to send and what it is: telemetry, late, duplicate or garbage."""

    kind: str
    satellite_id: str
    timestamp: str
    value: bytes
    reason: str | None = None
    """Why garbage must be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of the messages that are held back, repeated, or followed by garbage."""

    late: float = 0.0
    duplicates: float = 0.0
    garbage: float = 0.0


class Disorder:
    """Turns the messages of a step into what the link delivers of them."""

    def __init__(self, shares: Shares, seed: int) -> None:
        self._shares = shares
        self._random = Random(f"disorder {seed}")
        self._held: dict[str, list[tuple[int, Sending]]] = {}

    def deliver(self, messages: Iterable[Message]) -> Iterator[Sending]:
        """Send each message, or hold it back until 1 to 3 later ones of its satellite have gone."""
        for message in messages:
            sending = _telemetry(message)
            if self._random.random() < self._shares.late:
                samples = self._random.randint(1, MAX_LATE_SAMPLES)
                held = Sending(
                    kind="late",
                    satellite_id=sending.satellite_id,
                    timestamp=sending.timestamp,
                    value=sending.value,
                )
                self._held.setdefault(sending.satellite_id, []).append((samples, held))
                continue
            yield sending
            yield from self._released(sending.satellite_id)
            if self._random.random() < self._shares.duplicates:
                yield Sending(
                    kind="duplicate",
                    satellite_id=sending.satellite_id,
                    timestamp=sending.timestamp,
                    value=sending.value,
                )
            if self._random.random() < self._shares.garbage:
                yield self._garbage(message)

    def flush(self) -> Iterator[Sending]:
        """Send what is still held back."""
        for held in self._held.values():
            yield from (sending for _, sending in held)
        self._held.clear()

    def _released(self, satellite_id: str) -> Iterator[Sending]:
        waiting = [(samples - 1, sending) for samples, sending in self._held.pop(satellite_id, [])]
        yield from (sending for samples, sending in waiting if samples == 0)
        if still := [(samples, sending) for samples, sending in waiting if samples > 0]:
            self._held[satellite_id] = still

    def _garbage(self, message: Message) -> Sending:
        reason, value = self._random.choice(_garbage_of(message))
        return Sending(
            kind="garbage",
            satellite_id=message["satellite_id"],
            timestamp=message["timestamp"],
            value=value,
            reason=reason,
        )


def _telemetry(message: Message) -> Sending:
    return Sending(
        kind="telemetry",
        satellite_id=message["satellite_id"],
        timestamp=message["timestamp"],
        value=orjson.dumps(message),
    )


def _garbage_of(message: Message) -> list[tuple[str, bytes]]:
    """Every way in which a message can be useless, as reason and bytes."""
    empty = {
        "timestamp": message["timestamp"],
        "satellite_id": message["satellite_id"],
        "eps": "broken",
        "aocs": [],
    }
    return [
        ("not_json", orjson.dumps(message)[:-7]),
        ("not_json", b"\xff\xfe\x00garbled"),
        ("not_json", b"[1, 2, 3]"),
        ("invalid_satellite_id", orjson.dumps({**message, "satellite_id": 17})),
        ("invalid_satellite_id", orjson.dumps({**message, "satellite_id": "../SAT 1"})),
        ("invalid_timestamp", orjson.dumps({**message, "timestamp": "yesterday"})),
        ("invalid_timestamp", orjson.dumps({k: v for k, v in message.items() if k != "timestamp"})),
        ("no_usable_channel", orjson.dumps(empty)),
    ]
