"""Jobs, their results, history and statistics over a real PostgreSQL."""

from datetime import UTC, datetime

import pytest

from operation_server.jobs.documents import JobsOfModel, count_jobs, newest_documents
from telemetry_core.contract.inferences import Job, JobStatus, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.calls import MANUAL, NOW, finish, get, problem, series_request, submitted, verdict
from tests.integration.postgres.windows import window_ending
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_status_and_result_of_a_pending_job_are_valid(api: RunningApi) -> None:
    job_id = submitted(api)
    status = get(api, f"/api/v1/inference/status/{job_id}").json()
    assert {**status, "created_at": None} == {
        "job_id": job_id, "model_name": "lstm_timeseries", "status": "pending", "created_at": None,
        "completed_at": None, "error_message": None,
    }  # fmt: skip
    result = get(api, f"/api/v1/inference/result/{job_id}").json()
    assert (result["status"], result["predictions"], result["confidence"]) == ("pending", None, None)
    assert result["metrics"] == {}
    assert result["metadata"] == MANUAL["metadata"] | {
        "created_at": status["created_at"].replace("Z", "+00:00"), "submitted_from": "operation_server",
    }  # fmt: skip


def test_result_of_a_completed_job_holds_the_forecast(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    finish(api_pool, job_id)
    result = get(api, f"/api/v1/inference/result/{job_id}").json()
    assert (result["status"], result["predictions"], result["confidence"]) == (
        "completed",
        [35.0, 36.0],
        [0.9, 0.8],
    )
    assert result["metrics"]["model_type"] == "LSTM"
    assert result["metadata"].items() >= MANUAL["metadata"].items()
    assert result["metadata"]["processed_by"] is None
    assert result["completed_at"] >= result["created_at"]
    assert result["subsystems"][0]["anomaly_score"] == 0.25


def test_failed_job_says_why(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    finish(api_pool, job_id, status=JobStatus.FAILED, verdict=None, predictions=None, confidence=None,
           anomaly_score=None, anomaly_detected=None, error_message="model gone")  # fmt: skip
    status = get(api, f"/api/v1/inference/status/{job_id}").json()
    assert (status["status"], status["error_message"]) == ("failed", "series: model gone")


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/inference/status/nothing", "Job not found"),
        ("/api/v1/inference/result/nothing", "Result not found"),
        ("/api/v1/results/nothing", "Result not found"),
        ("/api/v1/nowhere", "Not Found"),
    ],
)
def test_what_does_not_exist_is_404_with_the_documented_detail(
    api: RunningApi, path: str, detail: str
) -> None:
    assert problem(get(api, path), 404) == detail


def test_hostile_job_id_is_refused(api: RunningApi) -> None:
    problem(get(api, "/api/v1/inference/status/a%00b"), 422)
    problem(get(api, "/api/v1/inference/status/" + "a" * 300), 422)


def telemetry_job(
    pool: Pool, at: datetime = NOW, satellite_id: str = "SAT-001", *, interval_s: float = 3, steps: int = 2
) -> str:
    generated_us = microseconds_of(at)
    job_id = job_id_of(satellite_id, generated_us)
    job = Job(job_id=job_id, satellite_id=satellite_id, source="kafka_auto_trigger",
              trigger_reason="low_battery", total_subsystems=2, created_at=datetime.now(UTC),
              metadata={"lane": "live"})  # fmt: skip
    window = window_ending(at, interval_s=interval_s)
    rows = [
        verdict(job_id, "thermal", **window, input_features=("battery_temp", "obc_temp"),
                predictions=[[0.0, 41.0 + step] for step in range(steps)]),
        verdict(job_id, "eps", **window, verdict=Verdict.ANOMALOUS, anomaly_detected=True,
                anomaly_score=0.9),
    ]  # fmt: skip
    with transaction(pool) as connection:
        save_inferences(connection, [job], rows)
    return job_id


