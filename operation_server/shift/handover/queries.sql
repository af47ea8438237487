-- The statements of the hand-over report, by name.

-- name: newest_raised
-- Of satellites: those of the platform have a list of their own.
SELECT alarm_id FROM ops.alarms
WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'platform'
ORDER BY noticed_at DESC LIMIT %(limit)s

-- name: contacts_between
-- When satellites were heard that were silent at some time of the span: what their silences leave of it, the newest first.
SELECT satellite_id, lower(heard) AS started_at, upper(heard) AS ended_at FROM (
    SELECT satellite_id, unnest(tsmultirange(span.range) - range_agg(life)) AS heard
    FROM ops.alarm_states, (
        SELECT tsrange(%(start)s::timestamptz AT TIME ZONE 'UTC', %(end)s::timestamptz AT TIME ZONE 'UTC') AS range
    ) AS span
    WHERE kind = 'stale' AND subsystem = 'satellite' AND NOT is_withdrawn AND life && span.range
    GROUP BY satellite_id, span.range
) AS contacts
ORDER BY lower(heard) DESC, satellite_id LIMIT %(limit)s

-- name: changes_between
-- Of limits and limit sets, of learned constants and of the database, the newest first.
SELECT at, kind, satellite_id, subsystem, name, version, operator, comment, details FROM (
    SELECT at, 'limit' AS kind, NULL AS satellite_id, subsystem, reason AS name, version, operator, comment, fields AS details
    FROM ops.limit_changes WHERE at >= %(start)s AND at < %(end)s
    UNION ALL
    SELECT at, 'limit_set', satellite_id, NULL, limit_set, version, operator, comment, '{}'
    FROM ops.limit_set_changes WHERE at >= %(start)s AND at < %(end)s
    UNION ALL
    SELECT
        created_at, 'calibration', satellite_id, subsystem, state, version, NULL, NULL,
        jsonb_build_object('samples', samples)
    FROM ops.calibrations WHERE created_at >= %(start)s AND created_at < %(end)s
    UNION ALL
    SELECT max(applied_at), 'upgrade', NULL, NULL, max(name), NULL, NULL, NULL, jsonb_build_object('migrations', count(*))
    FROM ops.schema_migrations WHERE applied_at >= %(start)s AND applied_at < %(end)s HAVING count(*) > 0
) AS changes
ORDER BY at DESC, kind, satellite_id, subsystem, name LIMIT %(limit)s
