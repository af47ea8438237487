-- A job may break several rules, and a reason may hold a comma: the list is what is read. trigger_reason stays for
-- people, with as many whole reasons as its 100 characters take.
ALTER TABLE inference_jobs ADD COLUMN trigger_reasons text [] NOT NULL DEFAULT '{}';
UPDATE inference_jobs SET
    trigger_reasons
    = CASE WHEN source = 'kafka_auto_trigger' THEN string_to_array(trigger_reason, ',') ELSE ARRAY[trigger_reason] END
WHERE trigger_reason IS NOT NULL;
COMMENT ON COLUMN inference_jobs.trigger_reasons IS 'Every reason, in the mission''s order; none is cut';

CREATE OR REPLACE VIEW ops.live_verdicts AS
SELECT
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.status,
    inference.verdict,
    inference.anomaly_score,
    inference.anomaly_detected,
    job.trigger_reasons AS reasons,
    job.trigger_reason
FROM subsystem_inferences AS inference
CROSS JOIN LATERAL (
    SELECT satellite_id, source, trigger_reason, trigger_reasons, metadata
    FROM inference_jobs WHERE job_id = inference.job_id OFFSET 0
) AS job
WHERE job.source = 'kafka_auto_trigger' AND job.metadata ->> 'lane' IS DISTINCT FROM 'stored';
