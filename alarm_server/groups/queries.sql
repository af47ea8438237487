-- name: moved_alarms
-- Of some alarms, those that are not where they were grouped: new ones, those that began earlier, and withdrawn ones.
SELECT alarm.alarm_id FROM ops.alarms AS alarm
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