def test_history_holds_posted_and_telemetry_jobs_newest_first(api: RunningApi, api_pool: Pool) -> None:
    posted = submitted(api, series_request(model_name="moving_average"))
    seen = telemetry_job(api_pool)
    page = get(api, "/api/v1/results/history").json()
    assert [row["job_id"] for row in page["results"]] == [seen, posted]
    assert (page["count"], page["total"], page["limit"], page["offset"]) == (2, 2, 100, 0)
    assert get(api, "/api/v1/query/history").json() == page
    one = get(api, "/api/v1/results/history", model_name="moving_average").json()
    assert ([row["job_id"] for row in one["results"]], one["total"]) == ([posted], 1)
    second = get(api, "/api/v1/results/history", limit=1, offset=1).json()
    assert [row["job_id"] for row in second["results"]] == [posted]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"offset": 10_001}])
def test_page_out_of_bounds_is_refused(api: RunningApi, query: dict[str, int]) -> None:
    problem(get(api, "/api/v1/results/history", **query), 422)


def test_row_of_a_telemetry_job_shows_its_subsystems(api: RunningApi, api_pool: Pool) -> None:
    row = get(api, f"/api/v1/results/{telemetry_job(api_pool)}").json()
    assert (row["satellite_id"], row["predictions"]) == ("SAT-001", None)
    assert [(item["subsystem"], item["verdict"]) for item in row["subsystems"]] == [
        ("eps", "anomalous"), ("thermal", "nominal"),
    ]  # fmt: skip


def test_statistics_of_an_empty_database_are_zero(api: RunningApi) -> None:
    assert get(api, "/api/v1/results/stats/summary").json() == {
        "total_jobs": 0, "completed": 0, "failed": 0, "success_rate": 0.0, "models_used": {},
    }  # fmt: skip


def test_page_of_a_model_counts_jobs_of_as_many_subsystems_as_the_mission_has(api_pool: Pool) -> None:
    parts = [f"part_{number:02d}" for number in range(25)]
    for name in ("first", "second", "third"):
        job = Job(job_id=name, satellite_id="SAT-001", source="manual", trigger_reason=None,
                  total_subsystems=len(parts), created_at=NOW, metadata={})  # fmt: skip
        with transaction(api_pool) as connection:
            save_inferences(connection, [job], [verdict(name, part) for part in parts])
    of = JobsOfModel(model_name="lstm_timeseries", rows_each=len(parts))
    with transaction(api_pool) as connection:
        assert count_jobs(connection, of=of) == 3
        assert len(newest_documents(connection, limit=3, of=of)) == 3


def test_statistics_count_jobs_and_their_models(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool)
    finish(api_pool, submitted(api))
    submitted(api, series_request(model_name="moving_average"))
    assert get(api, "/api/v1/results/stats/summary").json() == {
        "total_jobs": 3, "completed": 2, "failed": 0, "success_rate": 66.67,
        "models_used": {"lstm_timeseries": 2, "moving_average": 1},
    }  # fmt: skip


def test_throughput_counts_the_last_minute_only(api: RunningApi, api_pool: Pool) -> None:
    finish(api_pool, submitted(api))
    finish(api_pool, submitted(api))
    with transaction(api_pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inference_jobs SET completed_at = completed_at - interval '2 minutes' WHERE job_id ="
            " (SELECT min(job_id) FROM inference_jobs)"
        )
    assert get(api, "/api/v1/dashboard/live-stats").json()["throughput_per_minute"] == 1.0


def test_dashboard_shows_recent_jobs_models_and_patterns(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api, series_request(metadata={"pattern": "linear"}))
    finish(api_pool, job_id)
    recent = get(api, "/api/v1/dashboard/recent", limit=1).json()
    assert (recent["count"], recent["results"][0]["job_id"]) == (1, job_id)
    comparison = get(api, "/api/v1/dashboard/model-comparison").json()["comparison"]
    assert set(comparison) == {"lstm_timeseries", "moving_average"}
    assert (comparison["lstm_timeseries"]["completed"], comparison["moving_average"]["total"]) == (1, 0)
    (pattern,) = get(api, "/api/v1/dashboard/patterns").json()["patterns"]
    assert (pattern["pattern"], pattern["count"]) == ("linear", 1)
