from datetime import UTC, datetime

import pytest

from alarm_notifier.standing import StandingAlarms
from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import raised, suppressed

pytestmark = pytest.mark.integration


def test_the_metric_counts_no_alarm_that_is_suppressed_or_acknowledged(pool: Pool, theirs: Pool) -> None:
    for second, reason in enumerate(("low_battery", "shelved", "out_of_service")):
        raised(pool, second, reason=reason)
    raised(pool, 3, reason="acknowledged", acknowledged_at=datetime.now(UTC))
    suppressed(pool, reason="shelved", kind="shelved")
    suppressed(pool, reason="out_of_service", kind="out_of_service")
    alarms = StandingAlarms(theirs)
    alarms.step()

    (family,) = alarms.collect()
    assert [(sample.labels["reason"], sample.value) for sample in family.samples] == [("low_battery", 1)]
