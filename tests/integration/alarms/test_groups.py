"""Alarms that came together, whoever wrote them and in whatever order."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from alarm_server.groups.store import group
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.migrations import MIGRATIONS, load_migrations, migrate
from telemetry_core.postgres.store import select
from telemetry_core.service.settings import Settings
from testbed.alarm_ledger import together
from tests.integration.alarms.running import INSERT, START, Clock, hear, rows, started, written
from tests.unit.alarm_server.messages import record, soc

pytestmark = pytest.mark.integration

GROUPED = "SELECT alarm_id, group_id, started_at FROM ops.grouped_alarms ORDER BY started_at, alarm_id"


def groups(pool: Pool) -> dict[str, str]:
    with transaction(pool) as connection:
        return {row["alarm_id"]: row["group_id"] for row in select(connection, GROUPED)}


def parts(pool: Pool) -> list[list[int]]:
    """Return the begins of each group, as kept beside them."""
    with transaction(pool) as connection:
        rows = select(connection, GROUPED)
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["group_id"], []).append(microseconds_of(row["started_at"]))
    return list(found.values())


def changed(pool: Pool, change: str, *alarm_ids: str) -> None:
    with transaction(pool) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE ops.alarms SET {change} WHERE alarm_id = ANY (%s)", (list(alarm_ids),))
        group(connection, alarm_ids)


def test_a_late_begin_joins_groups_and_a_withdrawn_alarm_parts_them(pool: Pool) -> None:
    first, between, last = (written(pool, second, f"r{second}") for second in (0, 90, 150))
    assert groups(pool) == {first: first, between: between, last: between}

    changed(pool, "started_at = started_at - interval '30 s'", between)
    assert groups(pool) == {first: first, between: first, last: last}
    changed(pool, "started_at = started_at + interval '30 s'", between)
    assert groups(pool) == {first: first, between: last, last: last}
    changed(pool, "is_withdrawn = TRUE", last)
    assert groups(pool) == {first: first, between: between}


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_those_of_the_definition_after_any_changes(pool: Pool, seed: int) -> None:
    chance = random.Random(seed)
    begins = {}
    for number in range(40):
        second = chance.randrange(900)
        begins[written(pool, second, f"r{number}")] = START + timedelta(seconds=second)
        name = chance.choice(list(begins))
        if chance.random() < 0.2:
            del begins[name]
            changed(pool, "is_withdrawn = TRUE", name)
        elif chance.random() < 0.3:
            begins[name] -= timedelta(seconds=20)
            changed(pool, "started_at = started_at - interval '20 s'", name)

        assert sorted(parts(pool)) == together([microseconds_of(at) for at in begins.values()])


def test_those_who_write_at_once_see_each_others_alarms(database: Settings, pool: Pool) -> None:
    with closing(open_pool(database, max_connections=8)) as several, ThreadPoolExecutor(8) as threads:
        for number in range(5):
            wanted = range(number * 8, number * 8 + 8)
            list(threads.map(lambda second: written(several, second, f"r{second}"), wanted))

    assert len(set(groups(pool).values())) == 1


def test_a_broken_limit_and_the_silence_after_it_are_together(theirs: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    for at_s in range(5):
        clock.now_s = at_s
        hear(server, record(at_s, **soc(12)))
    for _ in range(140):
        clock.now_s += 0.5
        server.round()

    (limit,) = {row["group_id"] for row in rows(theirs, "grouped_alarms")}
    assert [row["alarm_id"] for row in rows(theirs, "alarms") if row["kind"] == "limit"] == [limit]
    assert len(groups(theirs)) == 2


def test_alarms_of_before_are_grouped_by_the_migration(empty_database: Settings) -> None:
    migrations = load_migrations(MIGRATIONS)
    first = next(number for number, one in enumerate(migrations) if one.name.endswith("_group_alarms.sql"))
    migrate(empty_database, migrations[:first])
    begins = {(name, random.Random(name).randrange(2_000)) for name in map(str, range(60))}
    with closing(open_pool(empty_database, max_connections=1)) as pool:
        with transaction(pool) as connection, connection.cursor() as cursor:
            for name, second in sorted(begins):
                cursor.execute(INSERT, {"alarm_id": name, "started_at": START + timedelta(seconds=second)})
        migrate(empty_database, migrations)
        expected = [microseconds_of(START + timedelta(seconds=second)) for _, second in begins]
        assert sorted(parts(pool)) == together(expected)
        found = groups(pool)
        assert all(found[name] == name for name in found.values())
