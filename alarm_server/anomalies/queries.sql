-- The statements of anomalies, by name.

-- name: lock_alerts
-- One process folds at a time: the state of the rule is read and written in one transaction.
SELECT pg_advisory_xact_lock(7241505003)

-- name: judged_after
-- Verdicts in commit order, with the columns that alarms need. Posted series, stored telemetry and retired satellites raise none.
SELECT
    inference.xact::text::bigint AS xact,
    inference.id,
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.verdict,
    inference.anomaly_score,
    inference.completed_at,
    inference.generated_at,
    job.source = 'kafka_auto_trigger' AND job.metadata ->> 'lane' IS DISTINCT FROM 'stored'
    AND inference.generated_at IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM ops.retirements AS retirement
        WHERE retirement.satellite_id = job.satellite_id AND inference.completed_at >= retirement.retired_at
            AND inference.completed_at < coalesce(retirement.taken_back_at, 'infinity')
    ) AS is_live
FROM subsystem_inferences AS inference
INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
WHERE (inference.xact, inference.id) > (%(xact)s::text::xid8, %(id)s)
    AND inference.xact < ops.settled_position()
    AND inference.status IN ('completed', 'failed')
ORDER BY inference.xact, inference.id LIMIT %(limit)s

-- name: judged_between
-- Verdicts of one satellite and subsystem in generation-time order.
SELECT inference.job_id, inference.generated_at, inference.verdict, inference.anomaly_score
FROM subsystem_inferences AS inference
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at > %(after)s AND inference.generated_at <= %(target)s
    AND inference.verdict IS NOT NULL
    AND (
        SELECT TRUE FROM ops.live_jobs AS job
        WHERE job.satellite_id = %(satellite_id)s AND job.job_id = inference.job_id
    )
    AND NOT EXISTS (
        SELECT FROM ops.retirements AS retirement
        WHERE retirement.satellite_id = %(satellite_id)s AND inference.completed_at >= retirement.retired_at
            AND inference.completed_at < coalesce(retirement.taken_back_at, 'infinity')
    )
ORDER BY inference.generated_at LIMIT %(limit)s

-- name: alert_heads
SELECT head.* FROM ops.alert_heads AS head
INNER JOIN unnest(%(satellites)s::text [], %(subsystems)s::text []) AS wanted (satellite_id, subsystem)
    ON head.satellite_id = wanted.satellite_id AND head.subsystem = wanted.subsystem

-- name: unfinished_heads
SELECT * FROM ops.alert_heads WHERE folded_at <> target_at ORDER BY satellite_id, subsystem LIMIT %(limit)s

-- name: count_unfinished
SELECT count(*) AS count FROM ops.alert_heads WHERE folded_at <> target_at

-- name: checkpoint_before
SELECT generated_at, run FROM ops.alert_checkpoints
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND generated_at < %(generated_at)s
ORDER BY generated_at DESC LIMIT 1

-- name: forget_checkpoints
DELETE FROM ops.alert_checkpoints
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND generated_at >= %(generated_at)s

-- name: save_alert_heads
INSERT INTO ops.alert_heads AS kept (
    satellite_id, subsystem, folded_at, target_at, since_checkpoint, run
) VALUES %s
ON CONFLICT (satellite_id, subsystem) DO UPDATE SET
    folded_at = excluded.folded_at,
    target_at = excluded.target_at,
    since_checkpoint = excluded.since_checkpoint,
    run = excluded.run

-- name: save_checkpoints
INSERT INTO ops.alert_checkpoints (satellite_id, subsystem, generated_at, run) VALUES %s
ON CONFLICT (satellite_id, subsystem, generated_at) DO UPDATE SET run = excluded.run

-- name: settled
-- The last verdict that nothing can precede any more, and how many there are up to it.
SELECT
    newest.xact::text::bigint AS xact,
    newest.id,
    (
        SELECT count(*) FROM subsystem_inferences AS earlier
        WHERE (earlier.xact, earlier.id) <= (newest.xact, newest.id) AND earlier.status IN ('completed', 'failed')
    ) AS count
FROM (
    SELECT xact, id FROM subsystem_inferences
    WHERE xact < ops.settled_position() AND status IN ('completed', 'failed')
    ORDER BY xact DESC, id DESC LIMIT 1
) AS newest

-- name: forget_all_checkpoints
DELETE FROM ops.alert_checkpoints

-- name: forget_heads
DELETE FROM ops.alert_heads

