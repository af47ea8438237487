"""The running platform as the tests see it: its servers' own interfaces, no service code."""

import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
import requests

from testbed.supervised import CHECKOUT, Supervised, address

HTTP_TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of `subsystem_inferences` with what the tests compare."""

    job_id: str
    subsystem: str
    status: str
    verdict: str | None
    score: str | None
    window_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One row of `inference_jobs` with what the tests compare."""

    job_id: str
    status: str
    trigger_reason: str
    trigger_reasons: list[str]
    total_subsystems: int
    completed_subsystems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything that a test asks of the running platform."""

    supervised: Supervised
    api_url: str = "http://localhost:8000/api/v1"

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement on its own connection, so that it survives restarts of the server."""
        with closing(psycopg2.connect(**self.database())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return cursor.fetchall() if cursor.description else []

    @staticmethod
    def database() -> dict[str, Any]:
        """Keywords for `psycopg2.connect`."""
        return {
            "host": address("POSTGRES_HOST", "localhost"),
            "port": address("POSTGRES_PORT", "5432"),
            "user": address("POSTGRES_USER", "admin"),
            "password": address("POSTGRES_PASSWORD", "admin123"),
            "dbname": address("POSTGRES_DB", "orders_db"),
            "connect_timeout": 3,
        }

    def row_count(self, satellites: str) -> int:
        """Count the subsystem rows of satellites whose id starts with `satellites`."""
        found = self.query(
            "SELECT count(*) FROM subsystem_inferences JOIN inference_jobs USING (job_id)"
            " WHERE satellite_id LIKE %s AND subsystem_inferences.status IN ('completed', 'failed')",
            satellites + "%",
        )
        return int(found[0][0])

    def rows(self, satellites: str) -> list[Row]:
        """Return the subsystem rows of those satellites."""
        found = self.query(
            "SELECT s.job_id, s.subsystem, s.status, s.verdict, s.anomaly_score::text,"
            " s.input_data->>'sha256'"
            " FROM subsystem_inferences s JOIN inference_jobs j USING (job_id) WHERE j.satellite_id LIKE %s",
            satellites + "%",
        )
        names = ("job_id", "subsystem", "status", "verdict", "score", "window_sha256")
        return [Row(**dict(zip(names, row, strict=True))) for row in found]

    def jobs(self, satellites: str) -> list[JobRow]:
        """Return the jobs of those satellites."""
        found = self.query(
            "SELECT job_id, status, trigger_reason, trigger_reasons, total_subsystems, completed_subsystems"
            " FROM inference_jobs WHERE satellite_id LIKE %s",
            satellites + "%",
        )
        names = (
            "job_id",
            "status",
            "trigger_reason",
            "trigger_reasons",
            "total_subsystems",
            "completed_subsystems",
        )
        return [JobRow(**dict(zip(names, row, strict=True))) for row in found]

    def forget(self, satellites: str) -> None:
        """Delete what a passed test left behind."""
        self.query("DELETE FROM inference_jobs WHERE satellite_id LIKE %s", satellites + "%")
        self.query(
            "DELETE FROM ops.alarm_events WHERE alarm_id IN"
            " (SELECT alarm_id FROM ops.alarms WHERE satellite_id LIKE %s)",
            satellites + "%",
        )
        for table in ("alarms", "alarm_contacts", "alarm_tracks", "alert_heads", "alert_checkpoints"):
            self.query(f"DELETE FROM ops.{table} WHERE satellite_id LIKE %s", satellites + "%")
        self.query("DELETE FROM ops.refused_values WHERE satellite_id LIKE %s", satellites + "%")
        self.query("DELETE FROM ops.wrong_clocks WHERE satellite_id LIKE %s", satellites + "%")
        self.query("DELETE FROM ops.calibrations WHERE satellite_id LIKE %s", satellites + "%")
        self.query("DELETE FROM ops.learning_progress WHERE satellite_id LIKE %s", satellites + "%")
        requests.post(
            f"{victoria_url()}/api/v1/admin/tsdb/delete_series",
            params={"authKey": victoria_key()},
            data={"match[]": f'{{satellite_id=~"{satellites}.*"}}'},
            timeout=HTTP_TIMEOUT_S,
        ).raise_for_status()
        requests.post(
            f"{search_url()}/inference_logs/_delete_by_query",
            params={"conflicts": "proceed", "refresh": "true", "ignore_unavailable": "true"},
            json={"query": {"prefix": {"satellite_id": satellites}}},
            timeout=HTTP_TIMEOUT_S,
        ).raise_for_status()

    def tasks_in(self, queue: str) -> int:
        """Count the tasks that wait or are in a worker's hands; -1 while RabbitMQ has not counted."""
        with requests.Session() as session:
            session.auth = ("guest", "guest")
            answer = session.get(f"http://localhost:15672/api/queues/%2F/{queue}", timeout=HTTP_TIMEOUT_S)
            answer.raise_for_status()
            return int(answer.json().get("messages", -1))


def victoria_url() -> str:
    """Return the address of VictoriaMetrics."""
    return address("VICTORIA_METRICS_URL", "http://localhost:8428")


def victoria_key() -> str:
    """Return the key that VictoriaMetrics asks administrators for."""
    return (CHECKOUT / ".native" / "state" / "etc" / "victoria-metrics-key").read_text(encoding="utf-8")


def search_url() -> str:
    """Return the address of the search engine."""
    return address("ELASTICSEARCH_URL", "http://localhost:9200")


def is_search_up() -> bool:
    """Tell whether the search engine answers from all of its shards."""
    path = "_cluster/health?wait_for_status=yellow&timeout=1s"
    try:
        return requests.get(f"{search_url()}/{path}", timeout=HTTP_TIMEOUT_S).ok
    except requests.ConnectionError:
        return False


def indexed_verdicts(satellites: str) -> set[str]:
    """Return the keys of those satellites' verdicts that the search engine holds."""
    requests.post(f"{search_url()}/inference_logs/_refresh", timeout=HTTP_TIMEOUT_S).raise_for_status()
    answer = requests.post(
        f"{search_url()}/inference_logs/_search",
        json={"size": 10_000, "_source": False, "query": {"prefix": {"satellite_id": satellites}}},
        timeout=HTTP_TIMEOUT_S,
    )
    answer.raise_for_status()
    return {hit["_id"] for hit in answer.json()["hits"]["hits"]}


def exported_times(satellites: str, metric: str) -> dict[str, set[int]]:
    """Return satellite to the sample times (milliseconds) that VictoriaMetrics holds of `metric`."""
    answer = requests.get(
        f"{victoria_url()}/api/v1/export",
        params={"match[]": f'{metric}{{satellite_id=~"{satellites}.*"}}', "reduce_mem_usage": "1"},
        timeout=HTTP_TIMEOUT_S,
    )
    answer.raise_for_status()
    times: dict[str, set[int]] = {}
    for line in answer.iter_lines():
        series = json.loads(line)
        times.setdefault(series["metric"]["satellite_id"], set()).update(series["timestamps"])
    return times
