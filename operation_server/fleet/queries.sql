-- The statements of the fleet, by name.

-- name: newest_verdicts
-- The newest final verdict, by generation time, of each satellite and subsystem, and the mean interval of its window; a
-- satellite without live telemetry, or a subsystem without any, costs one probe: the search begins at the newest live job.
SELECT
    satellite.satellite_id,
    part.subsystem,
    newest.generated_at,
    newest.verdict,
    newest.status,
    newest.anomaly_score,
    ops.window_interval_s(newest.window_start, newest.generated_at, newest.sample_count) AS interval_s
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
CROSS JOIN LATERAL (
    SELECT inference.generated_at FROM ops.live_jobs AS job
    INNER JOIN subsystem_inferences AS inference ON inference.job_id = job.job_id
    WHERE job.satellite_id = satellite.satellite_id ORDER BY job.job_id DESC LIMIT 1
) AS live
CROSS JOIN unnest(%(subsystems)s::text []) AS part (subsystem)
CROSS JOIN LATERAL (
    SELECT * FROM subsystem_inferences AS inference
    WHERE inference.satellite = satellite.satellite_id AND inference.subsystem = part.subsystem
        AND inference.generated_at <= live.generated_at AND inference.status IN ('completed', 'failed')
        AND (
            SELECT TRUE FROM ops.live_jobs AS job
            WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
        )
    ORDER BY inference.generated_at DESC LIMIT 1
) AS newest

-- name: learning_progress
-- Progress of the learning subsystems, as of the last look at each.
SELECT progress.satellite_id, progress.subsystem, progress.samples, progress.needed, progress.interval_s, progress.reason
FROM unnest(%(satellites)s::text [], %(subsystems)s::text []) AS part (satellite_id, subsystem)
INNER JOIN ops.learning_progress AS progress USING (satellite_id, subsystem)
