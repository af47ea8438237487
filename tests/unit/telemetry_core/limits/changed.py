"""Changes of limits as operators make them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from telemetry_core.limits.changes import LimitChange


def change(fields: Mapping[str, Any], *, version: int = 1, reason: str = "low_battery") -> LimitChange:
    return LimitChange(
        subsystem="eps",
        reason=reason,
        version=version,
        fields=fields,
        operator="Ada",
        comment="eclipse season",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
