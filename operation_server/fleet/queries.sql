-- The statements of the fleet, by name.

-- name: newest_verdicts
-- The newest final verdict, by generation time, of each satellite and subsystem, and the mean interval of its window; a
-- satellite without live telemetry, or a subsystem without any, costs one probe. The ids of a satellite's jobs are not
-- alone in their range: those of SAT-1 lie between SAT- and SAT's first one, so the search ends there.
SELECT
    satellite.satellite_id,
    part.subsystem,
    judged.job_id,
    judged.verdict,
    judged.status,
    judged.anomaly_score,
    extract(
        EPOCH FROM (judged.input_data ->> 'window_end')::timestamptz
        - (judged.input_data ->> 'window_start')::timestamptz
    )::float8 / nullif((judged.input_data ->> 'samples')::float8 - 1, 0) AS interval_s
FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
CROSS JOIN LATERAL (
    SELECT min(job_id) AS oldest, max(job_id) AS newest FROM ops.live_jobs WHERE satellite_id = satellite.satellite_id
) AS live
CROSS JOIN unnest(%(subsystems)s::text []) AS part (subsystem)
CROSS JOIN LATERAL (
    SELECT inference.job_id FROM subsystem_inferences AS inference
    WHERE inference.subsystem = part.subsystem AND inference.status IN ('completed', 'failed')
        AND inference.job_id BETWEEN live.oldest AND live.newest
        AND (
            SELECT TRUE FROM ops.live_jobs AS job
            WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
        )
    ORDER BY inference.job_id DESC LIMIT 1
) AS newest
INNER JOIN subsystem_inferences AS judged ON judged.job_id = newest.job_id AND judged.subsystem = part.subsystem

-- name: learning_progress
-- Progress of the learning subsystems, as of the last look at each.
SELECT progress.satellite_id, progress.subsystem, progress.samples, progress.needed, progress.interval_s, progress.reason
FROM unnest(%(satellites)s::text [], %(subsystems)s::text []) AS part (satellite_id, subsystem)
INNER JOIN ops.learning_progress AS progress USING (satellite_id, subsystem)
