-- The statements of the dashboard, by name.

-- name: completed_last_minute
SELECT count(*) FROM inference_jobs
WHERE status = 'completed' AND completed_at > (now() AT TIME ZONE 'UTC') - interval '1 minute'

-- name: model_comparison
-- Verdicts of the last hour by model.
SELECT
    model_name,
    count(*) AS total,
    avg(extract(epoch FROM completed_at - started_at)) FILTER (WHERE status = 'completed') AS avg_time,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'failed') AS failed
FROM subsystem_inferences
WHERE created_at > (now() AT TIME ZONE 'UTC') - interval '1 hour'
GROUP BY model_name

-- name: patterns
-- Jobs of the last hour by the pattern their client named.
SELECT
    metadata ->> 'pattern' AS pattern,
    count(*) AS count,
    avg(extract(epoch FROM completed_at - created_at)) AS avg_time
FROM inference_jobs
WHERE created_at > (now() AT TIME ZONE 'UTC') - interval '1 hour' AND jsonb_typeof(metadata -> 'pattern') = 'string'
GROUP BY metadata ->> 'pattern' ORDER BY count(*) DESC, 1 LIMIT 100
