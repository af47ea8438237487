-- The statements of the housekeeping service, by name.

-- name: expired_jobs
-- Finished jobs of one state from before a time, oldest first; `after` avoids scanning those that are kept.
-- Jobs that a worker holds are left for the next round.
SELECT job_id, completed_at FROM inference_jobs
WHERE status = %(status)s AND completed_at >= %(after)s::timestamptz AT TIME ZONE 'UTC'
    AND completed_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
ORDER BY completed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: delete_verdicts
-- By statement before their jobs: the cascade would do it job by job.
DELETE FROM subsystem_inferences WHERE job_id = ANY (%(job_ids)s)

-- name: delete_jobs
-- Result documents, revisions and idempotency keys go with their job.
DELETE FROM inference_jobs WHERE job_id = ANY (%(job_ids)s)

-- name: delete_revisions
-- The oldest ones by id, which grows with time: it never looks further than `limit` rows.
DELETE FROM ops.revised_inferences WHERE id IN (
    SELECT id FROM (SELECT id, revised_at FROM ops.revised_inferences ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE revised_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
)

-- name: delete_idempotency_keys
DELETE FROM ops.idempotency_keys WHERE idempotency_key IN (
    SELECT idempotency_key FROM ops.idempotency_keys
    WHERE created_at < (now() AT TIME ZONE 'UTC') - interval '24 hours'
    ORDER BY created_at LIMIT %(limit)s
)

-- name: delete_unfollowed_deletions
-- Old deletions that no search engine has followed.
DELETE FROM ops.deleted_verdicts WHERE id IN (
    SELECT id FROM (SELECT id, deleted_at FROM ops.deleted_verdicts ORDER BY id LIMIT %(limit)s) AS oldest
    WHERE deleted_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
)

-- name: delete_refused_verdicts
-- The newest refusal of a verdict counts, so a verdict that is retried again and again is kept.
DELETE FROM ops.refused_verdicts WHERE (sink, job_id, subsystem) IN (
    SELECT sink, job_id, subsystem FROM ops.refused_verdicts
    WHERE refused_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    ORDER BY refused_at LIMIT %(limit)s
)

-- name: delete_refused_values
DELETE FROM ops.refused_values WHERE (satellite_id, channel, reason) IN (
    SELECT satellite_id, channel, reason FROM ops.refused_values
    WHERE last_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    ORDER BY last_at LIMIT %(limit)s
)

-- name: delete_alarms
-- What is resolved, or of a satellite that was retired long ago, with its history and who was told: an anomaly with its newest verdict, another alarm some time after its last change.
WITH gone AS (
    SELECT alarm.alarm_id FROM ops.alarms AS alarm
    WHERE (NOT alarm.is_unresolved OR alarm.satellite_id IN (
        SELECT satellite_id FROM ops.retirements
        WHERE taken_back_at IS NULL AND retired_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    )) AND CASE alarm.kind
        WHEN 'anomaly' THEN NOT EXISTS (SELECT FROM inference_jobs AS job WHERE job.job_id = alarm.newest_job_id)
        ELSE alarm.changed_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    END
    LIMIT %(limit)s
),

events AS (DELETE FROM ops.alarm_events WHERE alarm_id IN (SELECT alarm_id FROM gone)),

notices AS (DELETE FROM ops.notifications WHERE alarm_id IN (SELECT alarm_id FROM gone))

DELETE FROM ops.alarms WHERE alarm_id IN (SELECT alarm_id FROM gone)

-- name: delete_alert_heads
-- For satellites and subsystems without any verdict left; their next verdict starts from an empty state. Names of these tables
-- have the collation "C", those of verdicts and their index the database's own.
DELETE FROM ops.alert_heads WHERE (satellite_id, subsystem) IN (
    SELECT head.satellite_id, head.subsystem FROM ops.alert_heads AS head
    WHERE head.folded_at = head.target_at AND NOT EXISTS (
        SELECT FROM subsystem_inferences AS inference
        WHERE inference.satellite = head.satellite_id COLLATE "default"
            AND inference.subsystem = head.subsystem COLLATE "default" AND inference.generated_at = head.folded_at
    )
    LIMIT %(limit)s
)

-- name: delete_alert_checkpoints
DELETE FROM ops.alert_checkpoints WHERE (satellite_id, subsystem, generated_at) IN (
    SELECT kept.satellite_id, kept.subsystem, kept.generated_at FROM ops.alert_checkpoints AS kept
    WHERE NOT EXISTS (
        SELECT FROM subsystem_inferences AS inference
        WHERE inference.satellite = kept.satellite_id COLLATE "default"
            AND inference.subsystem = kept.subsystem COLLATE "default" AND inference.generated_at = kept.generated_at
    )
    LIMIT %(limit)s
)

-- name: delete_wrong_clocks
DELETE FROM ops.wrong_clocks WHERE (satellite_id, subsystem, reason) IN (
    SELECT satellite_id, subsystem, reason FROM ops.wrong_clocks
    WHERE last_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    ORDER BY last_at LIMIT %(limit)s
)

-- name: delete_alarm_contacts
-- Of satellites that were not heard for so long, and of which no alarm is left to be dealt with.
DELETE FROM ops.alarm_contacts WHERE satellite_id IN (
    SELECT contact.satellite_id FROM ops.alarm_contacts AS contact
    WHERE contact.received_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
        AND NOT EXISTS (SELECT FROM ops.alarms AS alarm WHERE alarm.satellite_id = contact.satellite_id AND alarm.is_unresolved)
    ORDER BY contact.received_at LIMIT %(limit)s
)

-- name: delete_alarm_tracks
-- Likewise, of limits.
DELETE FROM ops.alarm_tracks WHERE (satellite_id, subsystem, reason) IN (
    SELECT track.satellite_id, track.subsystem, track.reason FROM ops.alarm_tracks AS track
    WHERE track.updated_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
        AND NOT EXISTS (SELECT FROM ops.alarms AS alarm WHERE alarm.satellite_id = track.satellite_id AND alarm.is_unresolved)
    ORDER BY track.updated_at LIMIT %(limit)s
)

-- name: delete_passes
DELETE FROM ops.passes WHERE id IN (
    SELECT id FROM ops.passes
    WHERE start_at < %(before)s::timestamptz AT TIME ZONE 'UTC'
    ORDER BY start_at, id LIMIT %(limit)s
)

-- name: delete_learning_progress
-- For subsystems that no longer learn: the others are examined every day.
DELETE FROM ops.learning_progress WHERE (satellite_id, subsystem) IN (
    SELECT satellite_id, subsystem FROM ops.learning_progress
    WHERE greatest(looked_at, due_at) < %(before)s::timestamptz AT TIME ZONE 'UTC'
    ORDER BY looked_at LIMIT %(limit)s
)

-- name: restart_search
-- Rebuilds an index that missed deletions, unless a rebuild is already due.
UPDATE ops.relay_cursors SET generation = generation + 1, xact = 0, id = 0, relayed = 0
WHERE sink = 'search' AND xact > 0

-- name: judged_up_to
-- When the newest of the jobs judged last was dispatched. Queues hand tasks out in order: what was dispatched long
-- before that and is not judged was lost, however long the queue is.
SELECT max(created_at) AS dispatched_at FROM (
    SELECT created_at FROM subsystem_inferences
    WHERE status IN ('completed', 'failed') ORDER BY xact DESC, id DESC LIMIT 200
) AS newest

-- name: lost_inputs
-- Pending rows whose task was last sent before a time, oldest first, after the given one.
SELECT
    job.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    job.total_subsystems,
    job.created_at,
    job.metadata,
    inference.subsystem,
    inference.model_name,
    inference.input_data,
    inference.input_features,
    coalesce(resent.attempts, 0) AS attempts
FROM inference_jobs AS job
INNER JOIN subsystem_inferences AS inference ON inference.job_id = job.job_id AND inference.status = 'pending'
LEFT JOIN ops.resent_tasks AS resent ON resent.job_id = job.job_id AND resent.subsystem = inference.subsystem
WHERE job.status IN ('pending', 'processing')
    AND job.created_at < %(sent_before)s::timestamptz AT TIME ZONE 'UTC'
    AND (resent.sent_at IS NULL OR resent.sent_at < %(sent_before)s::timestamptz AT TIME ZONE 'UTC')
    AND (job.created_at, job.job_id, inference.subsystem)
    > (%(created_at)s::timestamptz AT TIME ZONE 'UTC', %(job_id)s, %(subsystem)s)
ORDER BY job.created_at, job.job_id, inference.subsystem LIMIT %(limit)s

-- name: save_resent_task
INSERT INTO ops.resent_tasks AS kept (job_id, subsystem) VALUES (%(job_id)s, %(subsystem)s)
ON CONFLICT (job_id, subsystem) DO UPDATE SET attempts = kept.attempts + 1, sent_at = EXCLUDED.sent_at

-- name: give_up_incomplete_jobs
-- Jobs whose missing rows cannot be rebuilt from their other rows: telemetry, whose tasks hold windows. If the rows arrive
-- after all, the job is counted again.
UPDATE inference_jobs AS job SET
    status = 'failed',
    completed_at = greatest(job.created_at, now() AT TIME ZONE 'UTC'),
    error_message = concat_ws('; ', job.error_message, %(reason)s)
FROM (
    SELECT open.job_id FROM inference_jobs AS open
    WHERE open.status IN ('pending', 'processing')
        AND open.created_at < %(sent_before)s::timestamptz AT TIME ZONE 'UTC'
        AND NOT EXISTS (
            SELECT FROM subsystem_inferences AS inference
            WHERE inference.job_id = open.job_id AND inference.status = 'pending'
        )
    ORDER BY open.created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS lost
WHERE job.job_id = lost.job_id
RETURNING job.job_id, job.source

-- name: list_calibrations
SELECT
    satellite_id, subsystem, version, state, hash, data_from, data_until, samples, least_interval_s, greatest_interval_s,
    verdicts, false_alarms, created_at
FROM ops.calibrations
WHERE (%(satellite_id)s::text IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(subsystem)s::text IS NULL OR subsystem = %(subsystem)s)
ORDER BY satellite_id, subsystem, version DESC LIMIT %(limit)s

-- name: list_learning
SELECT satellite_id, subsystem, samples, needed, reason, detail FROM ops.learning_progress
WHERE (%(satellite_id)s::text IS NULL OR satellite_id = %(satellite_id)s)
    AND reason NOT IN ('calibrated', 'learned')
ORDER BY satellite_id, subsystem LIMIT %(limit)s

-- name: show_calibration
SELECT constants FROM ops.calibrations
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND version = %(version)s

-- name: lock_calibrations
SELECT pg_advisory_xact_lock(hashtextextended(%(satellite_id)s || '/' || %(subsystem)s, 27))

-- name: retire_calibration
-- Takes the version in use out of use, in favour of one that an operator chose, or permanently.
UPDATE ops.calibrations SET state = %(state)s
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND state IN ('active', 'pinned')
RETURNING version

-- name: use_calibration
UPDATE ops.calibrations SET state = %(state)s
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND version = %(version)s
RETURNING version

-- name: former_calibration
SELECT version FROM ops.calibrations
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND state = 'superseded'
ORDER BY version DESC LIMIT 1

-- name: put_off_learning
UPDATE ops.learning_progress SET
    reason = 'check_failed',
    detail = 'an operator took its constants back',
    due_at = now() AT TIME ZONE 'UTC' + interval '1 day'
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s
