-- The statements of requests under an idempotency key, by name.

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
