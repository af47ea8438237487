-- The statements of alarms, by name.

-- name: alarm_page
-- Ids of alarms before a position, newest start first: those that start in the range, then those that stood at its start.
-- Filters without an index read at most `ceiling` alarms; where these held no full page, a last row says how far they reached.
WITH seen AS NOT MATERIALIZED (
    (
        SELECT * FROM ops.alarm_states
        WHERE NOT is_withdrawn
            AND (%(start)s IS NULL OR started_at >= %(start)s)
            AND (%(end)s IS NULL OR started_at <= %(end)s)
            AND (%(before_at)s IS NULL OR (started_at, alarm_id) < (%(before_at)s, %(before_id)s))
            AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
            AND (%(assigned_to)s IS NULL OR assigned_to = %(assigned_to)s)
            AND (
                %(group_id)s IS NULL
                OR alarm_id IN (SELECT alarm_id FROM ops.grouped_alarms WHERE group_id = %(group_id)s)
            )
            AND (NOT %(attention_only)s OR needs_attention)
        ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
    )
    UNION ALL
    (
        SELECT * FROM ops.alarm_states
        WHERE NOT is_withdrawn
            AND %(start)s IS NOT NULL
            AND started_at < %(start)s
            AND life @> (%(start)s::timestamptz AT TIME ZONE 'UTC')
            AND (%(before_at)s IS NULL OR (started_at, alarm_id) < (%(before_at)s, %(before_id)s))
            AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
            AND (%(assigned_to)s IS NULL OR assigned_to = %(assigned_to)s)
            AND (
                %(group_id)s IS NULL
                OR alarm_id IN (SELECT alarm_id FROM ops.grouped_alarms WHERE group_id = %(group_id)s)
            )
        ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
    )
    ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
),

page AS MATERIALIZED (
    SELECT started_at, alarm_id FROM seen
    WHERE (%(subsystem)s IS NULL OR subsystem = %(subsystem)s)
        AND (%(kinds)s IS NULL OR kind = ANY (%(kinds)s))
        AND (%(severities)s IS NULL OR severity = ANY (%(severities)s))
        AND (%(codes)s IS NULL OR facts = ANY (%(codes)s))
    ORDER BY started_at DESC, alarm_id DESC LIMIT %(limit)s + 1
)

SELECT started_at, alarm_id, TRUE AS fits FROM page
UNION ALL
(
    SELECT started_at, alarm_id, FALSE FROM seen
    WHERE (SELECT count(*) FROM page) <= %(limit)s
    ORDER BY started_at DESC, alarm_id DESC OFFSET %(ceiling)s - 1 LIMIT 1
)
ORDER BY fits DESC, started_at DESC, alarm_id DESC

-- name: alarms
-- Newest start first, each with its group.
WITH grouped AS (SELECT alarm_id, group_id FROM ops.grouped_alarms WHERE alarm_id = ANY (%(alarm_ids)s)),

size AS (
    SELECT member.group_id, count(*) AS group_size FROM ops.grouped_alarms AS member
    WHERE member.group_id IN (SELECT group_id FROM grouped) GROUP BY member.group_id
)

SELECT alarm.*, grouped.group_id, coalesce(size.group_size, 0) AS group_size
FROM ops.alarm_states AS alarm
LEFT JOIN grouped ON grouped.alarm_id = alarm.alarm_id
LEFT JOIN size ON size.group_id = grouped.group_id
WHERE alarm.alarm_id = ANY (%(alarm_ids)s)
ORDER BY alarm.started_at DESC, alarm.alarm_id DESC

-- name: attention
-- How many alarms are not dealt with, suppressed or not, by what their state follows from and how severe they are.
SELECT facts, severity, count(*) AS count FROM (
    SELECT facts, severity FROM ops.alarm_states WHERE needs_attention LIMIT %(ceiling)s
) AS counted
GROUP BY facts, severity

-- name: events
-- Of one alarm, newest first.
SELECT event AS change, at, member_at, operator, comment, details FROM ops.alarm_events
WHERE alarm_id = %(alarm_id)s ORDER BY id DESC LIMIT %(limit)s

-- name: suppressions
SELECT kind, operator, comment, since, until FROM ops.alarm_suppressions
WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s
    AND (kind <> 'shelved' OR until > now() AT TIME ZONE 'UTC')
ORDER BY since

