-- A client's Idempotency-Key and the job it led to, kept for 24 hours.

CREATE TABLE ops.idempotency_keys (
    idempotency_key varchar(255) PRIMARY KEY,
    request_sha256  char(64)     NOT NULL,
    job_id          varchar(255) COLLATE "C" NOT NULL REFERENCES inference_jobs (job_id) ON DELETE CASCADE,
    created_at      timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX idx_idempotency_created ON ops.idempotency_keys (created_at);
CREATE INDEX idx_idempotency_job ON ops.idempotency_keys (job_id);
