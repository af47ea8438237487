"""What the console reads of the mission, forecasts, verdicts and jobs, over a real PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from operation_server.jobs.cursors import decode_cursor
from operation_server.jobs.routes import Filters, read_page
from operation_server.telemetry.schemas import Forecasts
from telemetry_core.contract.inferences import Job, JobStatus, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.calls import NOW, finish, get, problem, submitted, verdict
from tests.integration.api.test_jobs import telemetry_job
from tests.integration.postgres.windows import window_ending
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

RANGE = {"start_time": "2025-10-30T12:30:00Z", "end_time": "2025-10-30T12:40:00Z"}


def forecast_job(pool: Pool, at: datetime, satellite_id: str = "SAT-001", **changes: Any) -> str:
    """Do what the worker does with a window of a telemetry message."""
    job_id = job_id_of(satellite_id, microseconds_of(at))
    source = changes.pop("source", "kafka_auto_trigger")
    job = Job(job_id=job_id, satellite_id=satellite_id, source=source, trigger_reason="low_battery",
              total_subsystems=1, created_at=at + timedelta(seconds=1))  # fmt: skip
    steps = [[1.0, 40.0], [2.0, 41.0]]
    band = {"lower": steps, "upper": steps}
    row = verdict(job_id, "thermal", **{
        **window_ending(at, interval_s=3), "input_features": ("battery_temp", "obc_temp"),
        "predictions": steps, "bands": {"50": band, "90": band}, **changes,
    })  # fmt: skip
    with transaction(pool) as connection:
        save_inferences(connection, [job], [row])
    return job_id


def test_mission_names_its_models_and_bounds(api: RunningApi) -> None:
    mission = get(api, "/api/v1/mission").json()
    assert mission["models"] == ["lstm_timeseries", "moving_average"]
    assert (mission["name"], mission["anomaly_threshold"], mission["min_points"]) == ("default", 0.7, 10)


def test_forecasts_stand_side_by_side_in_time_order(api: RunningApi, api_pool: Pool) -> None:
    made = [forecast_job(api_pool, NOW + timedelta(seconds=3 * index)) for index in range(3)]
    forecast_job(api_pool, NOW, satellite_id="SAT-0011")
    posted: dict[str, Any] = {"generated_at": None, "window_start": None, "sample_count": None}
    forecast_job(api_pool, NOW + timedelta(seconds=1), source="test", **posted)
    body = get(api, "/api/v1/forecasts/SAT-001", subsystem="thermal", **RANGE).json()
    assert Forecasts.model_validate(body).model_dump(mode="json") == body
    assert [forecast["job_id"] for forecast in body["forecasts"]] == made
    first = body["forecasts"][0]
    assert datetime.fromisoformat(first["made_at"]) == NOW
    assert first["times"] == [NOW.timestamp() + 3, NOW.timestamp() + 6]
    assert first["channels"]["obc_temp"]["lower_90"] == [40.0, 41.0]
    assert (body["model_name"], body["is_thinned"]) == ("lstm_timeseries", False)


def test_thinned_forecasts_are_spread_evenly_and_keep_the_newest(api: RunningApi, api_pool: Pool) -> None:
    made = [forecast_job(api_pool, NOW + timedelta(seconds=index)) for index in range(7)]
    body = get(api, "/api/v1/forecasts/SAT-001", subsystem="thermal", size=3, **RANGE).json()
    assert [forecast["job_id"] for forecast in body["forecasts"]] == [made[0], made[3], made[6]]
    assert body["is_thinned"] is True


def test_verdict_without_forecast_is_none_of_the_forecasts(api: RunningApi, api_pool: Pool) -> None:
    forecast_job(api_pool, NOW, predictions=None, bands=None, verdict=Verdict.WARMING_UP)
    body = get(api, "/api/v1/forecasts/SAT-001", subsystem="thermal", **RANGE).json()
    assert (body["forecasts"], body["is_thinned"]) == ([], False)


def test_forecasts_of_a_subsystem_that_the_mission_lacks_are_refused(api: RunningApi) -> None:
    refused = get(api, "/api/v1/forecasts/SAT-001", subsystem="payload", **RANGE)
    assert "known: eps, thermal, aocs, comm" in problem(refused, 422)


def test_verdicts_are_listed_by_generation_time_newest_first(api: RunningApi, api_pool: Pool) -> None:
    newer = telemetry_job(api_pool, NOW + timedelta(milliseconds=1))
    older = telemetry_job(api_pool, NOW)
    telemetry_job(api_pool, NOW, satellite_id="SAT-0011")
    telemetry_job(api_pool, NOW - timedelta(hours=1))
    asked = {"satellite_id": "SAT-001", **RANGE}
    found = get(api, "/api/v1/verdicts", **asked).json()
    assert [(item["job_id"], item["subsystem"]) for item in found["verdicts"]] == [
        (newer, "eps"), (newer, "thermal"), (older, "eps"), (older, "thermal"),
    ]  # fmt: skip
    assert found["is_truncated"] is False
    cut = get(api, "/api/v1/verdicts", **asked, limit=1).json()
    assert (cut["verdicts"], cut["is_truncated"]) == (found["verdicts"][:1], True)
    (eps, _) = get(api, "/api/v1/verdicts", **asked, subsystem="eps").json()["verdicts"]
    assert datetime.fromisoformat(eps["generated_at"]) == NOW + timedelta(milliseconds=1)
    assert (eps["verdict"], eps["anomaly_score"], eps["trigger_reason"]) == ("anomalous", 0.9, "low_battery")


def test_failed_verdict_is_listed_as_failed(api: RunningApi, api_pool: Pool) -> None:
    forecast_job(
        api_pool, NOW, status=JobStatus.FAILED, verdict=None, predictions=None, bands=None,
        anomaly_score=None, anomaly_detected=None, error_message="model gone",
    )  # fmt: skip
    (found,) = get(api, "/api/v1/verdicts", satellite_id="SAT-001", **RANGE).json()["verdicts"]
    assert (found["status"], found["verdict"], found["anomaly_detected"]) == ("failed", None, None)


def test_pages_repeat_and_skip_nothing_while_jobs_arrive(api: RunningApi, api_pool: Pool) -> None:
    at = [NOW, NOW, NOW, NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)]
    made = [forecast_job(api_pool, moment, f"SAT-{index}") for index, moment in enumerate(at)]
    first = get(api, "/api/v1/jobs", limit=2).json()
    forecast_job(api_pool, NOW + timedelta(seconds=9), "SAT-9")
    second = get(api, "/api/v1/jobs", limit=2, cursor=first["next_cursor"]).json()
    third = get(api, "/api/v1/jobs", limit=2, cursor=second["next_cursor"]).json()
    listed = [item["job_id"] for page in (first, second, third) for item in page["jobs"]]
    assert listed == [made[4], made[3], made[2], made[1], made[0]]
    assert third["next_cursor"] is None


def test_page_that_found_too_little_goes_on_where_it_stopped_looking(api_pool: Pool) -> None:
    made = [forecast_job(api_pool, NOW + timedelta(seconds=index), f"SAT-{index}") for index in range(5)]
    with transaction(api_pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inference_jobs SET trigger_reason = 'rare' WHERE job_id = ANY (%s)", ([made[1], made[0]],)
        )
        pages = pages_seen_in_parts(connection, Filters(trigger_reason="rare"), ceiling=2)
    assert pages == [[], [made[1]], [made[0]]]


def pages_seen_in_parts(connection: Connection, filters: Filters, *, ceiling: int) -> list[list[str]]:
    page = read_page(connection, filters, None, limit=50, ceiling=ceiling)
    pages = [[item.job_id for item in page.jobs]]
    while page.next_cursor is not None:
        page = read_page(connection, filters, decode_cursor(page.next_cursor), limit=50, ceiling=ceiling)
        pages.append([item.job_id for item in page.jobs])
    return pages


def test_jobs_are_found_by_each_of_their_properties(api: RunningApi, api_pool: Pool) -> None:
    seen = telemetry_job(api_pool)
    posted = submitted(api)
    finish(api_pool, posted)
    for filters, found in [
        ({"satellite_id": "SAT-001"}, {seen, posted}), ({"satellite_id": "SAT-00"}, set()),
        ({"source": "kafka_auto_trigger"}, {seen}), ({"status": "completed"}, {seen, posted}),
        ({"status": "failed"}, set()), ({"subsystem": "eps"}, {seen}), ({"subsystem": "series"}, {posted}),
        ({"subsystem": "eps", "model_name": "lstm_timeseries"}, {seen}),
        ({"model_name": "moving_average"}, set()), ({"trigger_reason": "low_battery"}, {seen}),
        ({"start_time": "2100-01-01T00:00:00Z"}, set()),
        ({"end_time": "2100-01-01T00:00:00Z"}, {seen, posted}),
    ]:  # fmt: skip
        listed = get(api, "/api/v1/jobs", **filters).json()["jobs"]
        assert {item["job_id"] for item in listed} == found, filters


def test_listed_job_counts_its_anomalies(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool)
    (item,) = get(api, "/api/v1/jobs").json()["jobs"]
    assert (item["anomalies"], item["model_name"], item["completed_subsystems"]) == (1, "lstm_timeseries", 2)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "a" * 1001, "ü", "MS9hAGI="])
def test_cursor_that_no_answer_held_is_refused_with_what_to_do(api: RunningApi, cursor: str) -> None:
    assert "cursor" in problem(get(api, "/api/v1/jobs", cursor=cursor), 422)


def test_job_shows_its_stages_and_each_subsystem(api: RunningApi, api_pool: Pool) -> None:
    job = get(api, f"/api/v1/jobs/{telemetry_job(api_pool)}").json()
    assert [item["subsystem"] for item in job["subsystems"]] == ["eps", "thermal"]
    assert (job["metadata"], job["anomalies"]) == ({"lane": "live"}, 1)
    assert job["stages"]["inference_ms"] == 12.5
    assert job["subsystems"][1]["predictions"] == [[0.0, 41.0], [0.0, 42.0]]
    assert job["subsystems"][1]["sample_count"] == 10


def test_pending_job_has_no_stages_yet(api: RunningApi) -> None:
    job = get(api, f"/api/v1/jobs/{submitted(api)}").json()
    assert set(job["stages"].values()) == {None}
    assert (job["status"], job["anomalies"], job["completed_at"]) == ("pending", 0, None)


def test_job_that_is_not_there_is_404(api: RunningApi) -> None:
    assert problem(get(api, "/api/v1/jobs/nothing"), 404) == "Job not found"
    problem(get(api, "/api/v1/jobs/a%00b"), 422)
