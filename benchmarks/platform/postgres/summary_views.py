"""Time the operator's two LIMIT 10 queries over many jobs, beside a view that aggregates the whole table."""

import time
from contextlib import closing
from typing import Any

from benchmarks.platform.figures import Distribution, Section
from benchmarks.platform.postgres.row_store import connect
from telemetry_core.service.settings import Settings

REPETITIONS = 20

FILL_JOBS = """
INSERT INTO inference_jobs (job_id, satellite_id, source, trigger_reason, status, total_subsystems,
    completed_subsystems, created_at, started_at, completed_at, metadata)
SELECT format('kafka-%%s-%%s', satellite_id, 1761827696000 + n), satellite_id, 'kafka_auto_trigger',
    'periodic_check', 'completed', 4, 4, at, at, at + interval '40 ms', '{"lane": "live"}'
FROM (
    SELECT n, 'SAT-' || lpad((n %% %(satellites)s)::text, 3, '0') AS satellite_id,
        timestamp '2025-10-30' + n * interval '30 ms' AS at
    FROM generate_series(1, %(jobs)s) AS n
) AS listed
"""
FILL_ROWS = """
INSERT INTO subsystem_inferences (job_id, subsystem, model_name, status, input_data, input_features,
    predictions, confidence, anomaly_score, anomaly_detected, inference_time_ms, created_at, completed_at,
    verdict, satellite, generated_at, window_start, sample_count)
SELECT job_id, subsystem, 'lstm_timeseries', 'completed', '{}', ARRAY['battery_voltage'],
    '[[4.0]]', '[0.9]', score, score > 0.7, 12.5, created_at, completed_at,
    CASE WHEN score > 0.7 THEN 'anomalous' ELSE 'nominal' END,
    satellite_id, created_at, created_at - interval '63 s', 64
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


def sections(settings: Settings, *, jobs: int, explained: bool = False) -> list[Section]:
    """Fill `settings.postgres_db`, the benchmark's own, and time each query."""
    with closing(connect(settings)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            fill(cursor, jobs)
            if explained:
                for query in QUERIES.values():
                    explain(cursor, query)
            lines = [
                Distribution(
                    name=name, unit="ms", samples=[duration_ms(cursor, query) for _ in range(REPETITIONS)]
                )
                for name, query in QUERIES.items()
            ]
            whole = Distribution(
                name="whole-table aggregate, for comparison", unit="ms",
                samples=[duration_ms(cursor, WHOLE_TABLE_QUERY)],
            )  # fmt: skip
    return [
        Section(
            title=f"Operator's views over {jobs:,} jobs, {4 * jobs:,} rows",
            explanation="Warm cache, one client, round trip included; aim below 10 ms at 1,000,000 jobs.",
            lines=[*lines, whole],
        )
    ]


def fill(cursor: Any, jobs: int, *, satellites: int = 100) -> None:
    """Insert the jobs, of up to 1,000 satellites, and their rows."""
    for statement in (FILL_JOBS, FILL_ROWS):
        cursor.execute(statement, {"jobs": jobs, "satellites": satellites})
    cursor.execute("VACUUM ANALYZE")
    cursor.execute(WHOLE_TABLE_VIEW)


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
