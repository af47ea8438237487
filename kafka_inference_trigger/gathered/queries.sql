-- The statements of what is gathered, by name.

-- name: save_refused_values
INSERT INTO ops.refused_values AS kept (satellite_id, channel, reason, count, last_value, last_at)
SELECT
    refused.satellite_id, refused.channel, refused.reason, refused.count, refused.last_value,
    refused.last_at AT TIME ZONE 'UTC'
FROM unnest(
    %(satellite_ids)s::text [], %(channels)s::text [], %(reasons)s::text [], %(counts)s::bigint [],
    %(values)s::text [], %(times)s::timestamptz []
) AS refused (satellite_id, channel, reason, count, last_value, last_at)
ON CONFLICT (satellite_id, channel, reason) DO UPDATE SET
    count = kept.count + excluded.count,
    last_value = CASE WHEN excluded.last_at >= kept.last_at THEN excluded.last_value ELSE kept.last_value END,
    last_at = greatest(kept.last_at, excluded.last_at)

-- name: forget_oldest_refused_values
DELETE FROM ops.refused_values WHERE (satellite_id, channel, reason) IN (
    SELECT satellite_id, channel, reason FROM ops.refused_values ORDER BY last_at DESC OFFSET %(ceiling)s
)

-- name: save_wrong_clocks
-- Merges runs that are less than `patience` apart; of runs further apart keeps the newer one.
INSERT INTO ops.wrong_clocks AS kept (satellite_id, subsystem, reason, value, first_at, last_at)
SELECT
    run.satellite_id, run.subsystem, run.reason, run.value,
    run.first_at AT TIME ZONE 'UTC', run.last_at AT TIME ZONE 'UTC'
FROM unnest(
    %(satellite_ids)s::text [], %(subsystems)s::text [], %(reasons)s::text [], %(values)s::float8 [],
    %(firsts)s::timestamptz [], %(lasts)s::timestamptz []
) AS run (satellite_id, subsystem, reason, value, first_at, last_at)
ON CONFLICT (satellite_id, subsystem, reason) DO UPDATE SET
    value = CASE WHEN excluded.last_at >= kept.last_at THEN excluded.value ELSE kept.value END,
    first_at = CASE
        WHEN excluded.first_at > kept.last_at + %(patience)s THEN excluded.first_at
        WHEN kept.first_at > excluded.last_at + %(patience)s THEN kept.first_at
        ELSE least(kept.first_at, excluded.first_at)
    END,
    last_at = greatest(kept.last_at, excluded.last_at)

-- name: forget_oldest_wrong_clocks
DELETE FROM ops.wrong_clocks WHERE (satellite_id, subsystem, reason) IN (
    SELECT satellite_id, subsystem, reason FROM ops.wrong_clocks ORDER BY last_at DESC OFFSET %(ceiling)s
)
