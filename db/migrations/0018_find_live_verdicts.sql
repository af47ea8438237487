-- Alerts and Fleet look at live telemetry only: its jobs alone, by satellite. An expression, so that the planner counts which
-- satellites have live jobs: it would look for one among all jobs of a satellite that has none. (The reasons are not in
-- the index: a job that breaks all rules of a large mission would be too long for it.)
CREATE VIEW ops.live_jobs AS
SELECT
    job_id,
    CASE WHEN source = 'kafka_auto_trigger' AND metadata ->> 'lane' IS DISTINCT FROM 'stored' THEN satellite_id END AS satellite_id,
    trigger_reason,
    trigger_reasons,
    created_at,
    metadata
FROM inference_jobs
WHERE CASE WHEN source = 'kafka_auto_trigger' AND metadata ->> 'lane' IS DISTINCT FROM 'stored' THEN satellite_id END IS NOT NULL;

CREATE INDEX idx_jobs_live ON inference_jobs (
    (CASE WHEN source = 'kafka_auto_trigger' AND metadata ->> 'lane' IS DISTINCT FROM 'stored' THEN satellite_id END), job_id
);

DROP INDEX idx_jobs_limit;
CREATE INDEX idx_jobs_limit ON inference_jobs (
    (CASE WHEN source = 'kafka_auto_trigger' AND metadata ->> 'lane' IS DISTINCT FROM 'stored' THEN satellite_id END), job_id
) WHERE trigger_reason <> 'periodic_check';

-- A subsystem's rows of one satellite, and those that end an anomaly.
DROP INDEX idx_subsys_subsystem;
CREATE INDEX idx_subsys_subsystem ON subsystem_inferences (subsystem, job_id) INCLUDE (status);
CREATE INDEX idx_subsys_quiet_job ON subsystem_inferences (subsystem, job_id)
WHERE verdict IN ('nominal', 'warming_up', 'learning');

-- Clocks that are far behind are rare.
CREATE INDEX idx_jobs_clock_behind ON inference_jobs (satellite_id, created_at)
WHERE jsonb_typeof(metadata -> 'clock_behind_s') = 'number';

-- Where the jobs of a telemetry job's satellite begin whose time is so many milliseconds after its own.
CREATE FUNCTION ops.job_id_after(job_id text, milliseconds bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(job_id, '[0-9]+$', '')
        || lpad(greatest(0, left(substring(job_id FROM '[0-9]+$'), 13)::bigint + milliseconds)::text, 13, '0')
$$;
