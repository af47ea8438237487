-- Every SQL statement the services run, by name. A comment below a name says what it is for.
-- %s and %(name)s are parameters of the driver; nothing is ever formatted into a statement.

-- name: insert_missing_jobs
-- First of four statements that save a batch of verdicts; an existing job keeps what it has. Only the periodic check
-- gives way: a limit that the second message of a sample set breaks is an alert, too.
INSERT INTO inference_jobs AS kept
    (job_id, satellite_id, source, trigger_reason, trigger_reasons, status, total_subsystems, created_at, metadata)
VALUES %s
ON CONFLICT (job_id) DO UPDATE SET
    trigger_reason = EXCLUDED.trigger_reason,
    trigger_reasons = EXCLUDED.trigger_reasons
WHERE kept.trigger_reason = 'periodic_check' AND EXCLUDED.trigger_reason <> 'periodic_check'

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
    xact = ops.commit_position()
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
-- The result document of a posted series; the first final one wins, as for rows. What the client sent stays as it was.
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

-- name: insert_pending_job
-- A job asked for over HTTP, before its task is published.
INSERT INTO inference_jobs
    (job_id, satellite_id, source, trigger_reason, trigger_reasons, status, total_subsystems, created_at, metadata)
VALUES (
    %(job_id)s, %(satellite_id)s, %(source)s, %(trigger_reason)s, %(trigger_reasons)s, 'pending',
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
SELECT ops.settled_position()::text::bigint AS xact

-- name: events_after
-- Verdicts and acknowledgements in commit order; below the oldest running transaction nothing can appear any more.
-- A transaction writes only one of the two, so that their places never meet.
WITH verdict AS (
    SELECT
        inference.xact,
        inference.id,
        inference.job_id,
        job.satellite_id,
        job.source,
        job.trigger_reason,
        job.trigger_reasons,
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
        AND inference.xact < ops.settled_position()
        AND inference.status IN ('completed', 'failed')
    ORDER BY inference.xact, inference.id LIMIT %(limit)s
),

acknowledgement AS (
    SELECT * FROM ops.alert_acknowledgements
    WHERE (xact, id) > (%(xact)s::text::xid8, %(id)s) AND xact < ops.settled_position()
    ORDER BY xact, id LIMIT %(limit)s
),

place AS (
    SELECT xact, id, 'verdict' AS event FROM verdict
    UNION ALL
    SELECT xact, id, 'acknowledgement' FROM acknowledgement
    ORDER BY xact, id LIMIT %(limit)s
)

SELECT
    place.event,
    place.xact::text::bigint AS xact,
    place.id,
    verdict.job_id,
    coalesce(verdict.satellite_id, acknowledgement.satellite_id) AS satellite_id,
    verdict.source,
    verdict.trigger_reason,
    verdict.trigger_reasons,
    coalesce(verdict.subsystem, acknowledgement.subsystem) AS subsystem,
    verdict.model_name,
    verdict.model_version,
    verdict.status,
    verdict.verdict,
    verdict.anomaly_score,
    verdict.anomaly_detected,
    verdict.contributions,
    verdict.created_at,
    verdict.completed_at,
    verdict.error_message,
    acknowledgement.reason,
    acknowledgement.generated_at,
    acknowledgement.operator,
    acknowledgement.comment,
    acknowledgement.acknowledged_at
FROM place
LEFT JOIN verdict ON place.event = 'verdict' AND verdict.xact = place.xact AND verdict.id = place.id
LEFT JOIN acknowledgement
    ON place.event = 'acknowledgement' AND acknowledgement.xact = place.xact AND acknowledgement.id = place.id
ORDER BY place.xact, place.id

-- name: verdict_documents_after
-- Verdicts in the same order, with all that is passed on of one.
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
    inference.input_data ->> 'window_start' AS window_start,
    inference.input_data ->> 'window_end' AS window_end,
    inference.input_data -> 'samples' AS samples,
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
-- The oldest jobs of which verdicts were deleted, each subsystem in a row; one may have been judged again since.
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

-- name: refused_verdicts
-- How many each sink refused, with the newest one and its reason; counts no further than `ceiling`.
SELECT counted.sink, counted.count, newest.job_id, newest.subsystem, newest.reason, newest.refused_at
FROM (
    SELECT listed.sink, count(*) AS count
    FROM (SELECT sink FROM ops.refused_verdicts LIMIT %(ceiling)s) AS listed GROUP BY listed.sink
) AS counted
CROSS JOIN LATERAL (
    SELECT * FROM ops.refused_verdicts AS refused
    WHERE refused.sink = counted.sink ORDER BY refused.refused_at DESC LIMIT 1
) AS newest
ORDER BY counted.sink

-- name: save_refused_values
INSERT INTO ops.refused_values AS kept (satellite_id, channel, reason, count, last_value, last_at)
SELECT
    refused.satellite_id, refused.channel, refused.reason, refused.count, refused.last_value,
    refused.last_at AT TIME ZONE 'UTC'
FROM unnest(
    %(satellite_ids)s::text [], %(channels)s::text [], %(reasons)s::text [], %(counts)s::bigint [],
    %(values)s::text [], %(times)s::timestamptz []
) AS refused (satellite_id, channel, reason, count, last_value, last_at)
ON CONFLICT (satellite_id, channel, reason) DO UPDATE SET
    count = kept.count + excluded.count,
    last_value = CASE WHEN excluded.last_at >= kept.last_at THEN excluded.last_value ELSE kept.last_value END,
    last_at = greatest(kept.last_at, excluded.last_at)

-- name: forget_oldest_refused_values
DELETE FROM ops.refused_values WHERE (satellite_id, channel, reason) IN (
    SELECT satellite_id, channel, reason FROM ops.refused_values ORDER BY last_at DESC OFFSET %(ceiling)s
)

-- name: refused_values
SELECT channel, reason, count, last_value, last_at FROM ops.refused_values
WHERE satellite_id = %(satellite_id)s ORDER BY last_at DESC, channel, reason LIMIT %(limit)s

-- name: save_wrong_clocks
-- Runs with less than `patience` between them are one; of others the newer one is kept.
INSERT INTO ops.wrong_clocks AS kept (satellite_id, subsystem, reason, value, first_at, last_at)
SELECT
    run.satellite_id, run.subsystem, run.reason, run.value,
    run.first_at AT TIME ZONE 'UTC', run.last_at AT TIME ZONE 'UTC'
FROM unnest(
    %(satellite_ids)s::text [], %(subsystems)s::text [], %(reasons)s::text [], %(values)s::float8 [],
    %(firsts)s::timestamptz [], %(lasts)s::timestamptz []
) AS run (satellite_id, subsystem, reason, value, first_at, last_at)
ON CONFLICT (satellite_id, subsystem, reason) DO UPDATE SET
    value = CASE WHEN excluded.last_at >= kept.last_at THEN excluded.value ELSE kept.value END,
    first_at = CASE
        WHEN excluded.first_at > kept.last_at + %(patience)s THEN excluded.first_at
        WHEN kept.first_at > excluded.last_at + %(patience)s THEN kept.first_at
        ELSE least(kept.first_at, excluded.first_at)
    END,
    last_at = greatest(kept.last_at, excluded.last_at)

-- name: forget_oldest_wrong_clocks
DELETE FROM ops.wrong_clocks WHERE (satellite_id, subsystem, reason) IN (
    SELECT satellite_id, subsystem, reason FROM ops.wrong_clocks ORDER BY last_at DESC OFFSET %(ceiling)s
)

-- name: wrong_clocks
SELECT
    satellite_id, subsystem, reason, value,
    floor(extract(EPOCH FROM first_at) * 1000)::bigint AS first_ms,
    floor(extract(EPOCH FROM last_at) * 1000)::bigint AS last_ms
FROM ops.wrong_clocks WHERE last_at > (now() AT TIME ZONE 'UTC') - interval '1 day' ORDER BY last_at

-- name: forecasts
-- Forecasts of one channel of one satellite whose windows end between two generation times, in time order, and the newest
-- one before them: it reaches into them, and cuts all earlier ones. The ids of telemetry jobs end in that time. Of more than
-- `ceiling` every n-th is taken.
WITH before AS (
    SELECT inference.job_id
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN %(oldest_job_id)s AND %(first_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND job.satellite_id = %(satellite_id)s
        AND %(channel)s = ANY (inference.input_features)
        AND jsonb_typeof(inference.predictions) = 'array'
    ORDER BY inference.job_id DESC LIMIT 1
),

found AS (
    SELECT
        inference.predictions,
        array_position(inference.input_features, %(channel)s) - 1 AS place,
        inference.input_data ->> 'window_start' AS window_start,
        inference.input_data ->> 'window_end' AS window_end,
        (inference.input_data ->> 'samples')::int AS samples,
        inference.input_data -> 'axes' AS axes,
        row_number() OVER (ORDER BY inference.job_id) - 1 AS ordinal,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN coalesce((SELECT job_id FROM before), %(first_job_id)s) AND %(last_job_id)s
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
    axes,
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

-- name: subsystem_forecasts
-- Forecasts of all channels of a subsystem whose windows end between two generation times, in time order.
-- Of more than `ceiling` every n-th is taken, counted back from the newest.
WITH found AS (
    SELECT
        inference.id,
        inference.job_id,
        row_number() OVER (ORDER BY inference.job_id DESC) - 1 AS age,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN %(first_job_id)s AND %(last_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND inference.predictions IS NOT NULL
        AND inference.bands IS NOT NULL
        AND (inference.input_data ->> 'samples')::int > 1
        AND job.satellite_id = %(satellite_id)s
        AND job.source = 'kafka_auto_trigger'
)

SELECT
    inference.job_id,
    inference.input_features,
    inference.predictions,
    inference.bands,
    inference.input_data ->> 'window_start' AS window_start,
    inference.input_data ->> 'window_end' AS window_end,
    (inference.input_data ->> 'samples')::int AS samples,
    inference.input_data -> 'axes' AS axes,
    found.total
FROM found
INNER JOIN subsystem_inferences AS inference ON inference.id = found.id
WHERE found.age %% ceil(found.total::numeric / %(ceiling)s)::int = 0
ORDER BY found.age DESC

-- name: verdicts_between
-- Verdicts on a satellite's telemetry of which the newest sample lies between two generation times, newest first.
SELECT
    inference.job_id,
    inference.subsystem,
    inference.input_data ->> 'window_end' AS generated_at,
    inference.input_data ->> 'window_start' AS window_start,
    inference.verdict,
    inference.status,
    inference.anomaly_score,
    inference.anomaly_detected,
    job.trigger_reason,
    job.trigger_reasons,
    inference.model_name,
    inference.triton_model_version AS model_version
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE inference.job_id BETWEEN %(first_job_id)s AND %(last_job_id)s
    AND (%(subsystem)s IS NULL OR inference.subsystem = %(subsystem)s)
    AND inference.status IN ('completed', 'failed')
    AND inference.input_data ->> 'window_end' IS NOT NULL
    AND job.satellite_id = %(satellite_id)s
    AND job.source = 'kafka_auto_trigger'
ORDER BY inference.job_id DESC, inference.subsystem LIMIT %(limit)s

-- name: job_page
-- Jobs before a position, newest first. Filters that no index answers look at no more than `ceiling` jobs.
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
-- Where `job_page` stopped looking, if it stopped early.
SELECT created_at, job_id FROM inference_jobs
WHERE (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR created_at >= %(start)s)
    AND (%(end)s IS NULL OR created_at <= %(end)s)
    AND (%(created_at)s IS NULL OR (created_at, job_id) < (%(created_at)s, %(job_id)s))
ORDER BY created_at DESC, job_id DESC OFFSET %(ceiling)s - 1 LIMIT 1

-- name: rows_of_jobs
-- Which subsystems of some jobs have a row.
SELECT job_id, subsystem FROM subsystem_inferences WHERE job_id = ANY (%(job_ids)s)

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
    input_features,
    input_data,
    predictions,
    bands,
    confidence,
    contributions,
    calibration_hash,
    processed_by
FROM subsystem_inferences WHERE job_id = %(job_id)s ORDER BY subsystem
-- name: pipeline_database
-- How PostgreSQL itself is; rows are the planner's estimates, -1 before it counted first. A transaction of any database of the
-- server holds up ops.settled_position(), and with it live lines and the relay.
SELECT
    current_setting('max_connections')::int AS max_connections,
    pg_database_size(current_database()) AS size_bytes,
    (SELECT reltuples::bigint FROM pg_class WHERE oid = 'inference_jobs'::regclass) AS jobs,
    (SELECT reltuples::bigint FROM pg_class WHERE oid = 'subsystem_inferences'::regclass) AS verdicts,
    clients.connections,
    extract(EPOCH FROM clock_timestamp() - clients.oldest_start) AS oldest_transaction_s
FROM (
    SELECT
        count(*) AS connections,
        min(xact_start) FILTER (WHERE pid <> pg_backend_pid()) AS oldest_start
    FROM pg_stat_activity WHERE backend_type = 'client backend'
) AS clients

-- name: open_jobs
-- Jobs that are not judged yet, counted no further than `ceiling`, and the age of the oldest one.
SELECT count(*) AS open_jobs, extract(EPOCH FROM (now() AT TIME ZONE 'UTC') - min(created_at)) AS oldest_open_s
FROM (
    SELECT created_at FROM inference_jobs
    WHERE status IN ('pending', 'processing') ORDER BY created_at LIMIT %(ceiling)s
) AS listed

-- name: newest_verdict
SELECT completed_at FROM subsystem_inferences
WHERE status IN ('completed', 'failed') ORDER BY xact DESC, id DESC LIMIT 1

-- name: relay_lag
-- Verdicts behind a sink's cursor, with those that a running transaction still hides from it; counts no further
-- than `ceiling`, in commit order, so that it reads a bounded piece of that index. No row before the first relay.
SELECT found.waiting
FROM ops.relay_cursors AS relayed
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (
        SELECT 1 FROM subsystem_inferences
        WHERE (xact, id) > (relayed.xact::text::xid8, relayed.id) AND status IN ('completed', 'failed')
        ORDER BY xact, id LIMIT %(ceiling)s
    ) AS listed
) AS found
WHERE relayed.sink = %(sink)s
-- name: satellites
-- Every satellite that any job names: one index probe for each.
WITH RECURSIVE found AS (
    (SELECT satellite_id FROM inference_jobs ORDER BY satellite_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT job.satellite_id FROM inference_jobs AS job
        WHERE job.satellite_id > found.satellite_id ORDER BY job.satellite_id LIMIT 1
    )
    FROM found WHERE found.satellite_id IS NOT NULL
)

SELECT satellite_id FROM found WHERE satellite_id IS NOT NULL

-- name: newest_verdicts
-- The newest final verdict, by generation time, of each satellite and subsystem, and the mean interval of its window; a
-- satellite without live telemetry, or a subsystem without any, costs one probe. The ids of a satellite's jobs are not
-- alone in their range: those of SAT-1 lie between SAT- and SAT's first one, so the search ends there.
SELECT
    satellite.satellite_id,
    part.subsystem,
    judged.job_id,
    judged.verdict,
    judged.status,
    judged.anomaly_score,
    extract(
        EPOCH FROM (judged.input_data ->> 'window_end')::timestamptz
        - (judged.input_data ->> 'window_start')::timestamptz
    )::float8 / nullif((judged.input_data ->> 'samples')::float8 - 1, 0) AS interval_s
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
CROSS JOIN LATERAL (
    SELECT min(job_id) AS oldest, max(job_id) AS newest FROM ops.live_jobs WHERE satellite_id = satellite.satellite_id
) AS live
CROSS JOIN unnest(%(subsystems)s::text []) AS part (subsystem)
CROSS JOIN LATERAL (
    SELECT inference.job_id FROM subsystem_inferences AS inference
    WHERE inference.subsystem = part.subsystem AND inference.status IN ('completed', 'failed')
        AND inference.job_id BETWEEN live.oldest AND live.newest
        AND (
            SELECT TRUE FROM ops.live_jobs AS job
            WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
        )
    ORDER BY inference.job_id DESC LIMIT 1
) AS newest
INNER JOIN subsystem_inferences AS judged ON judged.job_id = newest.job_id AND judged.subsystem = part.subsystem

-- name: learning_progress
-- How far the subsystems are that learn, by the last look at each.
SELECT progress.satellite_id, progress.subsystem, progress.samples, progress.needed, progress.interval_s, progress.reason
FROM unnest(%(satellites)s::text [], %(subsystems)s::text []) AS part (satellite_id, subsystem)
INNER JOIN ops.learning_progress AS progress USING (satellite_id, subsystem)

-- name: satellites_heard
-- Of each satellite its newest live job, and what came behind that from an on-board clock that is far behind:
-- by reason the times of the first and the last job, in milliseconds. The interval is the live job's shortest.
SELECT
    satellite.satellite_id,
    live.job_id,
    live.is_replayed,
    clock.behind_s,
    clock.behind_ms,
    (
        SELECT
            min(
                extract(
                    EPOCH FROM (inference.input_data ->> 'window_end')::timestamptz
                    - (inference.input_data ->> 'window_start')::timestamptz
                )::float8 / nullif((inference.input_data ->> 'samples')::float8 - 1, 0)
            )
        FROM subsystem_inferences AS inference
        WHERE inference.job_id = live.job_id
    ) AS interval_s
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
LEFT JOIN LATERAL (
    SELECT job.job_id, job.created_at, job.metadata ->> 'is_replayed' = 'true' AS is_replayed
    FROM ops.live_jobs AS job
    WHERE job.satellite_id = satellite.satellite_id ORDER BY job.job_id DESC LIMIT 1
) AS live ON TRUE
CROSS JOIN LATERAL (
    SELECT
        max(span.behind_s) AS behind_s,
        jsonb_object_agg(span.reason, jsonb_build_array(span.first_ms, span.last_ms)) AS behind_ms
    FROM (
        SELECT
            broken.reason,
            max((job.metadata ->> 'clock_behind_s')::float8) AS behind_s,
            floor(extract(EPOCH FROM min(job.created_at)) * 1000)::bigint AS first_ms,
            floor(extract(EPOCH FROM max(job.created_at)) * 1000)::bigint AS last_ms
        FROM inference_jobs AS job
        CROSS JOIN LATERAL unnest(job.trigger_reasons) AS broken (reason)
        WHERE job.satellite_id = satellite.satellite_id AND job.source = 'kafka_auto_trigger'
            AND job.created_at
            > greatest(live.created_at, (now() AT TIME ZONE 'UTC') - interval '1 day')
            AND jsonb_typeof(job.metadata -> 'clock_behind_s') = 'number'
        GROUP BY broken.reason
    ) AS span
) AS clock

-- name: open_anomalies
-- Alerts of the anomaly score that no verdict has ended.
SELECT * FROM ops.anomaly_alerts
WHERE ended_at IS NULL AND satellite_id = ANY (%(satellites)s) AND subsystem = ANY (%(subsystems)s)

-- name: overlapping_anomalies
-- Alerts of the anomaly score that overlap a time range, newest first. Those of one satellite and subsystem follow each
-- other: of the ones that start before the range only the newest may reach into it.
SELECT alert.*
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
CROSS JOIN unnest(%(subsystems)s::text []) AS part (subsystem)
CROSS JOIN LATERAL (
    SELECT found.* FROM ops.anomaly_alerts AS found
    WHERE found.satellite_id = satellite.satellite_id AND found.subsystem = part.subsystem
        AND found.started_at < (%(end)s::timestamptz AT TIME ZONE 'UTC') + interval '1 ms'
        AND found.started_at >= coalesce((
            SELECT max(earlier.started_at) FROM ops.anomaly_alerts AS earlier
            WHERE earlier.satellite_id = satellite.satellite_id AND earlier.subsystem = part.subsystem
                AND earlier.started_at <= (%(start)s::timestamptz AT TIME ZONE 'UTC')
        ), '-infinity')
        AND (found.ended_at IS NULL OR found.last_at >= (%(start)s::timestamptz AT TIME ZONE 'UTC'))
) AS alert
ORDER BY alert.started_at DESC LIMIT %(ceiling)s

-- name: anomalies_behind
-- For how many seconds the oldest verdict has waited that alerts of the anomaly score don't count yet, with those that a
-- running transaction still hides from the relay; or how long ago it began to fold earlier ones again. 0 = none waits.
SELECT
    coalesce(extract(EPOCH FROM (now() AT TIME ZONE 'UTC') - least(
        (
            SELECT inference.completed_at FROM subsystem_inferences AS inference
            WHERE (inference.xact, inference.id) > (folded.xact::text::xid8, folded.id)
                AND inference.status IN ('completed', 'failed')
            ORDER BY inference.xact, inference.id LIMIT 1
        ),
        CASE WHEN EXISTS (SELECT FROM ops.alert_heads WHERE folded_job_id <> target_job_id) THEN folded.updated_at END
    )), 0)::float8 AS behind_s
FROM (
    SELECT coalesce(max(xact), 0) AS xact, coalesce(max(id), 0) AS id, max(updated_at) AS updated_at
    FROM ops.relay_cursors WHERE sink = 'alerts'
) AS folded

-- name: open_limits
-- Limits of some satellites that were broken within the `hold_ms` before the newest judged job of their subsystem, or
-- since: none of their breaches is followed by so long without one. Where nothing was judged yet, no breach has ended.
WITH judged AS MATERIALIZED (
    SELECT
        satellite.satellite_id,
        part.subsystem,
        coalesce((
            SELECT inference.job_id FROM subsystem_inferences AS inference
            WHERE inference.subsystem = part.subsystem AND inference.status = 'completed'
                AND inference.job_id BETWEEN live.oldest AND live.newest
                AND (
                    SELECT TRUE FROM ops.live_jobs AS job
                    WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
                )
            ORDER BY inference.job_id DESC LIMIT 1
        ), (
            SELECT inference.job_id FROM subsystem_inferences AS inference
            WHERE inference.subsystem = part.subsystem AND inference.job_id BETWEEN live.oldest AND live.newest
                AND (
                    SELECT TRUE FROM ops.live_jobs AS job
                    WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
                )
            ORDER BY inference.job_id LIMIT 1
        )) AS job_id
    FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
    CROSS JOIN (SELECT DISTINCT listed.subsystem FROM unnest(%(subsystems)s::text []) AS listed (subsystem)) AS part
    CROSS JOIN LATERAL (
        SELECT min(job_id) AS oldest, max(job_id) AS newest FROM ops.live_jobs WHERE satellite_id = satellite.satellite_id
    ) AS live
)

SELECT judged.satellite_id, sign.subsystem, sign.reason
FROM judged
INNER JOIN unnest(%(subsystems)s::text [], %(reasons)s::text []) AS sign (subsystem, reason)
    ON sign.subsystem = judged.subsystem
CROSS JOIN LATERAL (
    SELECT FROM ops.live_jobs AS job
    WHERE job.satellite_id = judged.satellite_id AND job.trigger_reason <> 'periodic_check'
        AND job.job_id >= ops.job_id_after(judged.job_id, 1 - %(hold_ms)s)
        AND sign.reason = ANY (job.trigger_reasons)
        AND (
            SELECT TRUE FROM subsystem_inferences AS inference
            WHERE inference.job_id = job.job_id AND inference.subsystem = sign.subsystem
        )
    LIMIT 1
) AS breach

-- name: broken_limits
-- Which limits some satellites broke between two times: one pass for each satellite, from the range's end down to the next
-- job with a reason that was not seen yet, and so on. A limit that was never broken is looked for once, not with each rule.
WITH RECURSIVE pass AS (
    SELECT
        listed.satellite_id,
        ('kafka-' || listed.satellite_id || '-') COLLATE "C" AS prefix,
        ('kafka-' || listed.satellite_id || '-' || %(end)s || ':') COLLATE "C" AS place,
        '{}'::text [] AS seen,
        '{}'::text [] AS found
    FROM unnest(%(satellites)s::text []) AS listed (satellite_id)

    UNION ALL

    SELECT pass.satellite_id, pass.prefix, newest.job_id, pass.seen || newest.trigger_reasons, newest.trigger_reasons
    FROM pass
    CROSS JOIN LATERAL (
        SELECT job.job_id, job.trigger_reasons FROM ops.live_jobs AS job
        WHERE job.satellite_id = pass.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND job.job_id >= pass.prefix || %(start)s AND job.job_id < pass.place
            AND NOT job.trigger_reasons <@ pass.seen
        ORDER BY job.job_id DESC LIMIT 1
    ) AS newest
)

SELECT DISTINCT pass.satellite_id, broken.reason
FROM pass CROSS JOIN LATERAL unnest(pass.found) AS broken (reason)

-- name: limit_episodes
-- Breaches of some limits with a member between two times, whole: members are jobs with the reason, and an episode ends
-- where a judged job without it follows after `hold_ms` without a breach: a value that flaps at its limit is one. The walk
-- goes from the range's end back to the newest member, from there to the first one, and so on; no more than the newest
-- `members_each` are counted. From the newest member it leaps to the oldest one of the `hold_ms` before it, so that its
-- cost grows with the time that a limit is broken, not with the jobs; where there is none, a breach further away belongs
-- to it up to `hold_ms` before the judged job next to the leap. The ids of telemetry jobs end in their generation time,
-- and `:` follows the digits.
WITH RECURSIVE walk AS (
    SELECT
        sign.satellite_id,
        sign.subsystem,
        sign.reason,
        ('kafka-' || sign.satellite_id || '-') COLLATE "C" AS prefix,
        (SELECT min(job_id) FROM ops.live_jobs WHERE satellite_id = sign.satellite_id) AS oldest_job_id,
        ('kafka-' || sign.satellite_id || '-' || %(end)s || ':') COLLATE "C" AS first_job_id,
        NULL::text COLLATE "C" AS newest_job_id,
        0 AS step
    FROM unnest(%(satellites)s::text [], %(subsystems)s::text [], %(reasons)s::text [])
        AS sign (satellite_id, subsystem, reason)

    UNION ALL

    SELECT
        walk.satellite_id,
        walk.subsystem,
        walk.reason,
        walk.prefix,
        walk.oldest_job_id,
        first.job_id,
        newest.job_id,
        walk.step + 1
    FROM walk
    CROSS JOIN LATERAL (
        SELECT job.job_id FROM ops.live_jobs AS job
        WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND walk.reason = ANY (job.trigger_reasons)
            AND (
                SELECT TRUE FROM subsystem_inferences AS inference
                WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
            )
            AND job.job_id >= walk.prefix || %(start)s AND job.job_id < walk.first_job_id
        ORDER BY job.job_id DESC LIMIT 1
    ) AS found
    CROSS JOIN LATERAL (
        WITH RECURSIVE leap (job_id) AS (
            SELECT found.job_id::varchar
            UNION ALL
            SELECT earlier.job_id FROM leap CROSS JOIN LATERAL (
                SELECT coalesce(near.job_id, far.job_id) AS job_id
                FROM (SELECT) AS nothing
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND job.job_id >= ops.job_id_after(leap.job_id, 1 - %(hold_ms)s) AND job.job_id < leap.job_id
                    ORDER BY job.job_id LIMIT 1
                ) AS near ON TRUE
                LEFT JOIN LATERAL (
                    SELECT inference.job_id FROM subsystem_inferences AS inference
                    WHERE inference.subsystem = walk.subsystem AND inference.status = 'completed'
                        AND (
                            SELECT TRUE FROM ops.live_jobs AS job
                            WHERE job.satellite_id = walk.satellite_id AND job.job_id = inference.job_id
                        )
                        AND inference.job_id >= walk.oldest_job_id AND inference.job_id < leap.job_id
                        AND near.job_id IS NULL
                    ORDER BY inference.job_id DESC LIMIT 1
                ) AS judged ON TRUE
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND near.job_id IS NULL AND job.job_id < leap.job_id
                        AND job.job_id >= coalesce(ops.job_id_after(judged.job_id, 1 - %(hold_ms)s), walk.prefix)
                    ORDER BY job.job_id DESC LIMIT 1
                ) AS far ON TRUE
            ) AS earlier
            WHERE earlier.job_id IS NOT NULL
        )

        SELECT min(job_id COLLATE "C") AS job_id FROM leap
    ) AS first
    CROSS JOIN LATERAL (
        WITH RECURSIVE leap (job_id) AS (
            SELECT found.job_id::varchar
            UNION ALL
            SELECT later.job_id FROM leap CROSS JOIN LATERAL (
                SELECT coalesce(near.job_id, far.job_id) AS job_id
                FROM (SELECT) AS nothing
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND job.job_id > leap.job_id AND job.job_id < ops.job_id_after(leap.job_id, %(hold_ms)s)
                    ORDER BY job.job_id DESC LIMIT 1
                ) AS near ON TRUE
                LEFT JOIN LATERAL (
                    SELECT inference.job_id FROM subsystem_inferences AS inference
                    WHERE inference.subsystem = walk.subsystem AND inference.status = 'completed'
                        AND (
                            SELECT TRUE FROM ops.live_jobs AS job
                            WHERE job.satellite_id = walk.satellite_id AND job.job_id = inference.job_id
                        )
                        AND inference.job_id >= ops.job_id_after(leap.job_id, %(hold_ms)s)
                        AND inference.job_id < walk.prefix || ':'
                        AND near.job_id IS NULL
                    ORDER BY inference.job_id LIMIT 1
                ) AS judged ON TRUE
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND near.job_id IS NULL AND job.job_id > leap.job_id
                        AND job.job_id <= coalesce(judged.job_id, walk.prefix || ':')
                    ORDER BY job.job_id LIMIT 1
                ) AS far ON TRUE
            ) AS later
            WHERE walk.step = 0 AND later.job_id IS NOT NULL
        )

        SELECT max(job_id COLLATE "C") AS job_id FROM leap
    ) AS newest
    WHERE walk.step < %(episodes_each)s
),

