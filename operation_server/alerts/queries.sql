-- The statements of alerts, by name; the two that build episodes of limits are in limits.sql.

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

-- name: wrong_clocks
SELECT
    satellite_id, subsystem, reason, value,
    floor(extract(EPOCH FROM first_at) * 1000)::bigint AS first_ms,
    floor(extract(EPOCH FROM last_at) * 1000)::bigint AS last_ms
FROM ops.wrong_clocks WHERE last_at > (now() AT TIME ZONE 'UTC') - interval '1 day' ORDER BY last_at

-- name: satellites_heard
-- For each satellite its newest live job, and later jobs from an on-board clock that is far behind:
-- by reason the times of the first and the last one, in milliseconds. The interval is the live job's shortest.
SELECT
    satellite.satellite_id,
    live.job_id,
    live.is_replayed,
    clock.behind_s,
    clock.behind_ms,
    (
        SELECT min(ops.window_interval_s(inference.window_start, inference.generated_at, inference.sample_count))
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
        CASE WHEN EXISTS (SELECT FROM ops.alert_heads WHERE folded_at <> target_at) THEN folded.updated_at END
    )), 0)::float8 AS behind_s
FROM (
    SELECT coalesce(max(xact), 0) AS xact, coalesce(max(id), 0) AS id, max(updated_at) AS updated_at
    FROM ops.relay_cursors WHERE sink = 'alerts'
) AS folded

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

-- name: alert_verdicts
-- Members of an episode between two jobs, newest first.
SELECT
    verdict.job_id,
    verdict.subsystem,
    inference.generated_at,
    inference.window_start,
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
SELECT
    job_id,
    generated_at,
    model_name,
    triton_model_version AS model_version,
    calibration_hash,
    contributions,
    input_data -> 'newest' AS newest
FROM subsystem_inferences WHERE job_id = %(job_id)s AND subsystem = %(subsystem)s

-- name: forecast_before
-- The newest forecast of an undisturbed window before a time; learning verdicts have a forecast, too.
SELECT
    inference.job_id,
    inference.input_features,
    inference.generated_at,
    inference.window_start,
    inference.sample_count,
    inference.input_data -> 'axes' AS axes,
    inference.predictions,
    inference.bands -> '90' AS band
FROM subsystem_inferences AS inference
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    AND inference.verdict IN ('nominal', 'learning')
    AND (
        SELECT TRUE FROM ops.live_jobs AS job
        WHERE job.satellite_id = %(satellite_id)s AND job.job_id = inference.job_id
    )
ORDER BY inference.generated_at DESC LIMIT 1

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
-- The alarm that the moment lies in is acknowledged with it.
WITH given AS (
    INSERT INTO ops.alert_acknowledgements (satellite_id, subsystem, reason, generated_at, operator, comment)
    VALUES (
        %(satellite_id)s, %(subsystem)s, %(reason)s, %(generated_at)s::timestamptz AT TIME ZONE 'UTC', %(operator)s, %(comment)s
    )
    RETURNING *
),

changed AS (
    UPDATE ops.alarms AS alarm SET
        acknowledged_at = given.acknowledged_at,
        acknowledged_by = given.operator,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM given
    WHERE alarm.satellite_id = given.satellite_id AND alarm.subsystem = given.subsystem AND alarm.reason = given.reason
        AND NOT alarm.is_withdrawn AND alarm.acknowledged_at IS NULL
        AND date_trunc('milliseconds', alarm.started_at) <= given.generated_at
        AND (alarm.returned_at IS NULL OR alarm.returned_at >= given.generated_at)
    RETURNING alarm.alarm_id, given.operator, given.comment
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT alarm_id, 'acknowledged', operator, comment, jsonb_build_object(
    'old', jsonb_build_object('acknowledged_by', NULL), 'new', jsonb_build_object('acknowledged_by', operator)
) FROM changed
RETURNING alarm_id
