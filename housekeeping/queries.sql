-- The statements of the housekeeping service, by name, as in telemetry_core/queries.sql.

-- name: expired_jobs
-- Finished jobs of one state from before a time, oldest first; `after` spares a walk over those that are kept.
-- One that a worker holds is left for the next round.
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
    ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
