-- The statements of the fleet, by name.

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

-- name: open_alarms
-- Alarms that stand or are latched, the newest first.
SELECT satellite_id, subsystem, channel, kind, severity, value, needs_attention, is_suppressed FROM ops.alarm_states
WHERE is_open AND kind NOT IN ('platform', 'flood')
ORDER BY last_at DESC

-- name: returned_alarms
-- By satellite, how many alarms need attention although they are over; no more than `ceiling` of each are counted. One index
-- probe finds the next satellite.
WITH RECURSIVE found AS (
    (
        SELECT satellite_id FROM ops.alarm_states WHERE needs_attention AND NOT is_open
        ORDER BY satellite_id LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT alarm.satellite_id FROM ops.alarm_states AS alarm
        WHERE alarm.needs_attention AND NOT alarm.is_open AND alarm.satellite_id > found.satellite_id
        ORDER BY alarm.satellite_id LIMIT 1
    )
    FROM found WHERE found.satellite_id IS NOT NULL
)

SELECT found.satellite_id, returned.count
FROM found
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM (
        SELECT FROM ops.alarm_states AS alarm
        WHERE alarm.satellite_id = found.satellite_id AND alarm.needs_attention AND NOT alarm.is_open AND alarm.kind <> 'flood'
        ORDER BY alarm.satellite_id, alarm.subsystem, alarm.reason LIMIT %(ceiling)s
    ) AS counted
) AS returned
WHERE found.satellite_id IS NOT NULL AND returned.count > 0 AND found.satellite_id <> 'platform'

-- name: newest_verdicts
-- The newest final verdict, by generation time, of each satellite and subsystem, and the mean interval of its window; a
-- satellite without live telemetry, or a subsystem without any, costs one probe: the search begins at the newest live job.
SELECT
    satellite.satellite_id,
    part.subsystem,
    newest.generated_at,
    newest.verdict,
    newest.status,
    newest.anomaly_score,
    ops.window_interval_s(newest.window_start, newest.generated_at, newest.sample_count) AS interval_s
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
CROSS JOIN LATERAL (
    SELECT inference.generated_at FROM ops.live_jobs AS job
    INNER JOIN subsystem_inferences AS inference ON inference.job_id = job.job_id
    WHERE job.satellite_id = satellite.satellite_id ORDER BY job.job_id DESC LIMIT 1
) AS live
CROSS JOIN unnest(%(subsystems)s::text []) AS part (subsystem)
CROSS JOIN LATERAL (
    SELECT * FROM subsystem_inferences AS inference
    WHERE inference.satellite = satellite.satellite_id AND inference.subsystem = part.subsystem
        AND inference.generated_at <= live.generated_at AND inference.status IN ('completed', 'failed')
        AND (
            SELECT TRUE FROM ops.live_jobs AS job
            WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
        )
    ORDER BY inference.generated_at DESC LIMIT 1
) AS newest

-- name: patience
-- For how long satellites (an empty name) and their subsystems usually pause, as the alarm server learned it.
SELECT satellite_id, patience_s FROM ops.alarm_contacts WHERE patience_s IS NOT NULL

-- name: learning_progress
-- Progress of the learning subsystems, as of the last look at each.
SELECT progress.satellite_id, progress.subsystem, progress.samples, progress.needed, progress.interval_s, progress.reason
FROM unnest(%(satellites)s::text [], %(subsystems)s::text []) AS part (satellite_id, subsystem)
INNER JOIN ops.learning_progress AS progress USING (satellite_id, subsystem)

-- name: retired_satellites
-- Those that are retired now.
SELECT satellite_id, retired_at AS at, operator, comment FROM ops.retirements WHERE taken_back_at IS NULL

-- name: lock_retirement_changes
-- One change after another, whichever satellite it is of: so a larger id is committed later, and readers go by ids.
SELECT pg_advisory_xact_lock(7241505039)

-- name: retirement_changes
-- Of one satellite, the newest first.
SELECT at, is_retired, operator, key_name, comment FROM ops.retirement_changes
WHERE satellite_id = %(satellite_id)s ORDER BY id DESC LIMIT %(limit)s

-- name: save_retirement_change
INSERT INTO ops.retirement_changes (satellite_id, is_retired, operator, key_name, comment)
VALUES (%(satellite_id)s, %(is_retired)s, %(operator)s, %(key_name)s, %(comment)s)
