-- Statements that save jobs and verdicts, by name. A comment below a name says what it is for. %s and %(name)s are
-- parameters of the driver; nothing is ever formatted into a statement. Statements of a single service are beside its code.

-- name: insert_missing_jobs
-- First of four statements that save a batch of verdicts; an existing job keeps its values. Only the reason periodic_check
-- is replaced: a limit broken by the second message of a sample set is an alert, too.
INSERT INTO inference_jobs AS kept
    (job_id, satellite_id, source, trigger_reason, trigger_reasons, status, total_subsystems, created_at, metadata)
VALUES %s
ON CONFLICT (job_id) DO UPDATE SET
    trigger_reason = EXCLUDED.trigger_reason,
    trigger_reasons = EXCLUDED.trigger_reasons
WHERE kept.trigger_reason = 'periodic_check' AND EXCLUDED.trigger_reason <> 'periodic_check'

-- name: lock_jobs
-- Second: one worker at a time continues with a job; always locked in the same order, so that there is no deadlock.
SELECT job_id FROM inference_jobs WHERE job_id = ANY (%(job_ids)s) ORDER BY job_id FOR UPDATE

-- name: upsert_inferences
-- Third: the first final row wins; only a completed one may replace a failed one.
INSERT INTO subsystem_inferences AS kept (
    job_id, subsystem, model_name, status, input_data, input_features, predictions, confidence,
    anomaly_score, anomaly_detected, inference_time_ms, model_type, sequence_length, forecast_horizon,
    input_mean, input_std, prediction_mean, prediction_std, triton_model_version, processed_by,
    created_at, completed_at, error_message, verdict, bands, contributions, calibration_hash, started_at,
    satellite, generated_at, window_start, sample_count
)
VALUES %s
ON CONFLICT (job_id, subsystem) DO UPDATE SET
    model_name = EXCLUDED.model_name,
    status = EXCLUDED.status,
    input_data = EXCLUDED.input_data,
    input_features = EXCLUDED.input_features,
    predictions = EXCLUDED.predictions,
    confidence = EXCLUDED.confidence,
    anomaly_score = EXCLUDED.anomaly_score,
    anomaly_detected = EXCLUDED.anomaly_detected,
    inference_time_ms = EXCLUDED.inference_time_ms,
    model_type = EXCLUDED.model_type,
    sequence_length = EXCLUDED.sequence_length,
    forecast_horizon = EXCLUDED.forecast_horizon,
    input_mean = EXCLUDED.input_mean,
    input_std = EXCLUDED.input_std,
    prediction_mean = EXCLUDED.prediction_mean,
    prediction_std = EXCLUDED.prediction_std,
    triton_model_version = EXCLUDED.triton_model_version,
    processed_by = EXCLUDED.processed_by,
    completed_at = greatest(kept.created_at, EXCLUDED.completed_at),
    error_message = EXCLUDED.error_message,
    verdict = EXCLUDED.verdict,
    bands = EXCLUDED.bands,
    contributions = EXCLUDED.contributions,
    calibration_hash = EXCLUDED.calibration_hash,
    started_at = EXCLUDED.started_at,
    generated_at = EXCLUDED.generated_at,
    window_start = EXCLUDED.window_start,
    sample_count = EXCLUDED.sample_count,
    xact = ops.commit_position()
WHERE kept.status IN ('pending', 'processing')
    OR (kept.status = 'failed' AND EXCLUDED.status = 'completed')
RETURNING job_id, subsystem

-- name: roll_up_jobs
-- Fourth: counts a job's counters and state from its rows; sees all rows committed before the lock was acquired.
WITH demanded AS (
    SELECT * FROM unnest(%(job_ids)s::text [], %(totals)s::int []) AS listed (job_id, total_subsystems)
),

