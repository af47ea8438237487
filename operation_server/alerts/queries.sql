-- The statements of alerts, by name.

-- name: alarm_at
-- Of one sign, the newest alarm that began until a moment.
SELECT * FROM ops.alarm_states
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s AND NOT is_withdrawn
    AND started_at < (%(moment)s::timestamptz AT TIME ZONE 'UTC') + interval '1 ms'
ORDER BY started_at DESC LIMIT 1

-- name: judged_limits
-- Of some alarms of limits, the verdicts that name the limit between the first and the last violation; no more than the
-- newest `members_each` are counted.
SELECT alarm.alarm_id, figures.*
FROM unnest(
    %(alarm_ids)s::text [], %(satellites)s::text [], %(subsystems)s::text [], %(reasons)s::text [], %(first)s::text [], %(last)s::text []
) AS alarm (alarm_id, satellite_id, subsystem, reason, first_job_id, last_job_id)
CROSS JOIN LATERAL (
    SELECT
        count(*) AS verdict_count,
        max(member.anomaly_score) AS peak_score,
        (array_agg(member.job_id ORDER BY member.anomaly_score DESC NULLS LAST, member.job_id))[1] AS peak_job_id,
        max(member.job_id COLLATE "C") AS newest_job_id
    FROM (
        SELECT job.job_id, inference.anomaly_score FROM ops.live_jobs AS job
        CROSS JOIN LATERAL (
            SELECT judged.anomaly_score FROM subsystem_inferences AS judged
            WHERE judged.job_id = job.job_id AND judged.subsystem = alarm.subsystem LIMIT 1
        ) AS inference
        WHERE job.satellite_id = alarm.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND alarm.reason = ANY (job.trigger_reasons)
            AND job.job_id BETWEEN alarm.first_job_id AND alarm.last_job_id
        ORDER BY job.job_id DESC LIMIT %(members_each)s
    ) AS member
) AS figures
WHERE figures.verdict_count > 0

-- name: acknowledgements
-- Of one alarm, newest first, with those that an earlier version of the platform kept of moments within it.
SELECT operator, comment, at AS acknowledged_at FROM ops.alarm_events
WHERE alarm_id = %(alarm_id)s AND event = 'acknowledged'
UNION ALL
SELECT operator, comment, acknowledged_at FROM ops.alert_acknowledgements
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s
    AND generated_at >= %(started_at)s::timestamptz AT TIME ZONE 'UTC'
    AND generated_at <= %(last_at)s::timestamptz AT TIME ZONE 'UTC'
ORDER BY acknowledged_at DESC

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
-- The newest forecast of an undisturbed window before a job; learning verdicts have a forecast, too.
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