listed AS (SELECT * FROM walk WHERE step > 0 LIMIT %(ceiling)s)

SELECT
    listed.satellite_id,
    listed.subsystem,
    listed.reason,
    listed.step = 1 AND ending.job_id IS NULL AS is_open,
    listed.first_job_id,
    listed.newest_job_id,
    figures.*
FROM listed
LEFT JOIN LATERAL (
    SELECT inference.job_id FROM subsystem_inferences AS inference
    WHERE inference.subsystem = listed.subsystem AND inference.status = 'completed'
        AND (
            SELECT listed.reason <> ALL (job.trigger_reasons) FROM ops.live_jobs AS job
            WHERE job.satellite_id = listed.satellite_id AND job.job_id = inference.job_id
        )
        AND inference.job_id >= ops.job_id_after(listed.newest_job_id, %(hold_ms)s)
        AND inference.job_id < listed.prefix || ':'
    LIMIT 1
) AS ending ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(*) AS verdict_count,
        max(member.anomaly_score) AS peak_score,
        (array_agg(member.job_id ORDER BY member.anomaly_score DESC NULLS LAST, member.job_id))[1] AS peak_job_id
    FROM (
        SELECT job.job_id, inference.anomaly_score FROM ops.live_jobs AS job
        CROSS JOIN LATERAL (
            SELECT judged.anomaly_score FROM subsystem_inferences AS judged
            WHERE judged.job_id = job.job_id AND judged.subsystem = listed.subsystem LIMIT 1
        ) AS inference
        WHERE job.satellite_id = listed.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND listed.reason = ANY (job.trigger_reasons)
            AND job.job_id >= listed.first_job_id AND job.job_id <= listed.newest_job_id
        ORDER BY job.job_id DESC LIMIT %(members_each)s
    ) AS member
) AS figures

