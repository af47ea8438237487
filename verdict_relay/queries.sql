-- The statements of the relay, by name: those of its sinks follow those of the alerts' projection.

-- name: lock_alerts
-- One process folds at a time: the state of the rule is read and written in one transaction.
SELECT pg_advisory_xact_lock(7241505003)

-- name: judged_after
-- Verdicts in commit order, with the columns that alerts need. Posted series and stored telemetry raise no alerts.
SELECT
    inference.xact::text::bigint AS xact,
    inference.id,
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.verdict,
    inference.anomaly_score,
    inference.completed_at,
    inference.generated_at,
    job.source = 'kafka_auto_trigger' AND job.metadata ->> 'lane' IS DISTINCT FROM 'stored'
    AND inference.generated_at IS NOT NULL AS is_live
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE (inference.xact, inference.id) > (%(xact)s::text::xid8, %(id)s)
    AND inference.xact < ops.settled_position()
    AND inference.status IN ('completed', 'failed')
ORDER BY inference.xact, inference.id LIMIT %(limit)s

-- name: judged_between
-- Verdicts of one satellite and subsystem in generation-time order.
SELECT inference.job_id, inference.generated_at, inference.verdict, inference.anomaly_score
FROM subsystem_inferences AS inference
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at > %(after)s AND inference.generated_at <= %(target)s
    AND inference.verdict IS NOT NULL
    AND (
        SELECT TRUE FROM ops.live_jobs AS job
        WHERE job.satellite_id = %(satellite_id)s AND job.job_id = inference.job_id
    )
ORDER BY inference.generated_at LIMIT %(limit)s

-- name: alert_heads
SELECT head.* FROM ops.alert_heads AS head
INNER JOIN unnest(%(satellites)s::text [], %(subsystems)s::text []) AS wanted (satellite_id, subsystem)
    ON head.satellite_id = wanted.satellite_id AND head.subsystem = wanted.subsystem

-- name: unfinished_heads
SELECT * FROM ops.alert_heads WHERE folded_at <> target_at ORDER BY satellite_id, subsystem LIMIT %(limit)s

-- name: checkpoint_before
SELECT generated_at, run FROM ops.alert_checkpoints
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND generated_at < %(generated_at)s
ORDER BY generated_at DESC LIMIT 1

-- name: forget_checkpoints
DELETE FROM ops.alert_checkpoints
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND generated_at >= %(generated_at)s

-- name: save_alert_heads
INSERT INTO ops.alert_heads AS kept (
    satellite_id, subsystem, folded_at, target_at, since_checkpoint, run
) VALUES %s
ON CONFLICT (satellite_id, subsystem) DO UPDATE SET
    folded_at = excluded.folded_at,
    target_at = excluded.target_at,
    since_checkpoint = excluded.since_checkpoint,
    run = excluded.run

-- name: save_checkpoints
INSERT INTO ops.alert_checkpoints (satellite_id, subsystem, generated_at, run) VALUES %s
ON CONFLICT (satellite_id, subsystem, generated_at) DO UPDATE SET run = excluded.run

-- name: forget_alerts
-- Alerts that started within the folded range and no longer exist.
DELETE FROM ops.anomaly_alerts AS alert
USING unnest(
    %(satellites)s::text [], %(subsystems)s::text [], %(first)s::timestamp [], %(last)s::timestamp []
) AS folded (satellite_id, subsystem, first_at, last_at)
WHERE alert.satellite_id = folded.satellite_id AND alert.subsystem = folded.subsystem
    AND alert.started_at BETWEEN folded.first_at AND folded.last_at
    AND (alert.satellite_id, alert.subsystem, alert.started_at) NOT IN (
        SELECT * FROM unnest(%(alert_satellites)s::text [], %(alert_subsystems)s::text [], %(started)s::timestamp [])
    )

-- name: save_alerts
INSERT INTO ops.anomaly_alerts AS kept (
    satellite_id, subsystem, started_at, raised_at, last_at, ended_at, verdict_count, peak_score, peak_job_id, newest_job_id
) VALUES %s
ON CONFLICT (satellite_id, subsystem, started_at) DO UPDATE SET
    raised_at = excluded.raised_at,
    last_at = excluded.last_at,
    ended_at = excluded.ended_at,
    verdict_count = excluded.verdict_count,
    peak_score = excluded.peak_score,
    peak_job_id = excluded.peak_job_id,
    newest_job_id = excluded.newest_job_id

-- name: clear_alerts
-- For a cursor at its start: all alerts are derived again.
WITH alerts AS (DELETE FROM ops.anomaly_alerts), heads AS (DELETE FROM ops.alert_heads)

DELETE FROM ops.alert_checkpoints

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

-- name: relay_cursor
SELECT generation, xact, id, relayed FROM ops.relay_cursors WHERE sink = %(sink)s

-- name: insert_relay_cursor
INSERT INTO ops.relay_cursors (sink) VALUES (%(sink)s) ON CONFLICT (sink) DO NOTHING

-- name: advance_relay_cursor
-- Does nothing if another process has moved the cursor meanwhile.
UPDATE ops.relay_cursors SET
    xact = %(next_xact)s,
    id = %(next_id)s,
    relayed = relayed + %(count)s,
    updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s AND xact = %(xact)s AND id = %(id)s

-- name: restart_relay_cursor
-- Does nothing if another process has already begun the next generation.
UPDATE ops.relay_cursors SET
    generation = generation + 1, xact = 0, id = 0, relayed = 0, updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s

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
