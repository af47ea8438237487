"""A posted series, over a real PostgreSQL."""

import threading
import uuid
from datetime import datetime
from typing import Any

import pytest
import requests

from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.calls import MANUAL, SERIES, fetch, post, problem, series_request, submitted
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


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


@pytest.mark.parametrize("body", [b"\xff\xfe{", b'{"data": \xe9}', b'{"data": [' + b"9" * 5000 + b"]}"])
def test_body_that_can_not_even_be_read_is_refused_like_a_wrong_one(api: RunningApi, body: bytes) -> None:
    answer = requests.post(
        f"{api.url}/api/v1/inference/submit",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 422