-- name: alert_verdicts
-- Members of an episode between two jobs, newest first.
SELECT
    verdict.job_id,
    verdict.subsystem,
    inference.input_data ->> 'window_start' AS window_start,
    verdict.verdict,
    verdict.status,
    verdict.anomaly_score,
    verdict.anomaly_detected,
    verdict.trigger_reason,
    verdict.reasons AS trigger_reasons,
    inference.model_name,
    inference.triton_model_version AS model_version
FROM ops.live_verdicts AS verdict
INNER JOIN subsystem_inferences AS inference
    ON inference.job_id = verdict.job_id AND inference.subsystem = verdict.subsystem
WHERE verdict.job_id BETWEEN %(first_job_id)s AND %(newest_job_id)s
    AND verdict.satellite_id = %(satellite_id)s AND verdict.subsystem = %(subsystem)s
    AND CASE WHEN %(reason)s IS NULL THEN verdict.anomaly_detected ELSE %(reason)s = ANY (verdict.reasons) END
ORDER BY verdict.job_id DESC LIMIT %(limit)s

-- name: alert_evidence
-- What the verdict with the peak was made from.
SELECT job_id, model_name, triton_model_version AS model_version, calibration_hash, contributions, input_data
FROM subsystem_inferences WHERE job_id = %(job_id)s AND subsystem = %(subsystem)s

