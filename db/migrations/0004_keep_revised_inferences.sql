-- What a verdict said before it was revised: a late sample had come into its window.
-- What it says now stands in subsystem_inferences, or in the next older row here.

CREATE TABLE ops.revised_inferences (
    id         bigserial PRIMARY KEY,
    job_id     varchar(255) COLLATE "C" NOT NULL REFERENCES inference_jobs (job_id) ON DELETE CASCADE,
    subsystem  varchar(50)  NOT NULL,
    revised_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    before     jsonb        NOT NULL
);
CREATE INDEX idx_revised_job ON ops.revised_inferences (job_id, subsystem, revised_at);
