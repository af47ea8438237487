import socket

import requests

from telemetry_core.observability import jobs_in_words, serve_metrics
from telemetry_core.settings import Settings


def job_ids(count: int) -> list[str]:
    return [f"kafka-SAT-001-{1_761_802_496_000 + i}" for i in range(count)]


def test_every_job_of_a_small_task_is_found_by_its_id() -> None:
    assert all(job_id in jobs_in_words(job_ids(20)).split(",") for job_id in job_ids(20))


def test_the_line_of_a_large_task_stays_short_and_names_its_ends() -> None:
    words = jobs_in_words(job_ids(200))
    assert words == "kafka-SAT-001-1761802496000..kafka-SAT-001-1761802496199 (200)"


def test_metrics_answer_on_the_configured_address() -> None:
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]
    serve_metrics(Settings(metrics_port=port, metrics_address="127.0.0.2"))
    answer = requests.get(f"http://127.0.0.2:{port}/metrics", timeout=5)
    assert "telemetry_samples_written_total" in answer.text