-- name: forecast_before
-- The newest forecast of an undisturbed window from before a job; where the verdict is still learning, it has one, too.
SELECT
    inference.job_id,
    inference.input_features,
    inference.input_data ->> 'window_start' AS window_start,
    inference.input_data ->> 'window_end' AS window_end,
    (inference.input_data ->> 'samples')::int AS samples,
    inference.input_data -> 'axes' AS axes,
    inference.predictions,
    inference.bands -> '90' AS band
FROM subsystem_inferences AS inference
WHERE inference.subsystem = %(subsystem)s AND inference.verdict IN ('nominal', 'learning')
    AND inference.job_id >= (SELECT min(job_id) FROM ops.live_jobs WHERE satellite_id = %(satellite_id)s)
    AND inference.job_id < %(job_id)s
    AND (
        SELECT TRUE FROM ops.live_jobs AS job
        WHERE job.satellite_id = %(satellite_id)s AND job.job_id = inference.job_id
    )
ORDER BY inference.job_id DESC LIMIT 1

-- name: acknowledgements_within
-- Acknowledgements of some alerts, by their place in the lists, newest first.
SELECT alert.place::int AS place, given.operator, given.comment, given.acknowledged_at
FROM unnest(
    %(satellites)s::text [], %(subsystems)s::text [], %(reasons)s::text [], %(first)s::timestamptz [], %(last)s::timestamptz []
) WITH ORDINALITY AS alert (satellite_id, subsystem, reason, first, last, place)
INNER JOIN ops.alert_acknowledgements AS given
    ON given.satellite_id = alert.satellite_id AND given.subsystem = alert.subsystem AND given.reason = alert.reason
    AND given.generated_at BETWEEN (alert.first AT TIME ZONE 'UTC') AND (alert.last AT TIME ZONE 'UTC')
