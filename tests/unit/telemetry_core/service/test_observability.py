import socket

import pytest
import requests

from telemetry_core.service.observability import jobs_in_words, serve_metrics
from telemetry_core.service.settings import Settings


def job_ids(count: int) -> list[str]:
    return [f"kafka-SAT-001-{1_761_802_496_000 + i}" for i in range(count)]


def test_every_job_of_a_small_task_is_found_by_its_id() -> None:
    assert all(job_id in jobs_in_words(job_ids(20)).split(",") for job_id in job_ids(20))


def test_the_line_of_a_large_task_stays_short_and_names_its_ends() -> None:
    words = jobs_in_words(job_ids(200))
    assert words == "kafka-SAT-001-1761802496000..kafka-SAT-001-1761802496199 (200)"


def free_port() -> int:
    with socket.create_server(("127.0.0.2", 0)) as free:
        return int(free.getsockname()[1])


def test_metrics_answer_on_the_configured_address() -> None:
    port = free_port()
    serve_metrics(Settings(metrics_port=port, metrics_address="127.0.0.2"), list)
    answer = requests.get(f"http://127.0.0.2:{port}/metrics", timeout=5)
    assert "telemetry_samples_written_total" in answer.text


def test_health_says_what_is_wrong_and_is_well_without() -> None:
    port, problems = free_port(), ["stream has waited 40 s for kafka"]
    serve_metrics(Settings(metrics_port=port, metrics_address="127.0.0.2"), lambda: problems)
    ill = requests.get(f"http://127.0.0.2:{port}/healthz", timeout=5)
    problems.clear()
    well = requests.get(f"http://127.0.0.2:{port}/healthz", timeout=5)
    assert (ill.status_code, ill.text) == (503, "stream has waited 40 s for kafka")
    assert (well.status_code, well.text) == (200, "ok")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/"])
def test_metrics_of_a_name_that_is_not_ours_are_refused(path: str) -> None:
    port = free_port()
    serve_metrics(Settings(metrics_port=port, metrics_address="127.0.0.2"), list)
    answer = requests.get(
        f"http://127.0.0.2:{port}{path}", headers={"Host": f"evil.example:{port}"}, timeout=5
    )
    assert (answer.status_code, answer.text) == (421, "the service does not answer to this name")
