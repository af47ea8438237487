-- The statements of alerts, by name.

-- name: alarm_at
-- Of one sign, the newest alarm that began until a moment.
SELECT * FROM ops.alarm_states
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s AND NOT is_withdrawn
    AND started_at < (%(moment)s::timestamptz AT TIME ZONE 'UTC') + interval '1 ms'
ORDER BY started_at DESC LIMIT 1

-- name: judged_limits
-- Of some alarms of limits, the verdicts on samples between the first and the last violation that name the limit; no more than
-- the newest `members_each` are counted. Columns of both tables sort differently: as they stand, no index would compare them.
SELECT alarm.alarm_id, figures.*
FROM ops.alarms AS alarm
CROSS JOIN LATERAL (
    SELECT
        count(*) AS verdict_count,
        max(member.anomaly_score) AS peak_score,
        (array_agg(member.job_id ORDER BY member.anomaly_score DESC NULLS LAST, member.generated_at))[1] AS peak_job_id,
        (array_agg(member.job_id ORDER BY member.generated_at DESC))[1] AS newest_job_id
    FROM (
        SELECT inference.job_id, inference.generated_at, inference.anomaly_score FROM subsystem_inferences AS inference
        WHERE inference.satellite = alarm.satellite_id COLLATE "default"
            AND inference.subsystem = alarm.subsystem COLLATE "default"
            AND inference.generated_at BETWEEN alarm.started_at AND alarm.last_at
            AND (
                SELECT alarm.reason = ANY (job.trigger_reasons) FROM ops.live_jobs AS job
                WHERE job.satellite_id = alarm.satellite_id AND job.job_id = inference.job_id
            )
        ORDER BY inference.generated_at DESC LIMIT %(members_each)s
    ) AS member
) AS figures
WHERE alarm.alarm_id = ANY (%(alarm_ids)s) AND figures.verdict_count > 0

-- name: acknowledgements
-- Of one alarm, newest first, with those that an earlier version of the platform kept of moments within it alone.
SELECT operator, comment, at AS acknowledged_at FROM ops.alarm_events
WHERE alarm_id = %(alarm_id)s AND event = 'acknowledged'
UNION ALL
SELECT operator, comment, acknowledged_at FROM ops.alert_acknowledgements
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s
    AND generated_at >= %(started_at)s::timestamptz AT TIME ZONE 'UTC'
    AND generated_at <= %(last_at)s::timestamptz AT TIME ZONE 'UTC'
    AND (operator, comment) NOT IN (
        SELECT operator, comment FROM ops.alarm_events WHERE alarm_id = %(alarm_id)s AND event = 'acknowledged'
    )
ORDER BY acknowledged_at DESC

-- name: alert_verdicts
-- Verdicts of an alert between two times, newest first.
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
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at >= %(started_at)s::timestamptz AT TIME ZONE 'UTC'
    AND inference.generated_at <= %(last_at)s::timestamptz AT TIME ZONE 'UTC'
    AND CASE WHEN %(reason)s IS NULL THEN verdict.anomaly_detected ELSE %(reason)s = ANY (verdict.reasons) END
ORDER BY inference.generated_at DESC LIMIT %(limit)s

-- name: alert_evidence
-- What a verdict was made from.
SELECT
    job_id,
    generated_at,
    model_name,
    triton_model_version AS model_version,
    calibration_hash,
    contributions,
    input_data -> 'newest' AS newest
FROM subsystem_inferences WHERE job_id = %(job_id)s AND subsystem = %(subsystem)s

-- name: contributions
-- Of some jobs' verdicts, of those that have any.
SELECT job_id, subsystem, contributions FROM subsystem_inferences
WHERE job_id = ANY (%(job_ids)s::varchar []) AND contributions IS NOT NULL

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
