"""The REST routes over a real PostgreSQL."""

import re
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from operation_server.health.schemas import VERSION
from operation_server.jobs.documents import JobsOfModel, count_jobs, newest_documents
from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences, save_results
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.servers.running_api import RunningApi
from tests.integration.windows import window_ending, window_of

pytestmark = pytest.mark.integration

SERIES = [25.0, 26.1, 27.3, 28.5, 29.2, 30.1, 31.0, 32.4, 33.1, 34.5]
MANUAL: dict[str, Any] = {
    "model_name": "lstm_timeseries",
    "data": SERIES,
    "config": {"forecast_horizon": 5, "window_size": 10},
    "metadata": {"satellite_id": "SAT-001", "source": "manual"},
}
NOW = datetime(2025, 10, 30, 12, 34, 56, 789_000, tzinfo=UTC)


def post(api: RunningApi, body: Any, **headers: str) -> requests.Response:
    url = f"{api.url}/api/v1/inference/submit"
    if isinstance(body, str | bytes):
        return requests.post(
            url, data=body, headers={"Content-Type": "application/json", **headers}, timeout=20
        )
    return requests.post(url, json=body, headers=headers, timeout=20)


def get(api: RunningApi, path: str, **query: Any) -> requests.Response:
    return requests.get(api.url + path, params=query, timeout=20)


