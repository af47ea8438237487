"""Changes of limits as the API keeps them, without the API."""

from typing import Any

from operation_server.limits.schemas import LimitValues, NewLimit
from operation_server.limits.store import change_limit
from telemetry_core.limits.changes import rule_of
from telemetry_core.postgres.database import Pool
from tests.unit.alarm_server.messages import MISSION

BATTERY = ("eps", "low_battery")


def change(pool: Pool, fields: dict[str, Any], *, version: int = 0, operator: str = "Ada") -> None:
    rule = rule_of(MISSION, BATTERY)
    assert rule
    values = LimitValues.model_validate(rule.model_copy(update=fields), from_attributes=True)
    given = NewLimit(operator=operator, comment="eclipse season", version=version, values=values)
    change_limit(pool, MISSION, BATTERY, fields, given)
