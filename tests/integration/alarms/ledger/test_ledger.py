"""Telemetry late, twice and through kills: each alarm once, as defined, on a real PostgreSQL."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.postgres.database import Pool
from testbed.alarm_ledger import before, delivered, sample_sets
from tests.integration.alarms.ledger.comparison import assert_each_alarm_once
from tests.integration.alarms.running import started

pytestmark = pytest.mark.integration

KILLS: Final = 8
BATCHES: Final = (1, 20, MAX_BATCH)
BEHIND: Final = (1, 20, MAX_BATCH, 3 * MAX_BATCH, 20 * MAX_BATCH)
"""So many messages were saved of which Kafka was not told when the service was killed.

A service that catches up after an outage does an hour's telemetry of a small fleet in a second.
"""


def feed(pool: Pool, records: Sequence[Record], *, kills: int, seed: int) -> int:
    """Handle all records through so many kills; return how many were handled in all."""
    chance = random.Random(seed)
    kill_at = sorted(chance.sample(range(len(records)), kills))
    server, place, handled = started(pool), 0, 0
    while place < len(records):
        batch = records[place : place + chance.choice(BATCHES)]
        server.act(server.plan(batch))
        place += len(batch)
        handled += len(batch)
        if kill_at and kill_at[0] < place:
            del kill_at[0]
            place = max(0, place - chance.choice(BEHIND))
            server = started(pool, look_back=before(records, place))
    return handled


@pytest.mark.parametrize(
    ("each", "seed"), [(500, 1), pytest.param(5_000, 2, marks=[pytest.mark.slow, pytest.mark.benchmark])]
)
def test_each_alarm_exactly_once_through_kills(theirs: Pool, each: int, seed: int) -> None:
    sent = list(sample_sets(satellites=20, each=each, seed=seed))
    records = delivered(sent, seed=seed)

    handled = feed(theirs, records, kills=KILLS, seed=seed)

    alarms = assert_each_alarm_once(theirs, sent)
    print(f"{len(sent)} sent, {len(records)} delivered, {handled} handled, {alarms} alarms")
