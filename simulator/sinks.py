"""Where messages go: Kafka, or a file of JSON lines; and the ledger of what went."""

from pathlib import Path
from typing import Protocol, TextIO

import orjson

from simulator.disorder import Sending
from telemetry_replay.publisher import OnDelivered, PublishingError, TelemetryPublisher


class Sink(Protocol):
    """Takes messages and says at the end how many were lost."""

    def send(self, sending: Sending, on_delivered: OnDelivered | None) -> None:
        """Take one message."""

    def close(self) -> int:
        """Finish; the number of messages not delivered."""


class KafkaSink:
    """Publishes to a Kafka topic, key = satellite id."""

    def __init__(self, bootstrap_servers: str, topic: str, *, is_replay: bool) -> None:
        self._publisher = TelemetryPublisher(bootstrap_servers, topic, is_replay=is_replay)

    def send(self, sending: Sending, on_delivered: OnDelivered | None) -> None:
        """Queue one message."""
        self._publisher.send(sending.satellite_id, sending.value, on_delivered)

    def close(self) -> int:
        """Wait for the broker's confirmations."""
        return self._publisher.close()


class LinesSink:
    """Writes each message as a line; garbage as it is, line breaks aside."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, sending: Sending, on_delivered: OnDelivered | None) -> None:
        """Write one line."""
        self._stream.write(sending.value.decode(errors="replace") + "\n")
        if on_delivered is not None:
            on_delivered(-1, -1)

    def close(self) -> int:
        """Write what is buffered; a file loses nothing."""
        self._stream.flush()
        return 0


class Ledger:
    """JSON lines of what was delivered: kind, reason, satellite, timestamp, partition, offset."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def entry(self, sending: Sending) -> OnDelivered:
        """Callback that records `sending` once its place is known."""

        def record(partition: int, offset: int) -> None:
            line = {
                "kind": sending.kind,
                "reason": sending.reason,
                "satellite_id": sending.satellite_id,
                "timestamp": sending.timestamp,
                "partition": partition,
                "offset": offset,
            }
            self._stream.write(orjson.dumps(line).decode() + "\n")

        return record


def open_for_writing(path: Path, option: str) -> TextIO:
    """Open a file named on the command line, or say which option is wrong."""
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise PublishingError(f"{option} {path}: {error.strerror}") from error