-- name: all_suppressions
-- In force now, the newest first.
SELECT satellite_id, subsystem, reason, kind, operator, comment, since, until FROM ops.alarm_suppressions
WHERE (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
    AND (kind <> 'shelved' OR until > now() AT TIME ZONE 'UTC')
ORDER BY since DESC, satellite_id, subsystem, reason, kind LIMIT %(limit)s

-- name: earlier_alarms
-- Of the same sign, newest first, with the comment of who acknowledged each.
SELECT
    earlier.alarm_id,
    earlier.severity,
    earlier.facts,
    earlier.started_at,
    earlier.returned_at,
    earlier.worst_value,
    acknowledgement.operator AS acknowledged_by,
    acknowledgement.at AS acknowledged_at,
    acknowledgement.comment
FROM (
    SELECT * FROM ops.alarm_states
    WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s
        AND started_at < %(started_at)s AND NOT is_withdrawn
    ORDER BY started_at DESC LIMIT %(limit)s
) AS earlier
LEFT JOIN LATERAL (
    SELECT operator, at, comment FROM ops.alarm_events
    WHERE alarm_id = earlier.alarm_id AND event = 'acknowledged' ORDER BY id DESC LIMIT 1
) AS acknowledgement ON TRUE
ORDER BY earlier.started_at DESC

-- name: alarm_group
-- Others of a group, the earliest first.
SELECT alarm_id FROM ops.grouped_alarms
WHERE group_id = %(group_id)s AND alarm_id <> %(alarm_id)s
ORDER BY started_at, alarm_id LIMIT %(limit)s

-- name: alarm_events_after
-- In commit order; below the oldest running transaction nothing can appear any more.
SELECT
    history.xact::text::bigint AS xact,
    history.id,
    history.alarm_id,
    history.event AS change,
    history.at,
    history.member_at,
    history.operator,
    history.comment,
    history.details,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.severity
FROM ops.alarm_events AS history
LEFT JOIN ops.alarms AS alarm ON alarm.alarm_id = history.alarm_id
WHERE (history.xact, history.id) > (%(xact)s::text::xid8, %(id)s) AND history.xact < ops.settled_position()
ORDER BY history.xact, history.id LIMIT %(limit)s

-- name: lock_alarms
-- One change at a time; what is read of them afterwards is what the one before left.
SELECT alarm_id FROM ops.alarms WHERE alarm_id = ANY (%(alarm_ids)s) ORDER BY alarm_id FOR UPDATE

-- name: lock_sign
-- Alarms of one sign are shelved and taken out of service together; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', %(satellite_id)s, %(subsystem)s, %(reason)s), 25))

-- name: newest_events
-- Of some alarms, the newest one of a kind by an operator.
SELECT DISTINCT ON (alarm_id) alarm_id, operator, comment, at FROM ops.alarm_events
WHERE alarm_id = ANY (%(alarm_ids)s) AND event = %(event)s AND operator IS NOT NULL
ORDER BY alarm_id, id DESC

-- name: newest_event_of_sign
-- Of all alarms of a sign, likewise.
SELECT history.operator, history.comment, history.at FROM ops.alarms AS alarm
INNER JOIN ops.alarm_events AS history ON history.alarm_id = alarm.alarm_id
WHERE alarm.satellite_id = %(satellite_id)s AND alarm.subsystem = %(subsystem)s AND alarm.reason = %(reason)s
    AND history.event = %(event)s AND history.operator IS NOT NULL
ORDER BY history.id DESC LIMIT 1

-- name: acknowledge
WITH changed AS (
    UPDATE ops.alarms SET
        acknowledged_at = clock_timestamp() AT TIME ZONE 'UTC',
        acknowledged_by = %(operator)s,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    WHERE alarm_id = ANY (%(alarm_ids)s)
    RETURNING alarm_id, acknowledged_by
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT alarm_id, 'acknowledged', %(operator)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('acknowledged_by', NULL), 'new', jsonb_build_object('acknowledged_by', acknowledged_by)
) FROM changed ORDER BY alarm_id

-- name: reset
WITH changed AS (
    UPDATE ops.alarms SET
        reset_at = clock_timestamp() AT TIME ZONE 'UTC',
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    WHERE alarm_id = %(alarm_id)s
    RETURNING alarm_id, reset_at
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT alarm_id, 'reset', %(operator)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('reset_at', NULL), 'new', jsonb_build_object('reset_at', reset_at AT TIME ZONE 'UTC')
) FROM changed

-- name: assign
WITH changed AS (
    UPDATE ops.alarms SET assigned_to = %(assigned_to)s, changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    WHERE alarm_id = %(alarm_id)s
    RETURNING alarm_id, assigned_to
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT alarm_id, 'assigned', %(operator)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('assigned_to', %(replaces)s), 'new', jsonb_build_object('assigned_to', assigned_to)
) FROM changed

-- name: comment
INSERT INTO ops.alarm_events (alarm_id, event, operator, comment)
VALUES (%(alarm_id)s, 'commented', %(operator)s, %(comment)s)

-- name: suppress
-- A shelf whose time is over gives way to the new one.
WITH given AS (
    INSERT INTO ops.alarm_suppressions AS kept (satellite_id, subsystem, reason, kind, operator, comment, until)
    VALUES (
        %(satellite_id)s, %(subsystem)s, %(reason)s, %(kind)s, %(operator)s, %(comment)s,
        %(until)s::timestamptz AT TIME ZONE 'UTC'
    )
    ON CONFLICT (satellite_id, subsystem, reason, kind) DO UPDATE SET
        operator = excluded.operator, comment = excluded.comment, since = excluded.since, until = excluded.until
    RETURNING kind, since AT TIME ZONE 'UTC' AS since, until AT TIME ZONE 'UTC' AS until
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT %(alarm_id)s, %(event)s, %(operator)s, %(comment)s, jsonb_build_object('old', NULL, 'new', to_jsonb(given)) FROM given

-- name: unsuppress
WITH gone AS (
    DELETE FROM ops.alarm_suppressions
    WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s AND kind = %(kind)s
    RETURNING kind, operator, comment, since AT TIME ZONE 'UTC' AS since, until AT TIME ZONE 'UTC' AS until
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, comment, details)
SELECT %(alarm_id)s, %(event)s, %(operator)s, %(comment)s, jsonb_build_object('old', to_jsonb(gone), 'new', NULL) FROM gone
