-- Every SQL statement the services run, by name. A comment below a name says what it is for.
-- %s and %(name)s are parameters of the driver; nothing is ever formatted into a statement.

-- name: insert_missing_jobs
-- First of four statements that save a batch of verdicts; an existing job keeps what it has.
INSERT INTO inference_jobs
    (job_id, satellite_id, source, trigger_reason, status, total_subsystems, created_at, metadata)
VALUES %s
ON CONFLICT (job_id) DO NOTHING

-- name: lock_jobs
-- Second: one worker at a time goes on with a job, always in the same order, so that none waits in a circle.
SELECT job_id FROM inference_jobs WHERE job_id = ANY (%(job_ids)s) ORDER BY job_id FOR UPDATE

-- name: upsert_inferences
-- Third: the first final row wins; only a completed one may replace a failed one.
INSERT INTO subsystem_inferences AS kept (
    job_id, subsystem, model_name, status, input_data, input_features, predictions, confidence,
    anomaly_score, anomaly_detected, inference_time_ms, model_type, sequence_length, forecast_horizon,
    input_mean, input_std, prediction_mean, prediction_std, triton_model_version, processed_by,
    created_at, completed_at, error_message, verdict, bands, contributions, calibration_hash, started_at
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
    xact = pg_current_xact_id()
WHERE kept.status IN ('pending', 'processing')
    OR (kept.status = 'failed' AND EXCLUDED.status = 'completed')
RETURNING job_id, subsystem

-- name: roll_up_jobs
-- Fourth: a job's counters and state are counted from its rows; sees all rows committed before the lock was won.
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
-- The result document of a posted series; the first final one wins, as for rows.
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
    metadata = coalesce(kept.metadata, '{}') || EXCLUDED.metadata,
    error_message = EXCLUDED.error_message,
    completed_at = greatest(kept.created_at, EXCLUDED.completed_at)
WHERE kept.status IN ('pending', 'processing')
    OR (kept.status = 'failed' AND EXCLUDED.status = 'completed')

-- name: insert_pending_job
-- A job asked for over HTTP, before its task is published.
INSERT INTO inference_jobs
    (job_id, satellite_id, source, trigger_reason, status, total_subsystems, created_at, metadata)
VALUES (
    %(job_id)s, %(satellite_id)s, %(source)s, left(%(trigger_reason)s, 100), 'pending',
    %(total_subsystems)s, %(created_at)s, %(metadata)s
)

-- name: insert_pending_inferences
-- Its rows, one for each subsystem, holding the posted input.
INSERT INTO subsystem_inferences (job_id, subsystem, model_name, status, input_data, input_features, created_at)
VALUES %s

-- name: insert_pending_result
-- Its result document, where a single series was posted.
INSERT INTO inference_results (job_id, model_name, status, metadata, created_at)
VALUES (%(job_id)s, %(model_name)s, 'pending', %(metadata)s, %(created_at)s)

-- name: try_lock_idempotency_key
-- False while another request with the same key is in flight.
SELECT pg_try_advisory_xact_lock(hashtextextended(%(idempotency_key)s, 0))

-- name: expire_idempotency_keys
DELETE FROM ops.idempotency_keys WHERE idempotency_key IN (
    SELECT idempotency_key FROM ops.idempotency_keys
    WHERE created_at < (now() AT TIME ZONE 'UTC') - interval '24 hours'
    ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED
)

-- name: find_idempotency_key
SELECT request_sha256, job_id FROM ops.idempotency_keys
WHERE idempotency_key = %(idempotency_key)s AND created_at >= (now() AT TIME ZONE 'UTC') - interval '24 hours'

-- name: save_idempotency_key
INSERT INTO ops.idempotency_keys (idempotency_key, request_sha256, job_id)
VALUES (%(idempotency_key)s, %(request_sha256)s, %(job_id)s)
ON CONFLICT (idempotency_key) DO UPDATE SET
    request_sha256 = EXCLUDED.request_sha256, job_id = EXCLUDED.job_id, created_at = EXCLUDED.created_at

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
-- Reads only as many rows as that many jobs of twenty subsystems can have.
SELECT job_id FROM (
    SELECT job_id, created_at FROM subsystem_inferences
    WHERE model_name = %(model_name)s ORDER BY created_at DESC LIMIT 20 * (%(limit)s + %(offset)s)
) AS listed
GROUP BY job_id ORDER BY max(created_at) DESC, job_id LIMIT %(limit)s OFFSET %(offset)s

-- name: count_newest_jobs_of_model
SELECT count(DISTINCT job_id) FROM (
    SELECT job_id FROM subsystem_inferences
    WHERE model_name = %(model_name)s ORDER BY created_at DESC LIMIT 4 * %(ceiling)s
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

-- name: completed_last_minute
SELECT count(*) FROM inference_jobs
WHERE status = 'completed' AND completed_at > (now() AT TIME ZONE 'UTC') - interval '1 minute'

-- name: model_comparison
-- Verdicts of the last hour by model.
SELECT
    model_name,
    count(*) AS total,
    avg(extract(epoch FROM completed_at - started_at)) FILTER (WHERE status = 'completed') AS avg_time,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'failed') AS failed
FROM subsystem_inferences
WHERE created_at > (now() AT TIME ZONE 'UTC') - interval '1 hour'
GROUP BY model_name

-- name: patterns
-- Jobs of the last hour by the pattern their client named.
SELECT
    metadata ->> 'pattern' AS pattern,
    count(*) AS count,
    avg(extract(epoch FROM completed_at - created_at)) AS avg_time
FROM inference_jobs
WHERE created_at > (now() AT TIME ZONE 'UTC') - interval '1 hour' AND jsonb_typeof(metadata -> 'pattern') = 'string'
GROUP BY metadata ->> 'pattern' ORDER BY count(*) DESC, 1 LIMIT 100

-- name: verdict_head
-- Where an ordered reader starts that wants nothing of the past.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xact

-- name: verdicts_after
-- In commit order; below the oldest running transaction nothing can appear any more.
SELECT
    inference.xact::text::bigint AS xact,
    inference.id,
    inference.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    inference.subsystem,
    inference.model_name,
    inference.triton_model_version AS model_version,
    inference.status,
    inference.verdict,
    inference.anomaly_score,
    inference.anomaly_detected,
    inference.contributions,
    inference.created_at,
    inference.completed_at,
    inference.error_message
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE (inference.xact, inference.id) > (%(xact)s::text::xid8, %(id)s)
    AND inference.xact < pg_snapshot_xmin(pg_current_snapshot())
    AND inference.status IN ('completed', 'failed')
ORDER BY inference.xact, inference.id LIMIT %(limit)s

-- name: verdict_documents_after
-- The same with all that is passed on of a verdict.
SELECT
    inference.xact::text::bigint AS xact,
    inference.id,
    inference.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
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
    inference.input_data ->> 'window_start' AS window_start,
    inference.input_data ->> 'window_end' AS window_end,
    inference.input_data -> 'samples' AS samples,
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
    AND inference.xact < pg_snapshot_xmin(pg_current_snapshot())
    AND inference.status IN ('completed', 'failed')
ORDER BY inference.xact, inference.id LIMIT %(limit)s

-- name: count_final_verdicts
SELECT count(*) FROM subsystem_inferences WHERE status IN ('completed', 'failed')

-- name: relay_cursor
-- `is_ahead`: it comes from before the database was restored elsewhere.
SELECT
    generation, xact, id, relayed,
    xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS is_ahead
FROM ops.relay_cursors WHERE sink = %(sink)s

-- name: insert_relay_cursor
INSERT INTO ops.relay_cursors (sink) VALUES (%(sink)s) ON CONFLICT (sink) DO NOTHING

-- name: advance_relay_cursor
-- Does nothing where another process moved the cursor meanwhile.
UPDATE ops.relay_cursors SET
    xact = %(next_xact)s,
    id = %(next_id)s,
    relayed = relayed + %(count)s,
    updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s AND xact = %(xact)s AND id = %(id)s

-- name: restart_relay_cursor
-- Does nothing where another process began the next generation already.
UPDATE ops.relay_cursors SET
    generation = generation + 1, xact = 0, id = 0, relayed = 0, updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s

-- name: forecasts
-- Forecasts of one channel of one satellite whose windows end between two generation times, in time order:
-- the ids of telemetry jobs end in it. Of more than `ceiling` every n-th is taken.
WITH found AS (
    SELECT
        inference.predictions,
        array_position(inference.input_features, %(channel)s) - 1 AS place,
        inference.input_data ->> 'window_start' AS window_start,
        inference.input_data ->> 'window_end' AS window_end,
        (inference.input_data ->> 'samples')::int AS samples,
        row_number() OVER (ORDER BY inference.job_id) - 1 AS ordinal,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN %(first_job_id)s AND %(last_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND job.satellite_id = %(satellite_id)s
        AND jsonb_typeof(inference.predictions) = 'array'
        AND jsonb_typeof(inference.input_data -> 'samples') = 'number'
)

SELECT
    window_start,
    window_end,
    samples,
    jsonb_path_query_array(predictions, '$[*][$place]', jsonb_build_object('place', place)) AS predictions
FROM found
WHERE place IS NOT NULL AND samples > 1
    AND ordinal %% ceil(total::numeric / %(ceiling)s)::int = 0
ORDER BY ordinal

-- name: reopen_revised
-- Before a revision is saved: keeps each completed row whose window or calibration was another one, and reopens it.
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
