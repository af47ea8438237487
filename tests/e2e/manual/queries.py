"""The queries of the operator's manual, section 3 and 6.3.1, and the columns that each prints."""

from typing import Final

QUERIES: Final = {
    "3.2.1": """
SELECT job_id, satellite_id, source, status, created_at, completed_at
FROM inference_jobs ORDER BY created_at DESC LIMIT 10;
""",
    "3.2.2": """
SELECT job_id, subsystem, model_name, status, anomaly_detected, anomaly_score
FROM subsystem_inferences WHERE job_id = 'COMPLETE-TEST-1761802301' ORDER BY subsystem;
""",
    "3.2.3": """
SELECT * FROM v_anomaly_alerts ORDER BY created_at DESC LIMIT 10;
""",
    "3.2.3 of a satellite": """
SELECT satellite_id, subsystem, anomaly_score, created_at FROM v_anomaly_alerts
WHERE satellite_id = 'SAT-001' ORDER BY created_at DESC;
""",
    "3.2.4": """
SELECT * FROM v_inference_job_summary WHERE job_id = 'COMPLETE-TEST-1761802301';
""",
    "3.3.1": """
SELECT COUNT(*) as total_jobs,
 COUNT(CASE WHEN status = 'completed' THEN 1 END) as completed,
 COUNT(CASE WHEN status = 'failed' THEN 1 END) as failed,
 COUNT(CASE WHEN status = 'processing' THEN 1 END) as processing,
 ROUND(100.0 * COUNT(CASE WHEN status = 'completed' THEN 1 END) / COUNT(*), 2) as success_rate
FROM inference_jobs;
""",
    "3.3.2": """
SELECT subsystem, COUNT(*) as total,
 COUNT(CASE WHEN anomaly_detected THEN 1 END) as anomalies,
 ROUND(100.0 * COUNT(CASE WHEN anomaly_detected THEN 1 END) / COUNT(*), 2) as anomaly_rate,
 ROUND(AVG(anomaly_score)::numeric, 4) as avg_score
FROM subsystem_inferences WHERE status = 'completed' GROUP BY subsystem ORDER BY anomaly_rate DESC;
""",
    "3.3.3": """
SELECT DATE_TRUNC('hour', created_at) as hour, COUNT(*) as jobs,
 AVG(EXTRACT(EPOCH FROM (completed_at - created_at))) as avg_time_sec
FROM inference_jobs WHERE created_at > NOW() - INTERVAL '24 hours' AND status = 'completed'
GROUP BY DATE_TRUNC('hour', created_at) ORDER BY hour DESC;
""",
    "3.3.4": """
SELECT model_name, COUNT(*) as total,
 ROUND(AVG(inference_time_ms)::numeric, 2) as avg_time_ms,
 ROUND(MIN(inference_time_ms)::numeric, 2) as min_time_ms,
 ROUND(MAX(inference_time_ms)::numeric, 2) as max_time_ms
FROM subsystem_inferences WHERE status = 'completed' GROUP BY model_name;
""",
    "3.4.1": """
DELETE FROM inference_jobs WHERE status = 'completed' AND completed_at < NOW() - INTERVAL '30 days';
""",
    "3.4.2": """
SELECT job_id, satellite_id, error_message, created_at FROM inference_jobs
WHERE status = 'failed' ORDER BY created_at DESC;
""",
    "3.4.2 clean-up": """
DELETE FROM inference_jobs WHERE status = 'failed' AND created_at < NOW() - INTERVAL '7 days';
""",
    "6.3.1": """
SELECT job_id, COUNT(*) FROM inference_jobs GROUP BY job_id HAVING COUNT(*) > 1;
""",
    "7.2": """
SELECT schemaname, tablename, indexname FROM pg_indexes
WHERE tablename IN ('inference_jobs', 'subsystem_inferences');
""",
}

COLUMNS: Final = {
    "3.2.1": "job_id satellite_id source status created_at completed_at",
    "3.2.2": "job_id subsystem model_name status anomaly_detected anomaly_score",
    "3.2.3": (
        "id job_id satellite_id subsystem model_name anomaly_score predictions created_at"
        " trigger_reason metadata"
    ),
    "3.2.3 of a satellite": "satellite_id subsystem anomaly_score created_at",
    "3.2.4": (
        "job_id satellite_id source trigger_reason job_status created_at total_subsystems"
        " completed_subsystems total_time_seconds inference_count anomalies_detected"
        " avg_inference_time_ms subsystem_results completed_at"
    ),
    "3.3.1": "total_jobs completed failed processing success_rate",
    "3.3.2": "subsystem total anomalies anomaly_rate avg_score",
    "3.3.3": "hour jobs avg_time_sec",
    "3.3.4": "model_name total avg_time_ms min_time_ms max_time_ms",
    "3.4.2": "job_id satellite_id error_message created_at",
    "6.3.1": "job_id count",
    "7.2": "schemaname tablename indexname",
}

INDEXES: Final = frozenset(
    {
        "inference_jobs_pkey",
        "subsystem_inferences_pkey",
        "idx_jobs_satellite",
        "idx_jobs_status",
        "idx_jobs_created",
        "idx_subsys_job",
        "idx_subsys_subsystem",
        "idx_subsys_model",
        "idx_subsys_anomaly",
        "idx_subsys_created",
    }
)
