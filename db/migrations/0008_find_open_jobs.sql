-- Open jobs are few beside all others: those whose tasks were lost are found by this index, and counted by it.
CREATE INDEX idx_jobs_open ON inference_jobs (created_at) WHERE status IN ('pending', 'processing');

-- How often the lost task of a submitted job was sent again. Housekeeping needs SELECT, INSERT, UPDATE here;
-- SELECT, UPDATE, DELETE on inference_jobs; SELECT, INSERT, UPDATE, DELETE on subsystem_inferences and inference_results;
-- SELECT, DELETE on ops.revised_inferences and ops.idempotency_keys.
CREATE TABLE ops.resent_tasks (
    job_id    varchar(255) COLLATE "C" NOT NULL REFERENCES inference_jobs (job_id) ON DELETE CASCADE,
    subsystem varchar(50) NOT NULL,
    attempts  integer NOT NULL DEFAULT 1,
    sent_at   timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (job_id, subsystem)
);