ORDER BY given.acknowledged_at DESC, given.id DESC

-- name: lock_alert
-- One acknowledgement at a time; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', %(satellite_id)s, %(subsystem)s, %(reason)s), 6))

-- name: insert_acknowledgement
INSERT INTO ops.alert_acknowledgements (satellite_id, subsystem, reason, generated_at, operator, comment)
VALUES (
    %(satellite_id)s, %(subsystem)s, %(reason)s, %(generated_at)s::timestamptz AT TIME ZONE 'UTC', %(operator)s, %(comment)s
)
RETURNING operator, comment, acknowledged_at

-- name: lock_dead_letter_collection
-- False while another process collects.
SELECT pg_try_advisory_xact_lock(7241505002) AS is_ours

-- name: next_dead_letter_positions
-- Behind the letter that was collected last, not behind the highest: a topic that was made anew counts from 0 again.
WITH RECURSIVE found AS (
    (SELECT partition FROM ops.dead_letters WHERE source = 'kafka' ORDER BY partition LIMIT 1)
    UNION ALL
    SELECT (
        SELECT letter.partition FROM ops.dead_letters AS letter
        WHERE letter.source = 'kafka' AND letter.partition > found.partition ORDER BY letter.partition LIMIT 1
    )
    FROM found WHERE found.partition IS NOT NULL
)