found AS (
    SELECT
        job_id,
        count(*) AS present,
        count(*) FILTER (WHERE status = 'completed') AS completed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        min(started_at) AS started_at,
        max(completed_at) AS completed_at,
        left(string_agg(subsystem || ': ' || error_message, '; ' ORDER BY subsystem)
            FILTER (WHERE status = 'failed'), 2000) AS error_message
    FROM subsystem_inferences
    WHERE job_id = ANY (%(job_ids)s)
    GROUP BY job_id
),

counted AS (
    SELECT
        job.job_id,
        greatest(job.total_subsystems, demanded.total_subsystems, found.present) AS total,
        found.completed,
        found.completed + found.failed AS finished,
        found.failed,
        found.started_at,
        greatest(job.created_at, found.completed_at) AS completed_at,
        found.error_message
    FROM inference_jobs AS job
    INNER JOIN demanded ON demanded.job_id = job.job_id
    INNER JOIN found ON found.job_id = job.job_id
),

rolled AS (
    SELECT
        job_id,
        total,
        completed,
        CASE
            WHEN finished < total THEN 'processing'
            WHEN failed > 0 THEN 'failed'
            ELSE 'completed'
        END AS status,
        started_at,
        CASE WHEN finished >= total THEN completed_at END AS completed_at,
        error_message
    FROM counted
)

UPDATE inference_jobs AS job SET
    status = rolled.status,
    total_subsystems = rolled.total,
    completed_subsystems = rolled.completed,
    started_at = rolled.started_at,
    completed_at = rolled.completed_at,
    error_message = rolled.error_message
FROM rolled
WHERE job.job_id = rolled.job_id
    AND (job.status, job.total_subsystems, job.completed_subsystems, job.started_at,
         job.completed_at, job.error_message)
    IS DISTINCT FROM (rolled.status, rolled.total, rolled.completed, rolled.started_at,
         rolled.completed_at, rolled.error_message)

-- name: save_result
-- The result document of a posted series; the first final one wins, as for rows. The client's input stays unchanged.
INSERT INTO inference_results AS kept
    (job_id, model_name, status, predictions, confidence, metrics, metadata, error_message, created_at, completed_at)
VALUES (
    %(job_id)s, %(model_name)s, %(status)s, %(predictions)s, %(confidence)s, %(metrics)s, %(metadata)s,
    %(error_message)s, %(created_at)s, greatest(%(created_at)s, %(completed_at)s)
)
ON CONFLICT (job_id) DO UPDATE SET
    model_name = EXCLUDED.model_name,
    status = EXCLUDED.status,
    predictions = EXCLUDED.predictions,
    confidence = EXCLUDED.confidence,
    metrics = EXCLUDED.metrics,
    metadata = EXCLUDED.metadata || coalesce(kept.metadata, '{}'),
    error_message = EXCLUDED.error_message,
    completed_at = greatest(kept.created_at, EXCLUDED.completed_at)
WHERE kept.status IN ('pending', 'processing')
    OR (kept.status = 'failed' AND EXCLUDED.status = 'completed')

-- name: reopen_revised
-- Before a revision is saved: archives each completed row with a different window or calibration, and reopens it.
WITH revised (job_id, subsystem, sha256, calibration_hash) AS (VALUES %s),

reopened AS (
    SELECT kept.id, kept.job_id, kept.subsystem, to_jsonb(kept) AS before
    FROM subsystem_inferences AS kept
    INNER JOIN revised ON revised.job_id = kept.job_id AND revised.subsystem = kept.subsystem
    WHERE kept.status = 'completed'
        AND (kept.input_data ->> 'sha256' IS DISTINCT FROM revised.sha256
            OR kept.calibration_hash IS DISTINCT FROM revised.calibration_hash)
),

archived AS (
    INSERT INTO ops.revised_inferences (job_id, subsystem, before)
    SELECT job_id, subsystem, before FROM reopened
)

UPDATE subsystem_inferences SET status = 'processing'
FROM reopened WHERE subsystem_inferences.id = reopened.id
RETURNING subsystem_inferences.job_id, subsystem_inferences.subsystem
