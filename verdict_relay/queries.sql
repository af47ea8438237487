-- The statements of the relay, by name.

-- name: verdict_documents_after
-- Verdicts in the same order, with everything that is relayed.
SELECT
    inference.xact::text::bigint AS xact,
    inference.id,
    inference.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    job.trigger_reasons,
    job.metadata,
    inference.subsystem,
    inference.model_name,
    inference.triton_model_version AS model_version,
    inference.model_type,
    inference.status,
    inference.verdict,
    inference.anomaly_score,
    inference.anomaly_detected,
    inference.input_features,
    inference.generated_at,
    inference.window_start,
    inference.sample_count,
    inference.input_data -> 'axes' AS axes,
    inference.input_data -> 'newest' AS newest,
    inference.predictions,
    inference.confidence,
    inference.inference_time_ms,
    inference.sequence_length,
    inference.forecast_horizon,
    inference.prediction_mean,
    inference.prediction_std,
    inference.processed_by,
    inference.created_at,
    inference.completed_at,
    inference.error_message
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE (inference.xact, inference.id) > (%(xact)s::text::xid8, %(id)s)
    AND inference.xact < ops.settled_position()
    AND inference.status IN ('completed', 'failed')
ORDER BY inference.xact, inference.id LIMIT %(limit)s

-- name: deleted_verdicts
-- The oldest jobs with deleted verdicts, one row per subsystem; some may have been judged again since.
SELECT
    deleted.id,
    deleted.job_id,
    part.subsystem,
    EXISTS (
        SELECT FROM subsystem_inferences AS present
        WHERE present.job_id = deleted.job_id AND present.subsystem = part.subsystem
    ) AS is_back
FROM (SELECT * FROM ops.deleted_verdicts ORDER BY id LIMIT %(limit)s) AS deleted
CROSS JOIN LATERAL unnest(deleted.subsystems) AS part (subsystem)
ORDER BY deleted.id

-- name: delete_deleted_verdicts
DELETE FROM ops.deleted_verdicts WHERE id = ANY (%(ids)s)

-- name: count_final_verdicts
SELECT count(*) FROM subsystem_inferences WHERE status IN ('completed', 'failed')

-- name: forget_refused_verdicts
DELETE FROM ops.refused_verdicts
WHERE sink = %(sink)s AND (job_id, subsystem) IN (
    SELECT * FROM unnest(%(job_ids)s::text [], %(subsystems)s::text [])
)

-- name: save_refused_verdicts
INSERT INTO ops.refused_verdicts (sink, job_id, subsystem, reason)
SELECT %(sink)s, refused.job_id, refused.subsystem, refused.reason
FROM unnest(%(job_ids)s::text [], %(subsystems)s::text [], %(reasons)s::text [])
    AS refused (job_id, subsystem, reason)
ON CONFLICT (sink, job_id, subsystem) DO UPDATE SET reason = excluded.reason, refused_at = excluded.refused_at