SELECT found.partition, newest.position + 1 AS position
FROM found
CROSS JOIN LATERAL (
    SELECT letter.position FROM ops.dead_letters AS letter
    WHERE letter.source = 'kafka' AND letter.partition = found.partition ORDER BY letter.id DESC LIMIT 1
) AS newest
WHERE found.partition IS NOT NULL

-- name: open_dead_letters
-- Counts no further than `ceiling`.
SELECT count(*) AS count FROM (SELECT FROM ops.dead_letters WHERE state = 'open' LIMIT %(ceiling)s) AS listed

-- name: insert_dead_letter
-- A letter that RabbitMQ delivers again may be here already, a first delivery never is; its attempt counts the redriven
-- ones before it.
INSERT INTO ops.dead_letters (
    source, place, partition, position, identity, reason, detail, satellite_id, attempt, refused_at, message_key,
    headers, body, size_bytes, body_sha256, is_cut
)
SELECT
    %(source)s, %(place)s, %(partition)s, %(position)s, %(identity)s, %(reason)s, %(detail)s, %(satellite_id)s,
    1 + coalesce((
        SELECT max(attempt) FROM ops.dead_letters WHERE body_sha256 = %(body_sha256)s AND state = 'redriven'
    ), 0),
    %(refused_at)s, %(message_key)s, %(headers)s, %(body)s, %(size_bytes)s, %(body_sha256)s, %(is_cut)s
