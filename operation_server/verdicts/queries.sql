-- The statements of verdicts and live events, by name.

-- name: events_after
-- Verdicts and acknowledgements in commit order; below the oldest running transaction nothing can appear any more.
-- A transaction writes only one of the two, so their positions never collide.
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
        (inference.input_data ->> 'window_end')::timestamptz AT TIME ZONE 'UTC' AS generated_at,
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
    coalesce(verdict.generated_at, acknowledgement.generated_at) AS generated_at,
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
    acknowledgement.operator,
    acknowledgement.comment,
    acknowledgement.acknowledged_at
FROM place
LEFT JOIN verdict ON place.event = 'verdict' AND verdict.xact = place.xact AND verdict.id = place.id
LEFT JOIN acknowledgement
    ON place.event = 'acknowledgement' AND acknowledgement.xact = place.xact AND acknowledgement.id = place.id
ORDER BY place.xact, place.id

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
