-- The statements of jobs, by name.

-- name: job_states
-- State of some jobs, without their results.
SELECT
    job.job_id,
    coalesce(found.model_name, 'unknown') AS model_name,
    job.status,
    job.created_at,
    job.completed_at,
    job.error_message,
    job.total_subsystems,
    found.finished
FROM inference_jobs AS job
CROSS JOIN LATERAL (
    SELECT min(model_name) AS model_name, count(*) FILTER (WHERE status IN ('completed', 'failed')) AS finished
    FROM subsystem_inferences WHERE job_id = job.job_id
) AS found
WHERE job.job_id = ANY (%(job_ids)s)

-- name: job_documents
-- Jobs with their rows and, of posted series, the result document; newest first.
SELECT
    result.id,
    job.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    coalesce(found.model_name, 'unknown') AS model_name,
    job.status,
    coalesce(result.predictions, found.only_predictions) AS predictions,
    coalesce(result.confidence, found.only_confidence) AS confidence,
    coalesce(result.metrics, '{}') AS metrics,
    coalesce(result.metadata, job.metadata, '{}') AS metadata,
    job.created_at,
    job.completed_at,
    job.error_message,
    found.subsystems
FROM inference_jobs AS job
LEFT JOIN inference_results AS result ON result.job_id = job.job_id
CROSS JOIN LATERAL (
    SELECT
        min(model_name) AS model_name,
        CASE WHEN count(*) = 1 THEN (array_agg(predictions))[1] END AS only_predictions,
        CASE WHEN count(*) = 1 THEN (array_agg(confidence))[1] END AS only_confidence,
        coalesce(jsonb_agg(jsonb_build_object(
            'subsystem', subsystem,
            'model_name', model_name,
            'model_version', triton_model_version,
            'status', status,
            'verdict', verdict,
            'anomaly_score', anomaly_score,
            'anomaly_detected', anomaly_detected,
            'inference_time_ms', inference_time_ms,
            'input_features', input_features,
            'predictions', CASE WHEN %(with_forecasts)s THEN predictions END,
            'confidence', CASE WHEN %(with_forecasts)s THEN confidence END,
            'contributions', CASE WHEN %(with_forecasts)s THEN contributions END,
            'error_message', error_message
        ) ORDER BY subsystem), '[]') AS subsystems
    FROM subsystem_inferences WHERE job_id = job.job_id
) AS found
WHERE job.job_id = ANY (%(job_ids)s)
ORDER BY job.created_at DESC, job.job_id

-- name: newest_job_ids
SELECT job_id FROM inference_jobs ORDER BY created_at DESC, job_id LIMIT %(limit)s OFFSET %(offset)s

-- name: count_newest_jobs
SELECT count(*) FROM (SELECT 1 FROM inference_jobs LIMIT %(ceiling)s) AS listed

-- name: newest_job_ids_of_model
-- Reads only as many rows as that many jobs of `rows_each` subsystems can have.
SELECT job_id FROM (
    SELECT job_id, created_at FROM subsystem_inferences
    WHERE model_name = %(model_name)s ORDER BY created_at DESC LIMIT %(rows_each)s * (%(limit)s + %(offset)s)
) AS listed
GROUP BY job_id ORDER BY max(created_at) DESC, job_id LIMIT %(limit)s OFFSET %(offset)s

-- name: count_newest_jobs_of_model
SELECT count(DISTINCT job_id) FROM (
    SELECT job_id FROM subsystem_inferences
    WHERE model_name = %(model_name)s ORDER BY created_at DESC LIMIT %(rows_each)s * %(ceiling)s
) AS listed

-- name: job_statistics
-- Over the newest 1000 jobs.
WITH newest AS (SELECT job_id, status FROM inference_jobs ORDER BY created_at DESC LIMIT 1000),

