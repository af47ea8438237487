"""Messages refused for their time, from the trigger's login to alerts and fleet, on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from housekeeping.retention import retention_chores
from kafka_inference_trigger.gathered.gathering import Key
from kafka_inference_trigger.gathered.wrong_clocks import Run, saving
from operation_server.alerts import QUERIES
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import select
from telemetry_core.service.settings import Settings
from tests.integration.api.alerts.judging import acknowledge, alerts, judge, whole
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

YEAR_S = 31_536_000.0
LOW_BATTERY = ("eps", "low_battery")


def clock(reason: str = "time_ahead") -> tuple[str, str]:
    return "timestamp", reason


def run(value: float, first_ago_s: float, last_ago_s: float, *, now: datetime) -> Run:
    first, last = (now - timedelta(seconds=ago_s) for ago_s in (first_ago_s, last_ago_s))
    return Run(value=value, first_us=microseconds_of(first), last_us=microseconds_of(last))


@pytest.fixture
def theirs(database: Settings) -> Iterator[Pool]:
    """The trigger's own login, which may do this and no more."""
    with closing(open_pool(as_service(database, "kafka-inference-trigger"), max_connections=1)) as pool:
        yield pool


def kept(pool: Pool) -> dict[Key, tuple[float, int, int]]:
    with transaction(pool) as connection:
        found = select(connection, QUERIES["wrong_clocks"], {})
    return {
        (row["satellite_id"], row["subsystem"], row["reason"]): (
            row["value"], row["first_ms"], row["last_ms"],
        )
        for row in found
    }  # fmt: skip


@pytest.mark.parametrize(
    ("later", "joined"),
    [
        ((2.0, 90, 10), (2.0, 200, 10)),
        ((2.0, 420, 401), (1.0, 420, 100)),
        ((2.0, 600, 501), (1.0, 200, 100)),
    ],
    ids=["goes on", "redelivered within five minutes", "redelivered from a former one"],
)
def test_saved_runs_within_five_minutes_of_each_other_are_one(
    pool: Pool, theirs: Pool, later: tuple[float, int, int], joined: tuple[float, int, int]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    save, sign = saving(theirs), ("A", *clock())
    save({sign: run(1.0, 200, 100, now=now)})
    save({sign: run(*later, now=now)})
    value, first_ago_s, last_ago_s = joined
    moments = [
        round((now - timedelta(seconds=ago_s)).timestamp() * 1000) for ago_s in (first_ago_s, last_ago_s)
    ]
    assert kept(pool) == {sign: (value, *moments)}


def test_saved_run_starts_over_after_five_minutes_without_a_message(pool: Pool, theirs: Pool) -> None:
    now = datetime.now(UTC)
    save, sign = saving(theirs), ("A", *clock())
    save({sign: run(1.0, 900, 400, now=now)})
    save({sign: run(2.0, 20, 10, now=now)})
    ((value, first_ms, last_ms),) = kept(pool).values()
    assert value == 2.0
    assert last_ms - first_ms == pytest.approx(10_000, abs=2)


def test_longest_names_and_any_finite_value_are_kept_and_the_longest_silent_rows_make_room(
    pool: Pool, theirs: Pool
) -> None:
    now = datetime.now(UTC)
    longest = ("S" * 50, "n" * 50, "r" * 100)
    saving(theirs)({("OLD", *clock()): run(-2.5e11, 60, 50, now=now), longest: run(-3.4e38, 9, 1, now=now)})
    assert kept(pool).keys() == {longest, ("OLD", *clock())}
    saving(theirs, max_rows=2)({("NEW", *clock()): run(1.0, 9, 8, now=now)})
    assert kept(pool).keys() == {longest, ("NEW", *clock())}


def test_wrong_clocks_go_for_their_age(pool: Pool, theirs: Pool, database: Settings) -> None:
    now = datetime.now(UTC)
    saving(theirs)(
        {("OLD", *clock()): run(1.0, 90, 60, now=now), ("NEW", *clock()): run(1.0, 90, 0, now=now)}
    )
    later = now + timedelta(days=30, seconds=-30)
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as pool_of_chores:
        chores = retention_chores(pool_of_chores, database, clock=lambda: later)
        (chore,) = [chore for chore in chores if chore.name == "wrong clocks"]
        assert not chore.work()
    assert kept(pool).keys() == {("NEW", *clock())}


def tell(api: RunningApi, signs: dict[tuple[str, str], float], *, name: str = "SAT-001") -> None:
    """Save what the trigger does of messages that came until now."""
    now = datetime.now(UTC)
    with closing(open_pool(as_service(api.database, "kafka-inference-trigger"), max_connections=1)) as pool:
        saving(pool)({(name, *sign): run(value, 30, 1, now=now) for sign, value in signs.items()})


@pytest.mark.parametrize(
    ("reason", "behind_s", "alert"),
    [("time_ahead", -YEAR_S, "clock_jumped_ahead"), ("time_too_early", 46 * YEAR_S, "clock_jumped_back")],
)
def test_refused_clock_is_an_alert_its_limits_reach_the_operator_and_it_is_no_silence(
    api: RunningApi, api_pool: Pool, reason: str, behind_s: float, alert: str
) -> None:
    now = datetime.now(UTC)
    judge(api_pool, 0, "n", start=now - timedelta(seconds=90))
    api.victoria.contacts["SAT-001"] = now.timestamp() - 90
    assert {item["reason"] for item in alerts(api)} == {"no_data"}
    tell(api, {clock(reason): behind_s, LOW_BATTERY: 12.5})
    satellite = whole(api)
    assert (satellite["state"], satellite["is_stale"], satellite["open_alerts"]) == ("critical", False, 2)
    assert satellite["clock_behind_s"] == behind_s
    found = {item["reason"]: item for item in alerts(api)}
    assert {(item["reason"], item["kind"], item["clock_behind_s"]) for item in found.values()} == {
        (alert, "satellite", behind_s),
        ("low_battery", "limit", None),
    }
    details = {name: get(api, f"/api/v1/alerts/{item['alert_id']}").json() for name, item in found.items()}
    assert details[alert]["why"] is None
    (channel,) = details["low_battery"]["why"]["channels"]
    assert (channel["channel"], channel["actual"]) == ("battery_soc_percent", 12.5)
    assert acknowledge(api, found[alert]["alert_id"]).status_code == 201
    assert {item["reason"] for item in alerts(api, state="acknowledged")} == {alert}
    tell(api, {clock(reason): behind_s})
    assert whole(api)["unacknowledged_alerts"] == 1


def test_satellite_that_never_sent_a_time_within_range_is_in_the_fleet(api: RunningApi) -> None:
    tell(api, {clock(): -YEAR_S}, name="NEW-1")
    satellite = whole(api)
    assert (satellite["satellite_id"], satellite["state"], satellite["is_stale"]) == (
        "NEW-1", "serious", False,
    )  # fmt: skip
    assert [item["reason"] for item in alerts(api, satellite_id="NEW-1")] == ["clock_jumped_ahead"]
