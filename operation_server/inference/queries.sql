-- The statements of jobs that clients ask for, by name.

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
INSERT INTO subsystem_inferences
    (job_id, subsystem, model_name, status, input_data, input_features, created_at, satellite)
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
