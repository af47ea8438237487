-- Views over jobs and verdicts. LATERAL per job: the newest ten jobs cost ten index reads, not the whole table.

CREATE VIEW v_inference_job_summary AS
SELECT
    job.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    job.status AS job_status,
    job.created_at,
    job.total_subsystems,
    job.completed_subsystems,
    round(
        extract(epoch FROM coalesce(job.completed_at, now() AT TIME ZONE 'UTC') - job.created_at), 3
    ) AS total_time_seconds,
    found.inference_count,
    found.anomalies_detected,
    found.avg_inference_time_ms,
    found.subsystem_results,
    job.completed_at
FROM inference_jobs AS job
CROSS JOIN LATERAL (
    SELECT
        count(*) AS inference_count,
        count(*) FILTER (WHERE inference.anomaly_detected) AS anomalies_detected,
        round(avg(inference.inference_time_ms)::numeric, 2) AS avg_inference_time_ms,
        json_agg(
            json_build_object(
                'subsystem', inference.subsystem,
                'model', inference.model_name,
                'status', inference.status,
                'anomaly', inference.anomaly_detected,
                'anomaly_score', inference.anomaly_score
            )
            ORDER BY inference.subsystem
        ) AS subsystem_results
    FROM subsystem_inferences AS inference
    WHERE inference.job_id = job.job_id
) AS found;

-- Without ORDER BY: inside a view it would keep a LIMIT outside from using the index.
CREATE VIEW v_anomaly_alerts AS
SELECT
    inference.id,
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.model_name,
    inference.anomaly_score,
    inference.predictions,
    inference.created_at,
    job.trigger_reason,
    job.metadata
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE inference.anomaly_detected;

CREATE VIEW prediction_history AS
SELECT
    id,
    job_id,
    model_name,
    status,
    predictions,
    confidence,
    metrics,
    metadata,
    created_at,
    completed_at,
    extract(epoch FROM completed_at - created_at) AS processing_time_seconds
FROM inference_results
WHERE status = 'completed';

CREATE VIEW model_performance_summary AS
SELECT
    model_name,
    count(*) AS total_inferences,
    count(*) FILTER (WHERE status = 'completed') AS successful_inferences,
    count(*) FILTER (WHERE status = 'failed') AS failed_inferences,
    round(100.0 * count(*) FILTER (WHERE status = 'completed') / count(*), 2) AS success_rate,
    round(avg(extract(epoch FROM completed_at - started_at)) FILTER (WHERE status = 'completed'), 3)
        AS avg_processing_time_seconds,
    min(created_at) AS first_inference,
    max(created_at) AS last_inference
FROM subsystem_inferences
GROUP BY model_name;
