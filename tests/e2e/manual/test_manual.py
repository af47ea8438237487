"""The operator's manual, typed as it stands: commands, queries and the batch client."""

import csv
import json
import re
import subprocess
import time
import uuid
from typing import Any

import pytest
import requests

from testbed.running_platform import Platform
from testbed.supervised import CHECKOUT, wait_until
from tests.e2e.manual.queries import COLUMNS, INDEXES, QUERIES

API = "http://localhost:8000/api/v1"
SERIES = [25.0, 26.1, 27.3, 28.5, 29.2, 30.1, 31.0, 32.4, 33.1, 34.5]

pytestmark = pytest.mark.e2e


def shell(command: str) -> str:
    """Run a command where `. deploy/native/env` was typed before, and return what it printed."""
    outcome = subprocess.run(
        ["bash", "-c", f". deploy/native/env && {command}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert outcome.returncode == 0, f"{command}\n{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout


def completed(job_id: str) -> dict[str, Any]:
    """Wait for the result of a job."""

    def result() -> dict[str, Any] | None:
        answer = requests.get(f"{API}/inference/result/{job_id}", timeout=10)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body if body["status"] in {"completed", "failed"} else None

    found = wait_until(result, f"job {job_id} completes", within_s=30)
    assert found is not None
    return found


class TestInference:
    """Section 5."""

    def test_batch_client_prints_ten_times_completed(self) -> None:
        job_ids = []
        for i in range(10):
            response = requests.post(
                f"{API}/inference/submit",
                json={
                    "model_name": "lstm_timeseries",
                    "data": [25.0 + i * 0.1] * 10,
                    "config": {"forecast_horizon": 5},
                },
                timeout=10,
            )
            assert response.status_code == 200, response.text
            job_ids.append(response.json()["job_id"])
        last_submission = time.monotonic()
        results = [completed(job_id) for job_id in job_ids]
        assert time.monotonic() - last_submission < 5
        assert [result["status"] for result in results] == ["completed"] * 10
        assert all(len(result["predictions"]) == 5 for result in results)

    def test_curl_submission_is_pending_then_completed_and_in_the_job_table(self, platform: Platform) -> None:
        body = {
            "model_name": "lstm_timeseries",
            "data": SERIES,
            "config": {"forecast_horizon": 5, "window_size": 10},
            "metadata": {"satellite_id": "SAT-001", "source": "manual"},
        }
        request = f"curl -sS -X POST {API}/inference/submit -H 'Content-Type: application/json'"
        printed = shell(f"{request} -d '{json.dumps(body)}'")
        answer = json.loads(printed)
        assert list(answer) == ["job_id", "status", "message"]
        assert uuid.UUID(answer["job_id"]).version == 4
        assert answer["status"] == "pending"
        assert answer["message"] == "Inference job submitted to analysis server"
        result = completed(answer["job_id"])
        assert (result["model_name"], len(result["predictions"])) == ("lstm_timeseries", 5)
        status = requests.get(f"{API}/inference/status/{answer['job_id']}", timeout=10).json()
        assert status["status"] == "completed"
        found = platform.query(
            "SELECT satellite_id, source, status FROM inference_jobs WHERE job_id = %s", answer["job_id"]
        )
        assert found == [("SAT-001", "manual", "completed")]
        platform.query("DELETE FROM inference_jobs WHERE job_id = %s", answer["job_id"])

    def test_unknown_job_is_404_with_the_documented_detail(self) -> None:
        answer = requests.get(f"{API}/inference/status/{uuid.uuid4()}", timeout=10)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Job not found")


def psql(query: str) -> list[list[str]]:
    """Type a query into psql and return header and rows."""
    outcome = subprocess.run(
        ["bash", "-c", ". deploy/native/env && psql -U admin -d orders_db -v ON_ERROR_STOP=1 --csv"],
        cwd=CHECKOUT,
        input=query,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return list(csv.reader(outcome.stdout.splitlines()))


class TestDatabase:
    """Section 3 and 7.2."""

    @pytest.mark.parametrize("section", COLUMNS)
    def test_query_prints_the_stated_columns(self, section: str) -> None:
        assert psql(QUERIES[section])[0] == COLUMNS[section].split()

    @pytest.mark.parametrize("section", sorted(QUERIES.keys() - COLUMNS.keys()))
    def test_clean_up_is_accepted(self, section: str) -> None:
        assert psql(QUERIES[section])[0][0].startswith("DELETE ")

    def test_list_of_tables_holds_exactly_three(self) -> None:
        printed = shell(r"psql -U admin -d orders_db -At -c '\dt'")
        assert [line.split("|") for line in printed.splitlines()] == [
            ["public", name, "table", "admin"]
            for name in ("inference_jobs", "inference_results", "subsystem_inferences")
        ]

    @pytest.mark.parametrize("table", ["inference_jobs", "subsystem_inferences"])
    def test_table_is_described_and_vacuumed(self, table: str) -> None:
        assert f'Table "public.{table}"' in shell(rf"psql -U admin -d orders_db -c '\d {table}'")
        assert shell(f'psql -U admin -d orders_db -c "VACUUM ANALYZE {table};"').strip() == "VACUUM"

    def test_indexes_are_those_of_the_manual(self) -> None:
        assert {name for _, _, name in psql(QUERIES["7.2"])[1:]} >= INDEXES

    def test_backup_holds_the_tables(self) -> None:
        assert "CREATE TABLE public.inference_jobs" in shell(
            "pg_dump -U admin -s -t inference_jobs orders_db"
        )


class TestQueues:
    """Section 2."""

    def test_topic_has_one_partition_and_one_replica(self) -> None:
        tool = "kafka-topics --bootstrap-server localhost:9092"
        assert "satellite-telemetry" in shell(f"{tool} --list").split()
        printed = shell(f"{tool} --describe --topic satellite-telemetry")
        assert "ReplicationFactor: 1" in printed

    def test_group_describes_its_lag_as_a_number(self) -> None:
        tool = "kafka-consumer-groups --bootstrap-server localhost:9092"
        printed = shell(f"{tool} --describe --group analysis-inference-group")
        header, row = (line.split() for line in printed.strip().splitlines()[:2])
        assert header[:6] == ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"]
        assert row[:3] == ["analysis-inference-group", "satellite-telemetry", "0"]
        assert all(value.isdigit() for value in row[3:6])

    def test_rabbitmq_lists_both_queues(self) -> None:
        printed = shell("rabbitmqctl list_queues")
        assert "Listing queues for vhost / ..." in printed
        queues = {line.split()[0] for line in printed.splitlines() if line.strip()}
        assert queues >= {"celery", "inference"}

    def test_rabbitmq_lists_connections_and_consumers(self) -> None:
        assert "guest" in shell("rabbitmqctl list_connections")
        assert "inference" in shell("rabbitmqctl list_consumers")

    def test_management_shows_the_connections_by_name(self) -> None:
        answer = requests.get("http://localhost:15672/api/connections", auth=("guest", "guest"), timeout=10)
        names = {connection["client_properties"].get("connection_name") for connection in answer.json()}
        assert "analysis-worker-1" in names

    def test_worker_registers_exactly_its_tasks(self) -> None:
        printed = shell("celery -A tasks inspect registered --json")
        assert json.loads(printed) == {
            "celery@analysis-worker-1": [
                "analysis_server.tasks.learn",
                "analysis_server.tasks.run_inference",
                "analysis_server.tasks.run_subsystem_inference",
            ]
        }

    @pytest.mark.parametrize("what", ["active", "stats"])
    def test_worker_answers_inspection(self, what: str) -> None:
        assert "celery@analysis-worker-1: OK" in shell(f"celery -A tasks inspect {what}")

    def test_flower_shows_the_worker_online(self) -> None:
        def row() -> dict[str, Any] | None:
            answer = requests.get("http://localhost:5555/workers?json=1", timeout=10).json()
            rows = [one for one in answer["data"] if one["hostname"] == "celery@analysis-worker-1"]
            return rows[0] if rows and rows[0]["status"] else None

        found = wait_until(row, "Flower shows the worker", within_s=30)
        assert found is not None
        assert {"worker-online", "active"} & set(found)


class TestMonitoring:
    """Section 4."""

    def test_triton_is_ready_and_lists_its_models(self) -> None:
        assert requests.get("http://localhost:8500/v2/health/ready", timeout=10).status_code == 200
        models = requests.get("http://localhost:8500/v2/models", timeout=10).json()["models"]
        assert {"name": "lstm_timeseries", "version": "1", "state": "READY"} in models
        ready = requests.get("http://localhost:8500/v2/models/lstm_timeseries/ready", timeout=10)
        assert ready.status_code == 200

    @pytest.mark.parametrize(
        "name", ["nv_inference_count", "nv_inference_exec_time_us", "nv_inference_queue_time_us"]
    )
    def test_triton_counts_under_the_names_of_the_manual(self, name: str) -> None:
        metrics = requests.get("http://localhost:8502/metrics", timeout=10).text
        lines = [line for line in metrics.splitlines() if line.startswith(name + "{")]
        assert any('model="lstm_timeseries"' in line and 'version="1"' in line for line in lines)

    def test_victoria_metrics_answers_both_queries(self) -> None:
        query = 'satellite_temperature{satellite_id="SAT-001"}'
        base = "http://localhost:8428/api/v1"
        instant = json.loads(shell(f"curl -sS -g '{base}/query?query={query}'"))
        assert (instant["status"], instant["data"]["resultType"]) == ("success", "vector")
        window = "start=2025-10-30T00:00:00Z&end=2025-10-30T23:59:59Z&step=1m"
        series = json.loads(shell(f"curl -sS -g '{base}/query_range?query={query}&{window}'"))
        assert (series["status"], series["data"]["resultType"]) == ("success", "matrix")


class TestMonitor:
    """Section 7.4 and the page of 2.1.1."""

    def test_monitor_prints_its_blocks_in_order(self) -> None:
        printed = shell("./monitor.sh")
        lines = printed.splitlines()
        assert lines[:2] == ["=== System Status ===", ""]
        headings = ["Services:", "RabbitMQ Queue:", "Kafka Lag:", "PostgreSQL Stats:", "GPU Status:"]
        places = [lines.index(heading) for heading in headings]
        assert places == sorted(places)
        assert all(lines[place - 1] == "" for place in places)
        assert lines[-1] == ""
        blocks = {
            lines[place]: lines[place + 1 : end - 1]
            for place, end in zip(places, [*places[1:], len(lines)], strict=True)
        }
        assert blocks["Services:"][0].split() == ["SERVICE", "STATUS"]
        assert any(line.startswith("kafka ") and "(healthy)" in line for line in blocks["Services:"])
        assert re.fullmatch(r"inference\s+\d+", blocks["RabbitMQ Queue:"][0])
        assert blocks["Kafka Lag:"][0].split()[:2] == ["analysis-inference-group", "satellite-telemetry"]
        header, numbers = blocks["PostgreSQL Stats:"][0].split("|"), blocks["PostgreSQL Stats:"][2].split("|")
        assert [cell.strip() for cell in header] == ["total", "completed", "processing"]
        assert all(cell.strip().isdigit() for cell in numbers)
        assert len(blocks["GPU Status:"]) >= 1

    def test_page_of_kafka_answers_without_anything_from_elsewhere(self) -> None:
        page = requests.get("http://localhost:8080/", timeout=10)
        assert page.status_code == 200
        assert 'id="terminal"' in page.text
        assert "https://" not in page.text

    def test_page_of_kafka_refuses_other_pages(self) -> None:
        answer = requests.get("http://localhost:8080/ws", headers={"Origin": "http://evil.test"}, timeout=10)
        assert answer.status_code == 403
