"""What a page of the list reads, by every filter alone and in pairs, does not grow with the alarms."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import pytest

from benchmarks.platform.postgres.alarm_reads import filters, pairs
from benchmarks.platform.postgres.many_alarms import fill_alarms
from benchmarks.platform.postgres.row_store import connect
from operation_server.alarms import QUERIES
from operation_server.alarms.routes import alarm_filters
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.settings import Settings
from tests.integration.api.plans import rows_read_by

pytestmark = pytest.mark.integration

ALARMS: Final = 20_000
CEILING: Final = 1_000
LIMIT: Final = 10
PARTS: Final = 8
"""Nodes of a plan that each row passes at most."""

BOUNDS: Final = "SELECT min(started_at) AS oldest, max(started_at) AS newest FROM ops.alarms"


def read(connection: Connection, wanted: Mapping[str, Any], before: datetime | None) -> float:
    page: dict[str, Any] = {
        "before_at": before,
        "before_id": "",
        "limit": LIMIT,
        "ceiling": CEILING,
        "unheard": [],
    }
    return rows_read_by(connection, QUERIES["alarm_page"], {**asdict(alarm_filters(**wanted)), **page})


def test_a_page_reads_a_bounded_part_of_all_alarms(database: Settings, pool: Pool) -> None:
    with closing(connect(database)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            fill_alarms(cursor, ALARMS, standing=20, unknown=100)
    with transaction(pool) as connection:
        (alarms,) = select(connection, BOUNDS, {})
        middle = alarms["newest"] - (alarms["newest"] - alarms["oldest"]) / 2
        costs = {
            f"{name} before {before}": read(connection, wanted, before)
            for name, wanted in pairs(filters(middle))
            if "order" not in wanted
            for before in (None, middle)
        }
    assert {name: cost for name, cost in costs.items() if cost > PARTS * CEILING} == {}
