"""A steady load with its own ledger: what was sent and what the broker took stand in a file."""

import base64
import json
import math
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Message

from testbed.generator import Message as Telemetry
from testbed.generator import Shares, recording, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import Place, Sent

WARM_UP_STEPS: Final = 90
"""Sample sets before the first fault, so that models are asked and not only windows filled."""
PERIOD_S: Final = 60
"""Stretch of telemetry that is generated at once."""
SHARES: Final = Shares(rule_breaking=0.1, garbage=0.03)


class FileLedger(Ledger):
    """A ledger that also stands in a file, line by line, for whoever looks into a loss afterwards."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.offered = 0
        self._file = path.open("w", encoding="utf-8")

    def offer(self, message: Telemetry, *, is_replayed: bool = False) -> None:
        super().offer(message, is_replayed=is_replayed)
        self.offered += 1

    @property
    def places(self) -> set[Place]:
        """Where in the topic the messages lie."""
        return {sent.place for sent in self.sent}

    def _note(self, error: Any, message: Message) -> None:
        known = len(self.sent)
        super()._note(error, message)
        for sent in self.sent[known:]:
            self._file.write(_line(sent) + "\n")
            self._file.flush()


class Load:
    """One sample set a second of each satellite, sent by a thread of its own until it is ended."""

    def __init__(self, satellite_ids: list[str], ledger: FileLedger, seed: int) -> None:
        self.ledger = ledger
        self._satellite_ids = satellite_ids
        self._seed = seed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Send the past of every satellite at once, then go on in step with the clock."""
        count = WARM_UP_STEPS * len(self._satellite_ids)
        past = recording(
            self._satellite_ids,
            count=count,
            newest_at=whole_second_now(),
            seed=self._seed,
            shares=Shares(rule_breaking=0, garbage=0),
        )
        self.ledger.send(past)
        self._thread.start()

    def end(self) -> None:
        """Stop sending and wait until the broker has all."""
        self._ended.set()
        self._thread.join()
        self.check()
        self.ledger.flush()

    def check(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            for due_at, message in self._messages():
                if not self._wait_until(due_at):
                    return
                self.ledger.offer(message)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it in `check`
            self._failure = error

    def _wait_until(self, due_at: float) -> bool:
        while (left := due_at - time.time()) > 0:
            if self._ended.is_set():
                return False
            self.ledger.pace(min(left, 0.2))
        return not self._ended.is_set()

    def _messages(self) -> Iterator[tuple[float, Telemetry]]:
        begun = whole_second_now() + timedelta(seconds=1)
        count = PERIOD_S * len(self._satellite_ids)
        extra = round(count * SHARES.duplicates) + round(count * SHARES.garbage)
        steps = math.ceil((count - extra) / len(self._satellite_ids))
        period = 0
        while True:
            since = begun + timedelta(seconds=period * PERIOD_S)
            messages = recording(
                self._satellite_ids,
                count=count,
                # No message is sent before its generation time.
                newest_at=since + timedelta(seconds=steps),
                seed=self._seed + 1000 + period,
                shares=SHARES,
                first_step=WARM_UP_STEPS + period * PERIOD_S,
            )
            for number, message in enumerate(messages):
                yield since.timestamp() + number * PERIOD_S / count, message
            period += 1


def _line(sent: Sent) -> str:
    value = None if sent.value is None else base64.b64encode(sent.value).decode()
    return json.dumps([*sent.place, sent.appended_at.timestamp(), value])
