"""The simulator's messages as Kafka records, each received when it was generated."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import Record

Message = dict[str, Any]


def records_of_messages(messages: Iterable[Message]) -> list[Record]:
    """Put messages into one partition, in their order."""
    return [
        Record(
            value=json.dumps(message).encode(),
            key=None,
            partition=0,
            offset=offset,
            received_us=microseconds_of(datetime.fromisoformat(message["timestamp"])),
        )
        for offset, message in enumerate(messages)
    ]
