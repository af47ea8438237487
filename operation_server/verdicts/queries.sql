-- The statements of verdicts and live events, by name.

-- name: events_after
-- Verdicts and acknowledgements in commit order; below the oldest running transaction nothing can appear any more.
-- A transaction writes only one of the two, so their positions never collide. The platform is no satellite: its alarms are
-- acknowledged in the list of alarms alone.
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
        inference.generated_at,
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
    SELECT
        history.xact,
        history.id,
        history.alarm_id AS alert_id,
        alarm.satellite_id,
        alarm.subsystem,
        alarm.reason,
        alarm.last_at AS generated_at,
        history.operator,
        history.comment,
        history.at AS acknowledged_at
    FROM ops.alarm_events AS history
    INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = history.alarm_id
    WHERE (history.xact, history.id) > (%(xact)s::text::xid8, %(id)s) AND history.xact < ops.settled_position()
        AND history.event = 'acknowledged' AND alarm.kind NOT IN ('platform', 'flood')
    ORDER BY history.xact, history.id LIMIT %(limit)s
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
    acknowledgement.acknowledged_at,
    acknowledgement.alert_id
FROM place
LEFT JOIN verdict ON place.event = 'verdict' AND verdict.xact = place.xact AND verdict.id = place.id
LEFT JOIN acknowledgement
    ON place.event = 'acknowledgement' AND acknowledgement.xact = place.xact AND acknowledgement.id = place.id
ORDER BY place.xact, place.id

-- name: verdicts_between
-- Verdicts on a satellite's telemetry between two generation times, newest first: the newest of each of its subsystems,
-- which one index probe each finds.
WITH RECURSIVE part AS (
    (
        SELECT subsystem FROM subsystem_inferences
        WHERE satellite = %(satellite_id)s ORDER BY subsystem LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT inference.subsystem FROM subsystem_inferences AS inference
        WHERE inference.satellite = %(satellite_id)s AND inference.subsystem > part.subsystem
        ORDER BY inference.subsystem LIMIT 1
    )
    FROM part WHERE part.subsystem IS NOT NULL
)

SELECT
    newest.job_id,
    newest.subsystem,
    newest.generated_at,
    newest.window_start,
    newest.verdict,
    newest.status,
    newest.anomaly_score,
    newest.anomaly_detected,
    job.trigger_reason,
    job.trigger_reasons,
    newest.model_name,
    newest.triton_model_version AS model_version
FROM part
CROSS JOIN LATERAL (
    SELECT * FROM subsystem_inferences AS inference
    WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = part.subsystem
        AND inference.generated_at >= (%(start)s::timestamptz AT TIME ZONE 'UTC')
        AND inference.generated_at <= (%(end)s::timestamptz AT TIME ZONE 'UTC')
        AND inference.status IN ('completed', 'failed')
    ORDER BY inference.generated_at DESC LIMIT %(limit)s
) AS newest
INNER JOIN inference_jobs AS job ON job.job_id = newest.job_id
WHERE %(subsystem)s IS NULL OR part.subsystem = %(subsystem)s
ORDER BY newest.generated_at DESC, newest.subsystem LIMIT %(limit)s
