-- The three tables an operator sees in schema public. Times are UTC with milliseconds, without zone.
-- job_id compares bytewise (collation C): ids of telemetry jobs end in their generation time, so a
-- satellite's jobs between two generation times are one index range.

DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET timezone TO ''UTC''', current_database());
END
$$;

CREATE TABLE inference_jobs (
    job_id               varchar(255) COLLATE "C" PRIMARY KEY,
    satellite_id         varchar(50)  NOT NULL,
    source               varchar(50)  NOT NULL,
    trigger_reason       varchar(100),
    status               varchar(50)  NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    total_subsystems     integer      NOT NULL DEFAULT 0 CHECK (total_subsystems >= 0),
    completed_subsystems integer      NOT NULL DEFAULT 0 CHECK (completed_subsystems >= 0),
    created_at           timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    started_at           timestamp(3),
    completed_at         timestamp(3),
    metadata             jsonb,
    error_message        text
);
CREATE INDEX idx_jobs_satellite ON inference_jobs (satellite_id, created_at DESC);
CREATE INDEX idx_jobs_status ON inference_jobs (status);
CREATE INDEX idx_jobs_created ON inference_jobs (created_at DESC);
CREATE INDEX idx_jobs_completed ON inference_jobs (completed_at);
COMMENT ON COLUMN inference_jobs.created_at IS 'When the job was dispatched';
COMMENT ON COLUMN inference_jobs.completed_subsystems IS 'Rows of this job that are completed, counted, never incremented';

CREATE TABLE subsystem_inferences (
    id                   bigserial PRIMARY KEY,
    job_id               varchar(255) COLLATE "C" NOT NULL REFERENCES inference_jobs (job_id) ON DELETE CASCADE,
    subsystem            varchar(50)  NOT NULL,
    model_name           varchar(100) NOT NULL,
    status               varchar(50)  NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    input_data           jsonb        NOT NULL,
    input_features       text[],
    predictions          jsonb,
    confidence           jsonb,
    anomaly_score        numeric(5, 4) CHECK (anomaly_score BETWEEN 0 AND 1),
    anomaly_detected     boolean,
    inference_time_ms    double precision,
    model_type           varchar(50),
    sequence_length      integer,
    forecast_horizon     integer,
    input_mean           double precision,
    input_std            double precision,
    prediction_mean      double precision,
    prediction_std       double precision,
    triton_model_version varchar(20),
    processed_by         varchar(50),
    created_at           timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    completed_at         timestamp(3),
    error_message        text,
    verdict              varchar(20) CHECK (verdict IN ('nominal', 'anomalous', 'warming_up')),
    bands                jsonb,
    contributions        jsonb,
    calibration_hash     varchar(64),
    started_at           timestamp(3),
    xact                 xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (job_id, subsystem)
);
CREATE INDEX idx_subsys_job ON subsystem_inferences (job_id);
CREATE INDEX idx_subsys_subsystem ON subsystem_inferences (subsystem);
CREATE INDEX idx_subsys_model ON subsystem_inferences (model_name, created_at DESC);
CREATE INDEX idx_subsys_anomaly ON subsystem_inferences (created_at DESC) WHERE anomaly_detected;
CREATE INDEX idx_subsys_created ON subsystem_inferences (created_at DESC);
CREATE INDEX idx_subsys_commit_order ON subsystem_inferences (xact, id);
COMMENT ON COLUMN subsystem_inferences.anomaly_detected IS 'NULL while warming up or failed: unknown is not nominal';
COMMENT ON COLUMN subsystem_inferences.xact IS
    'Transaction that last changed the row: below pg_snapshot_xmin no later commit can appear, so readers keep a cursor on it';

CREATE TABLE inference_results (
    id            bigserial PRIMARY KEY,
    job_id        varchar(255) COLLATE "C" NOT NULL UNIQUE REFERENCES inference_jobs (job_id) ON DELETE CASCADE,
    model_name    varchar(255) NOT NULL,
    status        varchar(50)  NOT NULL
        CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    predictions   jsonb,
    confidence    jsonb,
    metrics       jsonb,
    metadata      jsonb,
    error_message text,
    created_at    timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    completed_at  timestamp(3)
);
CREATE INDEX idx_inference_job_id ON inference_results (job_id);
CREATE INDEX idx_inference_model_name ON inference_results (model_name);
CREATE INDEX idx_inference_status ON inference_results (status);
CREATE INDEX idx_inference_created_at ON inference_results (created_at DESC);