WHERE NOT (
    %(is_redelivered)s
    AND EXISTS (SELECT FROM ops.dead_letters WHERE source = 'rabbitmq' AND identity = %(identity)s)
)
ON CONFLICT DO NOTHING

-- name: dead_letter_page
-- Newest first; `id` follows the order of collection.
SELECT
    id, source, place, partition, position, reason, detail, satellite_id, attempt, refused_at, size_bytes, is_cut,
    state, handled_at, handled_by
FROM ops.dead_letters
WHERE (%(before)s IS NULL OR id < %(before)s)
    AND (%(state)s IS NULL OR state = %(state)s)
    AND (%(source)s IS NULL OR source = %(source)s)
    AND (%(reason)s IS NULL OR reason = %(reason)s)
    AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR refused_at >= %(start)s)
    AND (%(end)s IS NULL OR refused_at <= %(end)s)
ORDER BY id DESC LIMIT %(limit)s

-- name: dead_letter_counts
-- Open letters by source and reason.
SELECT source, reason, count(*) AS count, max(refused_at) AS newest_at
FROM ops.dead_letters WHERE state = 'open'
GROUP BY source, reason ORDER BY count(*) DESC, source, reason

-- name: dead_letter
SELECT * FROM ops.dead_letters WHERE id = %(id)s