-- name: begin_heads
-- Every subsystem of every satellite with its newest verdict: walks along the index, from one to the next.
WITH RECURSIVE part AS (
    (
        SELECT satellite AS satellite_id, subsystem FROM subsystem_inferences
        ORDER BY subsystem_inferences.satellite, subsystem LIMIT 1
    )
    UNION ALL
    SELECT next.satellite_id, next.subsystem
    FROM part CROSS JOIN LATERAL (
        SELECT inference.satellite AS satellite_id, inference.subsystem FROM subsystem_inferences AS inference
        WHERE (inference.satellite, inference.subsystem) > (part.satellite_id, part.subsystem)
        ORDER BY inference.satellite, inference.subsystem LIMIT 1
    ) AS next
)

INSERT INTO ops.alert_heads (satellite_id, subsystem, folded_at, target_at, since_checkpoint)
SELECT part.satellite_id, part.subsystem, timestamp 'epoch' - interval '1 microsecond', newest.generated_at, 0
FROM part CROSS JOIN LATERAL (
    SELECT inference.generated_at FROM subsystem_inferences AS inference
    WHERE inference.satellite = part.satellite_id AND inference.subsystem = part.subsystem
        AND inference.generated_at IS NOT NULL
    ORDER BY inference.generated_at DESC LIMIT 1
) AS newest

-- name: kept_alarms
-- Alarms that reach into the spans of some satellites' subsystems, and those whose names are taken there. Those that were not
-- withdrawn follow each other: of the ones that start before a span only the newest may reach into it.
WITH span AS (
    SELECT
        listed.satellite_id,
        listed.subsystem,
        timestamp 'epoch' + listed.first_us * interval '1 us' AS first_at,
        timestamp 'epoch' + listed.last_us * interval '1 us' AS last_at,
        (listed.subsystem || '.anomaly.' || listed.first_us / 1000) COLLATE "C" AS first_name,
        (listed.subsystem || '.anomaly.' || listed.last_us / 1000 + 1000) COLLATE "C" AS last_name
    FROM unnest(%(satellites)s::text [], %(subsystems)s::text [], %(first_us)s::bigint [], %(last_us)s::bigint [])
        AS listed (satellite_id, subsystem, first_us, last_us)
)

SELECT alarm.satellite_id, alarm.subsystem, alarm.alarm_id, alarm.started_at, alarm.last_at, alarm.returned_at, alarm.is_withdrawn
FROM span CROSS JOIN LATERAL (
    SELECT found.* FROM ops.alarms AS found
    WHERE found.satellite_id = span.satellite_id AND found.subsystem = span.subsystem AND found.reason = 'anomaly'
        AND found.kind = 'anomaly' AND found.started_at <= span.last_at
        AND found.started_at >= least(span.first_at, (
            SELECT max(before.started_at) FROM ops.alarms AS before
            WHERE before.satellite_id = span.satellite_id AND before.subsystem = span.subsystem
                AND before.reason = 'anomaly' AND before.started_at <= span.first_at AND NOT before.is_withdrawn
        ))
    UNION
    SELECT named.* FROM ops.alarms AS named
    WHERE named.alarm_id >= span.first_name AND named.alarm_id < span.last_name
        AND named.satellite_id = span.satellite_id AND named.subsystem = span.subsystem AND named.kind = 'anomaly'
) AS alarm

-- name: save_anomalies
-- What operators did to an alarm stays; one that is as it was stays untouched.
INSERT INTO ops.alarms AS kept (
    alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at, returned_at, violations,
    peak_score, peak_job_id, newest_job_id
) VALUES %s
ON CONFLICT (alarm_id) DO UPDATE SET
    started_at = excluded.started_at,
    raised_at = excluded.raised_at,
    last_at = excluded.last_at,
    returned_at = excluded.returned_at,
    is_withdrawn = FALSE,
    violations = excluded.violations,
    peak_score = excluded.peak_score,
    peak_job_id = excluded.peak_job_id,
    newest_job_id = excluded.newest_job_id,
    changed_at = clock_timestamp() AT TIME ZONE 'UTC'
WHERE (
    kept.started_at, kept.raised_at, kept.last_at, kept.returned_at, kept.is_withdrawn, kept.violations,
    kept.peak_score, kept.peak_job_id, kept.newest_job_id
) IS DISTINCT FROM (
    excluded.started_at, excluded.raised_at, excluded.last_at, excluded.returned_at, FALSE, excluded.violations,
    excluded.peak_score, excluded.peak_job_id, excluded.newest_job_id
)

-- name: withdraw
UPDATE ops.alarms SET is_withdrawn = TRUE, changed_at = clock_timestamp() AT TIME ZONE 'UTC'
WHERE alarm_id = ANY (%(alarm_ids)s)
