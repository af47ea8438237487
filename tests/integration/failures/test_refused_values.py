"""Values taken as missing samples, from the trigger's login to the API, on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from housekeeping.retention import retention_chores
from kafka_inference_trigger.gathered.gathering import Key
from kafka_inference_trigger.gathered.refused_values import Refusals, saving
from operation_server.telemetry import QUERIES
from operation_server.telemetry.schemas import PassedOverValues
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.values import Refusal, shown
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.settings import Settings
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def refusals(count: int, last_value: str, second: int) -> Refusals:
    last_us = microseconds_of(NOW + timedelta(seconds=second))
    return Refusals(count=count, last_value=last_value, last_us=last_us)


def key(satellite_id: str, channel: str = "eps.battery_voltage", reason: str = "text") -> Key:
    return satellite_id, channel, reason


@pytest.fixture
def theirs(database: Settings) -> Iterator[Pool]:
    """The trigger's own login, which may do this and no more."""
    with closing(open_pool(as_service(database, "kafka-inference-trigger"), max_connections=1)) as pool:
        yield pool


def kept(pool: Pool, satellite_id: str) -> list[Row]:
    with transaction(pool) as connection:
        return select(connection, QUERIES["refused_values"], {"satellite_id": satellite_id, "limit": 20})


def test_refusals_add_up_and_the_last_one_received_is_shown(pool: Pool, theirs: Pool) -> None:
    save = saving(theirs)
    save({key("A"): refusals(2, "3.9 V", 5), key("B"): refusals(1, "x", 0)})
    save({key("A"): refusals(3, "older", 1), key("A", reason="null"): refusals(1, "null", 2)})
    found = [(row["reason"], row["count"], row["last_value"]) for row in kept(pool, "A")]
    assert found == [("text", 5, "3.9 V"), ("null", 1, "null")]


def test_every_reason_the_longest_names_and_any_text_are_kept(pool: Pool, theirs: Pool) -> None:
    satellite_id, name = "S" * 50, "n" * 50
    text = shown("'; DROP TABLE x; -- %s %(a)s \\ \x00\ud800 \U0001f6f0" * 10)
    saving(theirs)(
        {
            key(satellite_id, f"{name}.{name}", reason.value): refusals(1, text, second)
            for second, reason in enumerate(reversed(Refusal))
        }
    )
    found = [(row["reason"], row["last_value"]) for row in kept(pool, satellite_id)]
    assert found == [(reason.value, text) for reason in Refusal]


def test_longest_silent_rows_make_room(pool: Pool, theirs: Pool) -> None:
    save = saving(theirs, max_rows=3)
    save({key(f"X{second}"): refusals(1, "x", second) for second in range(3)})
    save({key("X0"): refusals(1, "x", 9), key("NEW"): refusals(1, "x", 8)})
    assert [bool(kept(pool, name)) for name in ("X0", "X1", "X2", "NEW")] == [True, False, True, True]


def test_refusals_go_for_their_age(pool: Pool, theirs: Pool, database: Settings) -> None:
    saving(theirs)({key("OLD"): refusals(1, "x", 0), key("NEW"): refusals(1, "x", 60)})
    now = NOW + timedelta(days=30, seconds=30)
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as pool_of_chores:
        chores = retention_chores(pool_of_chores, database, clock=lambda: now)
        (chore,) = [chore for chore in chores if chore.name == "refused values"]
        assert not chore.work()
    assert [bool(kept(pool, name)) for name in ("OLD", "NEW")] == [False, True]


def test_api_lists_what_was_passed_over_of_a_satellite(api: RunningApi) -> None:
    role = as_service(api.database, "kafka-inference-trigger")
    with closing(open_pool(role, max_connections=1)) as pool:
        saving(pool)({
            key("PASSED-1"): refusals(2, "3.9 V <b>", 0),
            key("PASSED-1", "comm", "no_object"): refusals(1, "a list of 2", 3),
            key("PASSED-10"): refusals(1, "another satellite's", 0),
        })  # fmt: skip
    body = get(api, "/api/v1/passed-over/PASSED-1").json()
    assert PassedOverValues.model_validate(body).model_dump(mode="json") == body
    found = [(row["channel"], row["reason"], row["count"], row["last_value"]) for row in body["values"]]
    assert found == [
        ("comm", "no_object", 1, "a list of 2"),
        ("eps.battery_voltage", "text", 2, "3.9 V <b>"),
    ]
    assert datetime.fromisoformat(body["values"][1]["last_at"]) == NOW
    assert get(api, "/api/v1/passed-over/NEVER-SEEN").json()["values"] == []
    problem(get(api, "/api/v1/passed-over/a b"), 422)
