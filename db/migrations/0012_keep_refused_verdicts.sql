-- Verdicts that a sink refused for good: one row for each verdict and sink, however often it was tried. It goes when the
-- sink takes the verdict after all (after a rebuild, or as a revision), or for its age.
CREATE TABLE ops.refused_verdicts (
    sink       varchar(50)  NOT NULL,
    job_id     varchar(255) COLLATE "C" NOT NULL,
    subsystem  varchar(50)  NOT NULL,
    reason     text         NOT NULL,
    refused_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (sink, job_id, subsystem)
);
CREATE INDEX idx_refused_verdicts_time ON ops.refused_verdicts (refused_at);