models AS (
    SELECT inference.model_name, count(DISTINCT newest.job_id) AS jobs
    FROM newest INNER JOIN subsystem_inferences AS inference ON inference.job_id = newest.job_id
    GROUP BY inference.model_name
)

SELECT
    count(*) AS total_jobs,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    coalesce((SELECT jsonb_object_agg(model_name, jobs) FROM models), '{}') AS models_used
FROM newest

-- name: job_page
-- Jobs before a position, newest first. Filters without an index read at most `ceiling` jobs.
SELECT
    job.*,
    found.model_name,
    found.anomalies
FROM (
    SELECT * FROM (
        SELECT
            job_id,
            satellite_id,
            source,
            trigger_reason,
            trigger_reasons,
            status,
            total_subsystems,
            completed_subsystems,
            created_at,
            started_at,
            completed_at,
            error_message
        FROM inference_jobs
        WHERE (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
            AND (%(start)s IS NULL OR created_at >= %(start)s)
            AND (%(end)s IS NULL OR created_at <= %(end)s)
            AND (%(created_at)s IS NULL OR (created_at, job_id) < (%(created_at)s, %(job_id)s))
        ORDER BY created_at DESC, job_id DESC LIMIT %(ceiling)s
    ) AS seen
    WHERE (%(status)s IS NULL OR status = %(status)s)
        AND (%(source)s IS NULL OR source = %(source)s)
        AND (%(trigger_reason)s IS NULL OR trigger_reason = %(trigger_reason)s
            OR %(trigger_reason)s = ANY (trigger_reasons))
        AND ((%(subsystem)s IS NULL AND %(model_name)s IS NULL) OR EXISTS (
            SELECT FROM subsystem_inferences AS inference
            WHERE inference.job_id = seen.job_id
                AND (%(subsystem)s IS NULL OR inference.subsystem = %(subsystem)s)
                AND (%(model_name)s IS NULL OR inference.model_name = %(model_name)s)
        ))
    ORDER BY created_at DESC, job_id DESC LIMIT %(limit)s
) AS job
CROSS JOIN LATERAL (
    SELECT min(model_name) AS model_name, count(*) FILTER (WHERE anomaly_detected) AS anomalies
    FROM subsystem_inferences WHERE job_id = job.job_id
) AS found
ORDER BY job.created_at DESC, job.job_id DESC

-- name: last_job_seen
-- Where `job_page` stopped reading, if it stopped early.
SELECT created_at, job_id FROM inference_jobs
WHERE (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR created_at >= %(start)s)
    AND (%(end)s IS NULL OR created_at <= %(end)s)
    AND (%(created_at)s IS NULL OR (created_at, job_id) < (%(created_at)s, %(job_id)s))
ORDER BY created_at DESC, job_id DESC OFFSET %(ceiling)s - 1 LIMIT 1

-- name: job
SELECT
    job.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    job.trigger_reasons,
    job.status,
    job.total_subsystems,
    job.completed_subsystems,
    job.created_at,
    job.started_at,
    job.completed_at,
    job.error_message,
    coalesce(job.metadata, '{}') AS metadata,
    found.model_name,
    found.anomalies
FROM inference_jobs AS job
CROSS JOIN LATERAL (
    SELECT min(model_name) AS model_name, count(*) FILTER (WHERE anomaly_detected) AS anomalies
    FROM subsystem_inferences WHERE job_id = job.job_id
) AS found
WHERE job.job_id = %(job_id)s

-- name: job_inferences
-- Everything known of each of a job's subsystems.
SELECT
    subsystem,
    model_name,
    triton_model_version AS model_version,
    status,
    verdict,
    anomaly_score,
    anomaly_detected,
    inference_time_ms,
    started_at,
    completed_at,
    error_message,
    generated_at,
    window_start,
    sample_count,
    input_features,
    input_data,
    predictions,
    bands,
    confidence,
    contributions,
    calibration_hash,
    processed_by
FROM subsystem_inferences WHERE job_id = %(job_id)s ORDER BY subsystem