def problem(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    detail: str = body["detail"]
    return detail


def fetch(pool: Pool, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def verdict(job_id: str, subsystem: str = "series", **changes: Any) -> SubsystemInference:
    values: dict[str, Any] = {
        "job_id": job_id, "subsystem": subsystem, "model_name": "lstm_timeseries", "model_version": "1",
        "status": JobStatus.COMPLETED, "verdict": Verdict.NOMINAL, "input_data": {},
        "input_features": ("value",), "started_at": NOW, "completed_at": datetime.now(UTC),
        "predictions": [35.0, 36.0], "confidence": [0.9, 0.8],
        "anomaly_score": 0.25, "anomaly_detected": False, "inference_time_ms": 12.5, "model_type": "LSTM",
        **window_of(job_id),
    }  # fmt: skip
    return SubsystemInference(**{**values, **changes})


def finish(pool: Pool, job_id: str, **changes: Any) -> None:
    """Do what the worker does with a posted series."""
    job = Job(job_id=job_id, satellite_id="SAT-001", source="manual", trigger_reason=None, total_subsystems=1,
              created_at=NOW, metadata={})  # fmt: skip
    rows = [verdict(job_id, **changes)]
    with transaction(pool) as connection:
        save_inferences(connection, [job], rows)
        save_results(connection, [job], rows)


def submitted(api: RunningApi, body: Any = MANUAL) -> str:
    answer = post(api, body)
    assert answer.status_code == 200, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def test_submission_of_the_manual_answers_as_documented(api: RunningApi, api_pool: Pool) -> None:
    body = post(api, MANUAL).json()
    assert uuid.UUID(body["job_id"]).version == 4
    assert body == {
        "job_id": body["job_id"], "status": "pending",
        "message": "Inference job submitted to analysis server",
    }  # fmt: skip
    assert fetch(
        api_pool, "SELECT job_id, satellite_id, source, status, total_subsystems FROM inference_jobs"
    ) == [(body["job_id"], "SAT-001", "manual", "pending", 1)]
    assert fetch(api_pool, "SELECT subsystem, status, input_data FROM subsystem_inferences") == [
        ("series", "pending", {"series": SERIES, "config": {"forecast_horizon": 5, "window_size": 10}})
    ]


def test_task_carries_what_the_worker_needs_to_write_the_job(api: RunningApi) -> None:
    job_id = submitted(api)
    ((name, arguments, task_id),) = api.broker.sent
    assert (name, task_id) == ("analysis_server.tasks.run_inference", job_id)
    assert arguments[:4] == (job_id, "lstm_timeseries", SERIES, {"forecast_horizon": 5, "window_size": 10})
    metadata = arguments[4]
    assert (metadata["satellite_id"], metadata["source"], metadata["total_subsystems"]) == (
        "SAT-001",
        "manual",
        1,
    )
    assert datetime.fromisoformat(metadata["created_at"]).tzinfo is not None


def test_several_subsystems_are_one_job_with_a_task_each(api: RunningApi, api_pool: Pool) -> None:
    comm = {"rssi_dbm": SERIES, "data_backlog_mb": SERIES}
    body = {
        "model_name": "lstm_timeseries",
        "subsystems": {"eps": {"battery_voltage": SERIES}, "comm": comm},
        "metadata": {"satellite_id": "SAT-001", "trigger_reason": "manual_test"},
    }
    job_id = submitted(api, body)
    assert fetch(api_pool, "SELECT total_subsystems, trigger_reason FROM inference_jobs") == [
        (2, "manual_test")
    ]
    assert fetch(api_pool, "SELECT subsystem FROM subsystem_inferences ORDER BY 1") == [("comm",), ("eps",)]
    names = {name for name, _, _ in api.broker.sent}
    assert names == {"analysis_server.tasks.run_subsystem_inference"}
    by_subsystem = {arguments[1]: arguments for _, arguments, _ in api.broker.sent}
    assert by_subsystem["comm"][0] == job_id
    assert by_subsystem["comm"][2:6] == (
        "lstm_timeseries",
        comm,
        ["rssi_dbm", "data_backlog_mb"],
        {"model_version": "1"},
    )
    assert by_subsystem["eps"][6]["total_subsystems"] == 2


def test_broker_outage_stores_nothing_and_asks_to_retry(api: RunningApi, api_pool: Pool) -> None:
    api.broker.is_away = True
    answer = post(api, MANUAL)
    assert "rabbitmq unavailable" in problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert fetch(api_pool, "SELECT count(*) FROM inference_jobs") == [(0,)]


def series_request(**changes: Any) -> dict[str, Any]:
    return {**MANUAL, **changes}


def test_nine_values_are_refused_with_the_documented_detail(api: RunningApi) -> None:
    assert (
        problem(post(api, series_request(data=SERIES[:9])), 400) == "data must contain at least 10 elements"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (series_request(data=[1.0] * 10_001), "at most 10000 items"),
        (series_request(data=["1.0"] * 10), "valid number"),
        (series_request(data=[True] * 10), "valid number"),
        (series_request(data=[1e300] * 10), "less than or equal"),
        (series_request(data=[10**400] * 10), "data.0"),
        (series_request(data=None), "either data or subsystems"),
        (series_request(subsystems={"eps": {"battery_voltage": SERIES}}), "and not both"),
        (series_request(model_name="unknown"), "known: lstm_timeseries, moving_average"),
        (series_request(model_name="../etc"), "unknown model"),
        (series_request(config={"forecast_horizon": 65}), "less than or equal to 64"),
        (series_request(config={"forecast_horizon": 0}), "greater than or equal to 1"),
        (series_request(config={"window_size": 9}), "greater than or equal to 10"),
        (series_request(config={"window_size": 257}), "less than or equal to 256"),
        (series_request(config={"forecast_horizon": 5, "forecast_steps": 6}), "contradict each other"),
        (series_request(config={"forecast_horzion": 5}), "config.forecast_horzion"),
        (series_request(metadata={"satellite_id": 'SAT"} or up'}), "metadata.satellite_id"),
        (series_request(metadata={"source": "kafka_auto_trigger"}), "metadata.source"),
        (series_request(metadata={"note": "a\x00b"}), "NUL"),
        (series_request(metadata={"note": "x" * 20_000}), "16384 are allowed"),
        (series_request(metadata={"note": 2**70}), "stored as JSON"),
        ({"model_name": "lstm_timeseries", "subsystems": {"engine": {"a": SERIES}}}, "known: eps, thermal"),
        ({"model_name": "lstm_timeseries", "subsystems": {"eps": {"a": SERIES}}}, "eps.a: no channel"),
        ({"model_name": "lstm_timeseries", "subsystems": {"eps": {}}}, "subsystems.eps: no channel is given"),
        ({"model_name": "lstm_timeseries", "subsystems": {}}, "subsystems"),
    ],
)  # fmt: skip
def test_request_out_of_bounds_is_refused_with_its_reason(api: RunningApi, body: Any, said: str) -> None:
    assert said in problem(post(api, body), 422)
    assert api.broker.sent == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_invalid_number_is_refused_everywhere(api: RunningApi, number: str) -> None:
    data = f'{{"model_name": "lstm_timeseries", "data": [{", ".join([number] * 10)}]}}'
    assert "finite" in problem(post(api, data), 422)
    nested = f'{{"model_name": "lstm_timeseries", "data": {SERIES}, "metadata": {{"a": [{number}]}}}}'
    problem(post(api, nested), 422)


@pytest.mark.parametrize("body", ["", "{", "[" * 50_000, '{"a": "\\ud800"}', "null", "[]", "\xff"])
def test_body_that_is_no_request_is_refused(api: RunningApi, body: str) -> None:
    answer = post(api, body.encode("latin-1"))
    assert answer.status_code in {400, 422}
    problem(answer, answer.status_code)


def test_lone_surrogate_in_metadata_is_refused(api: RunningApi) -> None:
    body = f'{{"model_name": "lstm_timeseries", "data": {SERIES}, "metadata": {{"a": "\\ud800"}}}}'
    problem(post(api, body), 422)


def test_body_over_a_megabyte_is_refused_announced_or_not(api: RunningApi) -> None:
    body = b'{"model_name": "' + b"x" * 1_000_001 + b'"}'
    assert "exceeds" in problem(post(api, body), 413)

    def chunks() -> Any:
        for _ in range(110):
            yield b"x" * 10_000

    url = f"{api.url}/api/v1/inference/submit"
    chunked = requests.post(url, data=chunks(), headers={"Content-Type": "application/json"}, timeout=20)
    assert "exceeds" in problem(chunked, 413)


def test_body_that_does_not_call_itself_json_is_refused(api: RunningApi) -> None:
    url = f"{api.url}/api/v1/inference/submit"
    answer = requests.post(url, data="{}", headers={"Content-Type": "text/plain"}, timeout=20)
    assert "application/json" in problem(answer, 415)


def test_repeated_idempotency_key_returns_the_same_job(api: RunningApi, api_pool: Pool) -> None:
    answers = [post(api, MANUAL, **{"Idempotency-Key": "pass-42"}) for _ in range(3)]
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert fetch(api_pool, "SELECT count(*) FROM inference_jobs") == [(1,)]
    assert len(api.broker.sent) == 1


def test_idempotency_key_with_another_body_is_refused(api: RunningApi) -> None:
    post(api, MANUAL, **{"Idempotency-Key": "pass-42"})
    other = series_request(data=[*SERIES[:-1], 99.0])
    assert "another body" in problem(post(api, other, **{"Idempotency-Key": "pass-42"}), 422)


def test_idempotency_key_in_flight_is_refused(api: RunningApi) -> None:
    api.broker.gate.clear()
    first: list[requests.Response] = []
    key = {"Idempotency-Key": "pass-42"}
    thread = threading.Thread(target=lambda: first.append(post(api, MANUAL, **key)))
    thread.start()
    try:
        assert api.broker.reached.wait(timeout=10)
        assert "in flight" in problem(post(api, MANUAL, **key), 409)
    finally:
        api.broker.gate.set()
        thread.join(timeout=20)
    assert first[0].status_code == 200


def test_idempotency_key_of_a_failed_submission_is_free_again(api: RunningApi) -> None:
    api.broker.is_away = True
    assert post(api, MANUAL, **{"Idempotency-Key": "k"}).status_code == 503
    api.broker.is_away = False
    assert post(api, MANUAL, **{"Idempotency-Key": "k"}).status_code == 200


def test_idempotency_key_expires_after_a_day(api: RunningApi, api_pool: Pool) -> None:
    key = {"Idempotency-Key": "pass-42"}
    first = post(api, MANUAL, **key).json()["job_id"]
    with transaction(api_pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.idempotency_keys SET created_at = created_at - interval '25 hours'")
    assert post(api, MANUAL, **key).json()["job_id"] != first


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


RANGE = {"start_time": "2025-10-30T12:30:00Z", "end_time": "2025-10-30T12:40:00Z"}


def test_raw_trend_summarises_what_victoria_metrics_holds(api: RunningApi) -> None:
    api.victoria.samples = [(NOW.timestamp(), 40.0), (NOW.timestamp() + 3, 42.0)]
    trend = get(
        api, "/api/v1/trends/raw", metric="satellite_temperature", satellite_id="SAT-001", **RANGE
    ).json()
    assert [point["value"] for point in trend["data_points"]] == [40.0, 42.0]
    assert trend["summary"] == {"count": 2, "mean": 41.0, "min": 40.0, "max": 42.0, "std": 1.0}
    assert (
        api.victoria.queries[-1]["query"]
        == 'last_over_time({__name__="satellite_temperature",satellite_id="SAT-001"}[1s])'
    )
    other = get(api, "/api/v1/trends/satellite/SAT-001/metric/satellite_temperature", **RANGE).json()
    assert other == trend


@pytest.mark.parametrize("name", ["nan", "NaN", "inf", "Infinity"])
def test_number_is_no_name_of_a_metric(api: RunningApi, name: str) -> None:
    refused = problem(get(api, "/api/v1/trends/raw", metric=name, **RANGE), 422)
    assert f"{name} is a number, not a metric" in refused


def test_empty_trend_is_valid(api: RunningApi) -> None:
    trend = get(api, "/api/v1/trends/raw", metric="satellite_temperature", **RANGE).json()
    assert trend["summary"] == {"count": 0, "mean": None, "min": None, "max": None, "std": None}


@pytest.mark.parametrize(
    "query",
    [
        {"metric": 'up{a="b"} or x'}, {"satellite_id": 'SAT"} or up{a="'},
        {"end_time": "2025-10-30T12:00:00Z"}, {"start_time": "2023-10-30T12:00:00Z"},
        {"start_time": "0001-01-01T00:00:00Z"}, {"start_time": "soon"},
    ],
)  # fmt: skip
def test_trend_built_from_free_text_is_refused(api: RunningApi, query: dict[str, str]) -> None:
    asked = {"metric": "satellite_temperature", **RANGE, **query}
    problem(get(api, "/api/v1/trends/raw", **asked), 422)
    assert api.victoria.queries == []


def test_forecasts_are_a_series_in_generation_time(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool, NOW)
    telemetry_job(api_pool, NOW + timedelta(seconds=3))
    telemetry_job(api_pool, NOW, satellite_id="SAT-0011")
    asked = {"model_name": "lstm_timeseries", "satellite_id": "SAT-001", **RANGE}
    trend = get(api, "/api/v1/trends/prediction", **asked).json()
    assert trend["metric_name"] == "lstm_timeseries_prediction"
    assert [point["value"] for point in trend["data_points"]] == [41.0, 41.0, 42.0]
    first = datetime.fromisoformat(trend["data_points"][0]["timestamp"])
    assert first == NOW + timedelta(seconds=3)


@pytest.mark.parametrize("interval_s", [1, 60, 120])
def test_forecast_reaches_into_a_range_that_begins_after_it_was_made(
    api: RunningApi, api_pool: Pool, interval_s: int
) -> None:
    horizon = load_mission(Settings().mission_file).subsystems["thermal"].horizon
    start, interval = datetime.fromisoformat(RANGE["start_time"]), timedelta(seconds=interval_s)
    for age in (horizon + 0.5, horizon - 0.5):
        telemetry_job(api_pool, start - age * interval, interval_s=interval_s, steps=horizon)
    asked = {"model_name": "lstm_timeseries", "satellite_id": "SAT-001", **RANGE}
    points = get(api, "/api/v1/trends/prediction", **asked).json()["data_points"]
    assert [(datetime.fromisoformat(point["timestamp"]) - start, point["value"]) for point in points] == [
        (interval / 2, 40.0 + horizon)
    ]


def test_comparison_pairs_by_time(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool, NOW)
    at_s = NOW.timestamp()
    api.victoria.samples = [(at_s, 0.0), (at_s + 3, 40.0), (at_s + 6, 44.0), (at_s + 9, 50.0)]
    asked = {
        "raw_metric": "satellite_temperature",
        "model_name": "lstm_timeseries",
        "satellite_id": "SAT-001",
    }
    found = get(api, "/api/v1/trends/compare", **asked, **RANGE).json()
    assert (found["pairs"], found["mae"], found["rmse"], found["correlation"]) == (2, 1.5, 1.5811, 1.0)
    path = "/api/v1/trends/comparison/SAT-001/satellite_temperature"
    assert get(api, path, **RANGE).json() == found


def test_metric_without_forecast_is_refused(api: RunningApi) -> None:
    asked = {
        "model_name": "lstm_timeseries",
        "satellite_id": "SAT-001",
        "metric": "satellite_latitude",
        **RANGE,
    }
    assert "no model forecasts" in problem(get(api, "/api/v1/trends/prediction", **asked), 422)


def test_metrics_and_satellites_come_from_victoria_metrics(api: RunningApi) -> None:
    assert get(api, "/api/v1/trends/metrics").json() == {
        "metrics": ["satellite_rssi", "satellite_temperature"], "count": 2, "source": "victoria-metrics",
    }  # fmt: skip
    assert get(api, "/api/v1/trends/satellites").json() == {"satellites": ["SAT-001", "SAT-002"], "count": 2}


def test_who_answers_and_that_it_lives(api: RunningApi) -> None:
    assert get(api, "/").json() == {
        "service": "Operation Server", "version": VERSION, "status": "running", "type": "api_server",
    }  # fmt: skip
    healthy = {"status": "healthy", "server_type": "operation_server"}
    assert get(api, "/health").json() == get(api, "/livez").json() == healthy


def test_metrics_count_requests_by_route_template(api: RunningApi) -> None:
    get(api, "/api/v1/inference/status/one-job")
    text = get(api, "/metrics").text
    assert (
        'http_request_seconds_count{method="GET",route="/api/v1/inference/status/{job_id}",status="404"}'
        in text
    )
    assert "one-job" not in text


def test_no_other_origin_may_read(api: RunningApi) -> None:
    answer = requests.get(f"{api.url}/health", headers={"Origin": "http://elsewhere.example"}, timeout=20)
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_docs_page_needs_nothing_from_the_internet(api: RunningApi) -> None:
    page = get(api, "/docs").text
    addresses = re.findall(r"(?:src|href)=[\"']([^\"']+)", page)
    assert {urlsplit(address).netloc for address in addresses} == {""}
    assert {get(api, address).status_code for address in addresses} == {200}


@pytest.mark.parametrize("body", [b"\xff\xfe{", b'{"data": \xe9}', b'{"data": [' + b"9" * 5000 + b"]}"])
def test_body_that_can_not_even_be_read_is_refused_like_a_wrong_one(api: RunningApi, body: bytes) -> None:
    answer = requests.post(
        f"{api.url}/api/v1/inference/submit",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 422
