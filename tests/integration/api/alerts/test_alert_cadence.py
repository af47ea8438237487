"""A limit that flaps at a cadence of minutes is one alert, and costs what one at one of seconds does."""

from datetime import timedelta
from typing import Final

import pytest

from operation_server.alerts.episodes import Sign
from operation_server.alerts.store import open_episodes
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.alerts.test_alert_cost import EPISODES, REASON, START, rows_read
from tests.integration.api.calls import verdict
from tests.integration.windows import window_ending

pytestmark = pytest.mark.integration

FAST_S, SLOW_S = 20, 300
"""Three of the first are the shortest hold; of the second, a quarter of an hour."""
STEPS: Final = 64
SIGN: Final = Sign(subsystem="eps", reason=REASON)


def save(connection: Connection, satellite_id: str, *, interval_s: int, breaches: list[bool]) -> None:
    """Store judged windows of that cadence, of which some break the limit."""
    times = [START + timedelta(seconds=interval_s * number) for number in range(len(breaches))]
    jobs = [
        Job(
            job_id=job_id_of(satellite_id, microseconds_of(time)), satellite_id=satellite_id,
            source="kafka_auto_trigger", trigger_reason=reason, trigger_reasons=(reason,),
            total_subsystems=1, created_at=START, metadata={"lane": "live"},
        )
        for time, is_breach in zip(times, breaches, strict=True)
        for reason in [REASON if is_breach else "periodic_check"]
    ]  # fmt: skip
    windows = [window_ending(time, interval_s=interval_s, samples=STEPS) for time in times]
    rows = [verdict(job.job_id, "eps", **window) for job, window in zip(jobs, windows, strict=True)]
    save_inferences(connection, jobs, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize("breach_every", [1, 3], ids=["lasting", "flapping"])
@pytest.mark.parametrize("statement", ["open_limits", EPISODES])
def test_an_open_alert_costs_the_same_at_any_cadence(pool: Pool, statement: str, breach_every: int) -> None:
    breaches = [number % breach_every == 0 for number in range(400)]
    with transaction(pool) as connection:
        for satellite_id, interval_s in (("FAST", FAST_S), ("SLOW", SLOW_S)):
            save(connection, satellite_id, interval_s=interval_s, breaches=breaches)
        fast, slow = (rows_read(connection, statement, satellites=[name]) for name in ("FAST", "SLOW"))
        assert slow <= 1.5 * fast


@pytest.mark.parametrize(("quiet", "is_open"), [(0, True), (2, True), (3, False)])
@pytest.mark.parametrize("interval_s", [FAST_S, SLOW_S])
def test_flapping_limit_is_one_alert_until_three_intervals_without_a_breach(
    pool: Pool, interval_s: int, quiet: int, *, is_open: bool
) -> None:
    breaches = [number % 3 == 0 for number in range(31)] + [False] * quiet
    with transaction(pool) as connection:
        save(connection, "SAT-001", interval_s=interval_s, breaches=breaches)
        found = open_episodes(connection, ["SAT-001"], [SIGN])
        assert [(one.is_open, one.verdict_count) for one in found] == ([(True, 11)] if is_open else [])
