"""Time the operator's two LIMIT 10 queries over many jobs, beside views that aggregate the whole table.

`python -m tests.benchmarks.summary_views --jobs 1000000` uses POSTGRES_*, in a database that it creates and
drops; with `--private-server` it starts a server of its own. 10^6 jobs take some 3 GB of disk and minutes.
"""

import argparse
import statistics
import time
from contextlib import nullcontext
from typing import Any

import psycopg2

from telemetry_core.database import MIGRATIONS, load_migrations, migrate
from telemetry_core.settings import Settings
from tests.integration.postgres_server import administer, running_server

DATABASE = "benchmark_summary_views"
REPETITIONS = 20

FILL_JOBS = """
INSERT INTO inference_jobs (job_id, satellite_id, source, trigger_reason, status, total_subsystems,
    completed_subsystems, created_at, started_at, completed_at, metadata)
SELECT format('kafka-%%s-%%s', satellite_id, 1761827696000 + n), satellite_id, 'kafka_auto_trigger',
    'periodic_check', 'completed', 4, 4, at, at, at + interval '40 ms', '{"lane": "live"}'
FROM (
    SELECT n, 'SAT-' || lpad((n %% 100)::text, 3, '0') AS satellite_id,
        timestamp '2025-10-30' + n * interval '30 ms' AS at
    FROM generate_series(1, %(jobs)s) AS n
) AS listed
"""
FILL_ROWS = """
INSERT INTO subsystem_inferences (job_id, subsystem, model_name, status, input_data, input_features,
    predictions, confidence, anomaly_score, anomaly_detected, inference_time_ms, created_at, completed_at,
    verdict)
SELECT job_id, subsystem, 'lstm_timeseries', 'completed', '{"samples": 64}', ARRAY['battery_voltage'],
    '[[4.0]]', '[0.9]', score, score > 0.7, 12.5, created_at, completed_at,
    CASE WHEN score > 0.7 THEN 'anomalous' ELSE 'nominal' END
FROM inference_jobs,
    LATERAL (VALUES ('eps'), ('thermal'), ('aocs'), ('comm')) AS listed (subsystem),
    LATERAL (SELECT (abs(hashtext(job_id || subsystem)) %% 7100)::numeric / 10000 AS score) AS drawn
WHERE %(jobs)s > 0
"""
WHOLE_TABLE_VIEW = """
CREATE VIEW whole_table_summary AS
SELECT job.job_id, job.created_at, count(inference.id) AS inference_count,
    count(*) FILTER (WHERE inference.anomaly_detected) AS anomalies_detected,
    avg(inference.inference_time_ms) AS avg_inference_time_ms,
    json_agg(json_build_object('subsystem', inference.subsystem, 'model', inference.model_name,
        'status', inference.status, 'anomaly', inference.anomaly_detected,
        'anomaly_score', inference.anomaly_score) ORDER BY inference.created_at) AS subsystem_results
FROM inference_jobs AS job LEFT JOIN subsystem_inferences AS inference ON inference.job_id = job.job_id
GROUP BY job.job_id, job.created_at
"""
QUERIES = {
    "job summary": "SELECT * FROM v_inference_job_summary ORDER BY created_at DESC LIMIT 10",
    "anomaly alerts": "SELECT * FROM v_anomaly_alerts ORDER BY created_at DESC LIMIT 10",
    "alerts of one satellite": "SELECT satellite_id, subsystem, anomaly_score, created_at"
    " FROM v_anomaly_alerts WHERE satellite_id = 'SAT-001' ORDER BY created_at DESC LIMIT 10",
    "one job's summary": "SELECT * FROM v_inference_job_summary WHERE job_id ="
    " (SELECT job_id FROM inference_jobs LIMIT 1)",
}
WHOLE_TABLE_QUERY = "SELECT * FROM whole_table_summary ORDER BY created_at DESC LIMIT 10"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--private-server", action="store_true")
    options = parser.parse_args()
    with running_server() if options.private_server else nullcontext(Settings()) as server:
        administer(server, f"CREATE DATABASE {DATABASE}")
        try:
            settings = server.model_copy(update={"postgres_db": DATABASE})
            migrate(settings, load_migrations(MIGRATIONS))
            measure(settings, options.jobs)
        finally:
            administer(server, f"DROP DATABASE {DATABASE} WITH (FORCE)")


def measure(settings: Settings, jobs: int) -> None:
    connection = psycopg2.connect(
        host=settings.postgres_host, port=settings.postgres_port, user=settings.postgres_user,
        password=settings.postgres_password, dbname=settings.postgres_db,
    )  # fmt: skip
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in (FILL_JOBS, FILL_ROWS):
            started = time.monotonic()
            cursor.execute(statement, {"jobs": jobs})
            print(f"inserted {cursor.rowcount} rows in {time.monotonic() - started:.0f} s", flush=True)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(WHOLE_TABLE_VIEW)
        for name, query in QUERIES.items():
            explain(cursor, query)
            durations_ms = sorted(duration_ms(cursor, query) for _ in range(REPETITIONS))
            median_ms = statistics.median(durations_ms)
            print(f"== {name}: median {median_ms:.2f} ms, worst {durations_ms[-1]:.2f} ms\n", flush=True)
        print(f"== whole-table aggregate, for comparison: {duration_ms(cursor, WHOLE_TABLE_QUERY):.0f} ms")
    connection.close()


def explain(cursor: Any, query: str) -> None:
    print(query)
    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query}")
    for (line,) in cursor.fetchall():
        print(f"  {line}")


def duration_ms(cursor: Any, query: str) -> float:
    started = time.perf_counter()
    cursor.execute(query)
    cursor.fetchall()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
