-- Who took note of an alert: only ever added. An alert itself is computed from the verdicts, so an acknowledgement
-- names a moment within it: satellite, subsystem, reason and the generation time of its newest member then.

CREATE TABLE ops.alert_acknowledgements (
    id              bigserial PRIMARY KEY,
    satellite_id    varchar(50)   NOT NULL,
    subsystem       varchar(50)   NOT NULL,
    reason          varchar(100)  NOT NULL,
    generated_at    timestamp(3)  NOT NULL,
    operator        varchar(100)  NOT NULL CHECK (operator <> ''),
    comment         varchar(2000) NOT NULL CHECK (comment <> ''),
    acknowledged_at timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    xact            xid8          NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX idx_acknowledgements_alert
    ON ops.alert_acknowledgements (satellite_id, subsystem, reason, generated_at);
CREATE INDEX idx_acknowledgements_commit_order ON ops.alert_acknowledgements (xact, id);
COMMENT ON COLUMN ops.alert_acknowledgements.reason IS 'The broken rule''s reason; anomaly for the anomaly score';
COMMENT ON COLUMN ops.alert_acknowledgements.xact IS 'As in subsystem_inferences: place in commit order';

CREATE FUNCTION ops.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: acknowledgements are kept as they were written, add another one instead',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER acknowledgements_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.alert_acknowledgements
    FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Verdicts of live telemetry jobs: what alerts are made of. OFFSET 0 keeps the join as it is written, from the
-- verdict to its job: whoever walks along job ids reads one job for each step, never all jobs of a satellite.
CREATE VIEW ops.live_verdicts AS
SELECT
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.status,
    inference.verdict,
    inference.anomaly_score,
    inference.anomaly_detected,
    string_to_array(job.trigger_reason, ',') AS reasons
FROM subsystem_inferences AS inference
CROSS JOIN LATERAL (
    SELECT satellite_id, source, trigger_reason, metadata FROM inference_jobs WHERE job_id = inference.job_id OFFSET 0
) AS job
WHERE job.source = 'kafka_auto_trigger' AND job.metadata ->> 'lane' IS DISTINCT FROM 'stored';

-- From one anomaly, or one broken limit, of a satellite to the next. Any mission's periodic check is called
-- periodic_check unless its file says otherwise; then the second index is only larger.
CREATE INDEX idx_subsys_anomalous_job ON subsystem_inferences (subsystem, job_id) WHERE anomaly_detected;
CREATE INDEX idx_jobs_limit ON inference_jobs (job_id) WHERE trigger_reason <> 'periodic_check';
