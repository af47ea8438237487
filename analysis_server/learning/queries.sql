-- The statements of learning, by name.

-- name: due_parts
-- Subsystems that are due: those whose newest verdict is learning, and those whose constants are to be renewed; never examined
-- ones first, then by due time. One with constants is due as well if it is learning again, because its sampling changed.
-- For named satellites, whether due or not. One with constants is also due if operators said since what an alarm was; what they said
-- within a minute before it was looked at may not have been read.
WITH RECURSIVE satellite AS (
    (SELECT satellite_id FROM inference_jobs ORDER BY satellite_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT job.satellite_id FROM inference_jobs AS job
        WHERE job.satellite_id > satellite.satellite_id ORDER BY job.satellite_id LIMIT 1
    )
    FROM satellite WHERE satellite.satellite_id IS NOT NULL
),

said AS MATERIALIZED (
    SELECT satellite_id, subsystem, max(at) AS at FROM ops.alarm_feedback GROUP BY satellite_id, subsystem
),

part AS (
    SELECT
        satellite.satellite_id,
        named.subsystem,
        known.due_at,
        known.looked_at,
        known.reason,
        known.interval_s,
        said.at > known.looked_at - interval '1 minute' AS is_told
    FROM satellite
    CROSS JOIN unnest(%(subsystems)s::text []) AS named (subsystem)
    LEFT JOIN ops.learning_progress AS known
        ON known.satellite_id = satellite.satellite_id AND known.subsystem = named.subsystem
    LEFT JOIN said ON said.satellite_id = satellite.satellite_id AND said.subsystem = named.subsystem
    WHERE satellite.satellite_id IS NOT NULL
        AND CASE
            WHEN %(satellites)s::text [] IS NOT NULL THEN satellite.satellite_id = ANY (%(satellites)s::text [])
            ELSE known.due_at IS NULL OR known.due_at <= now() AT TIME ZONE 'UTC'
                OR known.reason IN ('calibrated', 'learned')
        END
)

SELECT
    part.satellite_id,
    part.subsystem,
    part.interval_s,
    newest.generated_at,
    newest.verdict <> 'learning' AS is_renewal,
    newest.input_data -> 'not_calibrated' AS not_calibrated
FROM part
CROSS JOIN LATERAL (
    SELECT verdict.generated_at, verdict.verdict, verdict.created_at, verdict.input_data
    FROM subsystem_inferences AS verdict
    WHERE verdict.satellite = part.satellite_id AND verdict.subsystem = part.subsystem
        AND verdict.generated_at IS NOT NULL AND verdict.status = 'completed'
    ORDER BY verdict.generated_at DESC LIMIT 1
) AS newest
WHERE CASE
    WHEN part.reason IN ('calibrated', 'learned') AND newest.verdict = 'learning'
        THEN %(satellites)s::text [] IS NOT NULL
            OR newest.created_at > part.looked_at + %(settling_s)s * interval '1 second'
    WHEN part.reason IN ('calibrated', 'learned') AND part.is_told THEN TRUE
    WHEN part.reason = 'calibrated' THEN part.due_at <= now() AT TIME ZONE 'UTC'
    ELSE newest.verdict = 'learning'
END
ORDER BY part.due_at NULLS FIRST, part.satellite_id, part.subsystem LIMIT %(limit)s

-- name: claim_part
-- Postpones the next look for as long as this one may take; no row if another worker claimed it first.
INSERT INTO ops.learning_progress AS known (satellite_id, subsystem, samples, needed, reason, detail, looked_at, due_at)
VALUES (
    %(satellite_id)s, %(subsystem)s, 0, %(needed)s, 'too_few_samples', '',
    now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' + %(lease_s)s * interval '1 second'
)
ON CONFLICT (satellite_id, subsystem) DO UPDATE SET due_at = EXCLUDED.due_at, looked_at = EXCLUDED.looked_at
WHERE %(is_forced)s OR known.due_at <= now() AT TIME ZONE 'UTC' OR (
    known.reason IN ('calibrated', 'learned')
    AND known.looked_at < now() AT TIME ZONE 'UTC' - %(settling_s)s * interval '1 second'
)
RETURNING satellite_id