-- name: lock_dead_letters
-- Open letters that a choice names, oldest first, as many as `bytes` hold and one at least; those that another process
-- handles right now are its own.
SELECT letter.id, letter.source, letter.place, letter.reason, letter.message_key, letter.headers, letter.body
FROM ops.dead_letters AS letter
INNER JOIN (
    SELECT id, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS bytes_before
    FROM ops.dead_letters
    WHERE state = 'open'
        AND NOT (is_cut AND %(whole_only)s)
        AND (%(ids)s IS NULL OR id = ANY (%(ids)s))
        AND (%(source)s IS NULL OR source = %(source)s)
        AND (%(reason)s IS NULL OR reason = %(reason)s)
        AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
) AS chosen ON chosen.id = letter.id
WHERE letter.state = 'open' AND chosen.bytes_before < %(bytes)s
ORDER BY letter.id LIMIT %(limit)s FOR UPDATE OF letter SKIP LOCKED

-- name: count_chosen_dead_letters
SELECT source, reason, is_cut, count(*) AS count
FROM ops.dead_letters
WHERE state = 'open'
    AND (%(ids)s IS NULL OR id = ANY (%(ids)s))
    AND (%(source)s IS NULL OR source = %(source)s)
    AND (%(reason)s IS NULL OR reason = %(reason)s)
    AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
GROUP BY source, reason, is_cut ORDER BY count(*) DESC, source, reason

-- name: handle_dead_letters
UPDATE ops.dead_letters SET state = %(state)s, handled_at = now() AT TIME ZONE 'UTC', handled_by = %(operator)s
WHERE id = ANY (%(ids)s)

-- name: expire_dead_letters
DELETE FROM ops.dead_letters WHERE id IN (
    SELECT id FROM ops.dead_letters
    WHERE refused_at < (now() AT TIME ZONE 'UTC') - %(age)s ORDER BY refused_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)
