"""An imperfect link: nothing is lost, disorder stays within bounds, garbage is garbage."""

from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest

from simulator.constellation import simulate
from simulator.disorder import MAX_LATE_SAMPLES, Disorder, Sending, Shares
from simulator.messages import Message
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.service.settings import Settings, load_mission

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECEIVED_US = int(START.timestamp() * 1e6) + 3_600_000_000


def messages() -> list[Message]:
    return list(simulate(5, START, 1.0, 400, 0))


def delivered(shares: Shares, seed: int = 1) -> list[Sending]:
    link = Disorder(shares, seed)
    return [*link.deliver(messages()), *link.flush()]


def test_perfect_link_delivers_everything_as_it_came() -> None:
    assert [sending.value for sending in delivered(Shares())] == [orjson.dumps(m) for m in messages()]


def test_late_messages_all_arrive_within_a_few_samples() -> None:
    sendings = delivered(Shares(late=0.05))
    assert Counter(s.value for s in sendings) == Counter(orjson.dumps(m) for m in messages())
    newest: dict[str, list[str]] = {}
    for sending in sendings[:-20]:
        earlier = newest.setdefault(sending.satellite_id, [])
        overtaken = sum(time > sending.timestamp for time in earlier)
        assert (overtaken > 0) == (sending.kind == "late")
        assert overtaken <= MAX_LATE_SAMPLES
        earlier.append(sending.timestamp)
    assert 60 < sum(s.kind == "late" for s in sendings) < 140


def test_duplicates_repeat_the_bytes_of_their_message() -> None:
    sendings = delivered(Shares(duplicates=0.05))
    originals = {s.value for s in sendings if s.kind == "telemetry"}
    duplicates = [s for s in sendings if s.kind == "duplicate"]
    assert 60 < len(duplicates) < 140
    assert all(s.value in originals for s in duplicates)


def test_garbage_is_refused_for_the_reason_it_states() -> None:
    mission = load_mission(Settings().mission_file)
    garbage = [s for s in delivered(Shares(garbage=0.2)) if s.kind == "garbage"]
    assert {s.reason for s in garbage} == {
        "not_json", "invalid_satellite_id", "invalid_timestamp", "no_usable_channel",
    }  # fmt: skip
    for sending in garbage:
        with pytest.raises(InvalidTelemetryMessage) as refusal:
            parse_telemetry_message(sending.value, mission=mission, received_us=RECEIVED_US)
        assert refusal.value.reason == sending.reason


def test_same_seed_gives_the_same_disorder() -> None:
    shares = Shares(late=0.1, duplicates=0.1, garbage=0.1)
    assert delivered(shares) == delivered(shares)
    assert delivered(shares) != delivered(shares, seed=2)
