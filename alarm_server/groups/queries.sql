-- name: moved_alarms
-- Of some alarms, those that are not where they were grouped: new ones, those that began earlier, and withdrawn ones.
SELECT alarm.alarm_id, alarm.satellite_id, alarm.started_at, alarm.is_withdrawn, grouped.group_id
FROM ops.alarms AS alarm
LEFT JOIN ops.grouped_alarms AS grouped ON grouped.alarm_id = alarm.alarm_id
WHERE alarm.alarm_id = ANY (%(alarm_ids)s)
    AND CASE WHEN NOT alarm.is_withdrawn THEN alarm.started_at END IS DISTINCT FROM grouped.started_at

-- name: lock_groups
-- One transaction groups at a time: each sees the alarms of the one before.
SELECT pg_advisory_xact_lock(7241505005)

-- name: forget_withdrawn
-- Returns the groups that some withdrawn alarms were in.
DELETE FROM ops.grouped_alarms WHERE alarm_id IN (
    SELECT alarm_id FROM ops.alarms WHERE alarm_id = ANY (%(alarm_ids)s) AND is_withdrawn
)
RETURNING group_id

-- name: nearest_alarms
-- Of some begins, the grouped alarms that begin nearest to each, before and after it; those between them are of the same groups.
SELECT near.alarm_id, near.satellite_id, near.started_at, near.group_id
FROM unnest(%(satellites)s::text [], %(begins)s::timestamp []) AS new (satellite_id, started_at)
CROSS JOIN LATERAL (
    (
        SELECT * FROM ops.grouped_alarms AS before
        WHERE before.satellite_id = new.satellite_id
            AND before.started_at BETWEEN new.started_at - %(near)s::interval AND new.started_at
        ORDER BY before.started_at DESC LIMIT 1
    )
    UNION
    (
        SELECT * FROM ops.grouped_alarms AS after
        WHERE after.satellite_id = new.satellite_id
            AND after.started_at BETWEEN new.started_at AND new.started_at + %(near)s::interval
        ORDER BY after.started_at LIMIT 1
    )
) AS near

-- name: near_alarms
-- Some alarms, and all of the groups that they were in or that they begin near to.
WITH moved AS (
    SELECT alarm_id, satellite_id, started_at FROM ops.alarms WHERE alarm_id = ANY (%(alarm_ids)s) AND NOT is_withdrawn
),

touched AS (
    SELECT near.group_id FROM moved
    INNER JOIN ops.grouped_alarms AS near
        ON near.satellite_id = moved.satellite_id
        AND near.started_at BETWEEN moved.started_at - %(near)s::interval AND moved.started_at + %(near)s::interval
    UNION
    SELECT own.group_id FROM moved INNER JOIN ops.grouped_alarms AS own ON own.alarm_id = moved.alarm_id
    UNION
    SELECT unnest(%(left)s::text [])
),

found AS (
    SELECT kept.alarm_id FROM touched INNER JOIN ops.grouped_alarms AS kept ON kept.group_id = touched.group_id
    UNION
    SELECT alarm_id FROM moved
)

SELECT alarm.alarm_id, alarm.satellite_id, alarm.started_at, grouped.group_id
FROM found
INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = found.alarm_id
LEFT JOIN ops.grouped_alarms AS grouped ON grouped.alarm_id = found.alarm_id

-- name: save_groups
INSERT INTO ops.grouped_alarms AS kept (alarm_id, group_id, satellite_id, started_at) VALUES %s
ON CONFLICT (alarm_id) DO UPDATE SET group_id = excluded.group_id, started_at = excluded.started_at
WHERE (kept.group_id, kept.started_at) IS DISTINCT FROM (excluded.group_id, excluded.started_at)

-- name: raise_floods
-- Of satellites that raised too many alarms in the last minutes, without those that call nobody; where none stands.
WITH recent AS (
    SELECT alarm.satellite_id, count(*) AS count, min(alarm.noticed_at) AS first_at, max(alarm.noticed_at) AS last_at
    FROM ops.alarm_states AS alarm
    WHERE alarm.satellite_id = ANY (%(satellites)s::text [])
        AND alarm.noticed_at > (clock_timestamp() AT TIME ZONE 'UTC') - %(span)s::interval
        AND alarm.kind <> %(flood)s AND NOT alarm.is_withdrawn AND NOT alarm.is_suppressed
    GROUP BY alarm.satellite_id HAVING count(*) > %(begins_above)s
),

raised AS (
    INSERT INTO ops.alarms (
        alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at, violations, value,
        worst_value, limit_value
    )
    SELECT
        concat_ws(
            '.', %(subsystem)s::text, %(flood)s::text, floor(extract(EPOCH FROM recent.last_at) * 1000)::bigint,
            recent.satellite_id
        ),
        recent.satellite_id, %(subsystem)s, %(flood)s, %(flood)s, %(severity)s, recent.first_at, recent.last_at,
        recent.last_at, recent.count, recent.count, recent.count, %(begins_above)s
    FROM recent
    WHERE NOT EXISTS (
        SELECT FROM ops.alarms AS flood
        WHERE flood.satellite_id = recent.satellite_id AND flood.subsystem = %(subsystem)s AND flood.reason = %(flood)s
            AND flood.returned_at IS NULL
    )
    ON CONFLICT (alarm_id) DO NOTHING
    RETURNING alarm_id, raised_at, value, worst_value
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at, details)
SELECT alarm_id, 'raised', raised_at, jsonb_build_object('value', value, 'worst_value', worst_value) FROM raised

-- name: standing_floods
SELECT alarm_id FROM ops.alarms WHERE is_unresolved AND kind = %(flood)s AND returned_at IS NULL

-- name: follow_floods
-- What came since they began, how many of it in the last minutes, and whether that is few enough.
WITH counted AS (
    SELECT
        flood.alarm_id,
        count(alarm.alarm_id) AS all_of_it,
        count(*) FILTER (
            WHERE alarm.noticed_at > (clock_timestamp() AT TIME ZONE 'UTC') - %(span)s::interval
        ) AS recent,
        coalesce(max(alarm.noticed_at), flood.last_at) AS last_at
    FROM ops.alarms AS flood
    LEFT JOIN ops.alarms AS alarm
        ON alarm.satellite_id = flood.satellite_id AND alarm.noticed_at >= flood.started_at
        AND alarm.kind <> %(flood)s AND NOT alarm.is_withdrawn
    WHERE flood.alarm_id = ANY (%(alarm_ids)s)
    GROUP BY flood.alarm_id
),

followed AS (
    UPDATE ops.alarms AS flood SET
        last_at = counted.last_at,
        violations = counted.all_of_it,
        value = counted.recent,
        worst_value = greatest(flood.worst_value, counted.recent),
        returned_at = CASE WHEN counted.recent < %(ends_below)s THEN clock_timestamp() AT TIME ZONE 'UTC' END,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM counted
    WHERE flood.alarm_id = counted.alarm_id AND flood.returned_at IS NULL
        AND (flood.violations <> counted.all_of_it OR flood.value <> counted.recent)
    RETURNING flood.alarm_id, flood.returned_at, flood.value, flood.worst_value
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at, details)
SELECT alarm_id, 'returned', returned_at, jsonb_build_object('value', value, 'worst_value', worst_value)
FROM followed WHERE returned_at IS NOT NULL