-- name: save_progress
UPDATE ops.learning_progress SET
    samples = %(samples)s,
    needed = %(needed)s,
    interval_s = %(interval_s)s,
    reason = %(reason)s,
    detail = %(detail)s,
    looked_at = now() AT TIME ZONE 'UTC',
    due_at = now() AT TIME ZONE 'UTC' + %(wait_s)s * interval '1 second'
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s

-- name: alert_spans
-- Newest windows of anomalous verdicts that belong to alerts or are not folded into alerts yet, except for verdicts by
-- constants that were rolled back.
SELECT inference.window_start AS first_at, inference.generated_at AS last_at
FROM subsystem_inferences AS inference
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at >= (%(first)s::timestamptz AT TIME ZONE 'UTC')
    AND inference.generated_at <= (%(last)s::timestamptz AT TIME ZONE 'UTC')
    AND inference.anomaly_detected
    AND NOT EXISTS (
        SELECT FROM ops.calibrations AS former
        WHERE former.satellite_id = %(satellite_id)s AND former.subsystem = %(subsystem)s
            AND former.hash = inference.calibration_hash AND former.state = 'refused'
    )
    AND (
        (
            SELECT alert.last_at FROM ops.anomaly_alerts AS alert
            WHERE alert.satellite_id = %(satellite_id)s AND alert.subsystem = %(subsystem)s
                AND alert.started_at <= inference.generated_at
            ORDER BY alert.started_at DESC LIMIT 1
        ) >= inference.generated_at
        OR NOT EXISTS (
            SELECT FROM ops.alert_heads AS head
            WHERE head.satellite_id = %(satellite_id)s AND head.subsystem = %(subsystem)s
                AND head.folded_at >= inference.generated_at
        )
    )
ORDER BY inference.generated_at DESC LIMIT %(limit)s

-- name: labels
-- What operators called nominal or anomalous, the newest first.
SELECT started_at AS first_at, last_at, label, kind FROM ops.alarm_feedback
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND label IS NOT NULL
    AND last_at >= (%(first)s::timestamptz AT TIME ZONE 'UTC')
    AND started_at <= (%(last)s::timestamptz AT TIME ZONE 'UTC')
ORDER BY started_at DESC LIMIT %(limit)s

-- name: calibrations_in_use
SELECT satellite_id, version, hash, state FROM ops.calibrations
WHERE satellite_id = ANY (%(satellites)s) AND subsystem = %(subsystem)s AND state IN ('active', 'pinned')

-- name: constants
SELECT calibration.satellite_id, calibration.constants
FROM unnest(%(satellites)s::text [], %(versions)s::int []) AS wanted (satellite_id, version)
INNER JOIN ops.calibrations AS calibration
    ON calibration.satellite_id = wanted.satellite_id AND calibration.version = wanted.version
WHERE calibration.subsystem = %(subsystem)s

-- name: lock_calibrations
-- One writer at a time for a satellite's subsystem: the next version is counted from those that are there.
SELECT pg_advisory_xact_lock(hashtextextended(%(satellite_id)s || '/' || %(subsystem)s, 27))

-- name: supersede_calibration
UPDATE ops.calibrations SET state = 'superseded'
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND state = 'active'

-- name: insert_calibration
INSERT INTO ops.calibrations (
    satellite_id, subsystem, version, state, hash, data_from, data_until, samples, least_interval_s,
    greatest_interval_s, verdicts, false_alarms, constants
)
SELECT
    %(satellite_id)s, %(subsystem)s, coalesce(max(version), 0) + 1, %(state)s, %(hash)s,
    %(data_from)s::timestamptz AT TIME ZONE 'UTC', %(data_until)s::timestamptz AT TIME ZONE 'UTC', %(samples)s,
    %(least_interval_s)s, %(greatest_interval_s)s, %(verdicts)s, %(false_alarms)s,
    %(constants)s::jsonb
FROM ops.calibrations WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s

-- name: forget_calibrations
-- Keeps those in use, and the newest of the others.
DELETE FROM ops.calibrations WHERE (satellite_id, subsystem, version) IN (
    SELECT satellite_id, subsystem, version FROM (
        SELECT satellite_id, subsystem, version, row_number() OVER (PARTITION BY state ORDER BY version DESC) AS place, state
        FROM ops.calibrations
        WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s
    ) AS former
    WHERE former.state IN ('superseded', 'refused') AND former.place > %(kept)s
)
