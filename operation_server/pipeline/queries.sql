-- The statements of the pipeline's state, by name.

-- name: pipeline_database
-- The state of PostgreSQL itself; row counts are the planner's estimates, -1 before the first ANALYZE. A transaction in any
-- database of the server holds back ops.settled_position(), and with it live views and the relay.
SELECT
    current_setting('max_connections')::int AS max_connections,
    pg_database_size(current_database()) AS size_bytes,
    (SELECT reltuples::bigint FROM pg_class WHERE oid = 'inference_jobs'::regclass) AS jobs,
    (SELECT reltuples::bigint FROM pg_class WHERE oid = 'subsystem_inferences'::regclass) AS verdicts,
    clients.connections,
    extract(EPOCH FROM clock_timestamp() - clients.oldest_start) AS oldest_transaction_s
FROM (
    SELECT
        count(*) AS connections,
        min(xact_start) FILTER (WHERE pid <> pg_backend_pid()) AS oldest_start
    FROM pg_stat_activity WHERE backend_type = 'client backend'
) AS clients

-- name: open_jobs
-- Jobs that are not judged yet, counted no further than `ceiling`, and the age of the oldest one.
SELECT count(*) AS open_jobs, extract(EPOCH FROM (now() AT TIME ZONE 'UTC') - min(created_at)) AS oldest_open_s
FROM (
    SELECT created_at FROM inference_jobs
    WHERE status IN ('pending', 'processing') ORDER BY created_at LIMIT %(ceiling)s
) AS listed

-- name: newest_verdict
SELECT completed_at FROM subsystem_inferences
WHERE status IN ('completed', 'failed') ORDER BY xact DESC, id DESC LIMIT 1

-- name: relay_lag
-- Verdicts behind a sink's cursor, with those that a running transaction still hides from it; counts no further
-- than `ceiling`, in commit order, so that it reads a bounded piece of that index. No row before the first relay.
SELECT found.waiting
FROM ops.relay_cursors AS relayed
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (
        SELECT 1 FROM subsystem_inferences
        WHERE (xact, id) > (relayed.xact::text::xid8, relayed.id) AND status IN ('completed', 'failed')
        ORDER BY xact, id LIMIT %(ceiling)s
    ) AS listed
) AS found
WHERE relayed.sink = %(sink)s

-- name: refused_verdicts
-- How many verdicts each sink refused, with the newest one and its reason; counts no further than `ceiling`.
SELECT counted.sink, counted.count, newest.job_id, newest.subsystem, newest.reason, newest.refused_at
FROM (
    SELECT listed.sink, count(*) AS count
    FROM (SELECT sink FROM ops.refused_verdicts LIMIT %(ceiling)s) AS listed GROUP BY listed.sink
) AS counted
CROSS JOIN LATERAL (
    SELECT * FROM ops.refused_verdicts AS refused
    WHERE refused.sink = counted.sink ORDER BY refused.refused_at DESC LIMIT 1
) AS newest
ORDER BY counted.sink

-- name: open_dead_letters
-- Counts no further than `ceiling`.
SELECT count(*) AS count FROM (SELECT FROM ops.dead_letters WHERE state = 'open' LIMIT %(ceiling)s) AS listed
