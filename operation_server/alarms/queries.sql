-- The statements that read alarms, by name.

-- name: alarm_page
-- Ids of alarms before a position, newest start first: those that start in the range, then those that stood at its start.
-- Filters without an index read at most `ceiling` alarms, once; the row that is the last of so many says where to go on.
SELECT started_at, alarm_id, fits, place = %(ceiling)s AS is_last_seen FROM (
    SELECT
        started_at,
        alarm_id,
        (%(subsystem)s IS NULL OR subsystem = %(subsystem)s)
        AND (%(kinds)s IS NULL OR kind = ANY (%(kinds)s))
        AND (%(severities)s IS NULL OR severity = ANY (%(severities)s))
        AND (%(codes)s IS NULL OR facts = ANY (%(codes)s))
        AND (%(needs_attention)s IS NULL OR needs_attention = %(needs_attention)s)
        AND (%(chattering)s IS NULL OR (chattering_since IS NOT NULL) = %(chattering)s)
        AND (%(heard)s IS NULL OR %(heard)s <> (satellite_id = ANY (%(unheard)s))) AS fits,
        row_number() OVER (ORDER BY started_at DESC, alarm_id DESC) AS place
    FROM (
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
                    OR alarm_id = ANY (ARRAY(SELECT alarm_id FROM ops.grouped_alarms WHERE group_id = %(group_id)s))
                )
                AND (NOT %(unresolved_only)s OR is_unresolved)
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
                    OR alarm_id = ANY (ARRAY(SELECT alarm_id FROM ops.grouped_alarms WHERE group_id = %(group_id)s))
                )
            ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
        )
        ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
    ) AS seen
) AS listed
WHERE fits OR place = %(ceiling)s
ORDER BY started_at DESC, alarm_id DESC LIMIT %(limit)s + 1

-- name: urgent_page
-- Ids of alarms that are not resolved, the most urgent first, of equal ones the newest start. Their number is bounded by what people
-- leave undone, so they are sorted; beyond `ceiling` of them, the newest are.
WITH calling AS (
    SELECT
        alarm_id,
        started_at,
        (%(urgencies)s::integer [])[facts + 1] * 8 + array_position(%(all_severities)s::text [], severity) AS urgency
    FROM ops.alarm_states
    WHERE is_unresolved
        AND (%(start)s IS NULL OR life && tsrange(%(start)s::timestamptz AT TIME ZONE 'UTC', NULL))
        AND (%(end)s IS NULL OR started_at <= %(end)s)
        AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
        AND (%(assigned_to)s IS NULL OR assigned_to = %(assigned_to)s)
        AND (
            %(group_id)s IS NULL
            OR alarm_id = ANY (ARRAY(SELECT alarm_id FROM ops.grouped_alarms WHERE group_id = %(group_id)s))
        )
        AND (%(subsystem)s IS NULL OR subsystem = %(subsystem)s)
        AND (%(kinds)s IS NULL OR kind = ANY (%(kinds)s))
        AND (%(severities)s IS NULL OR severity = ANY (%(severities)s))
        AND (%(needs_attention)s IS NULL OR needs_attention = %(needs_attention)s)
        AND (%(chattering)s IS NULL OR (chattering_since IS NOT NULL) = %(chattering)s)
        AND (%(heard)s IS NULL OR %(heard)s <> (satellite_id = ANY (%(unheard)s)))
    ORDER BY started_at DESC, alarm_id DESC LIMIT %(ceiling)s
)

SELECT urgency, started_at, alarm_id FROM calling
WHERE urgency IS NOT NULL
    AND (
        %(before_urgency)s IS NULL
        OR (urgency, started_at, alarm_id) < (%(before_urgency)s, %(before_at)s::timestamptz AT TIME ZONE 'UTC', %(before_id)s)
    )
ORDER BY urgency DESC, started_at DESC, alarm_id DESC LIMIT %(limit)s + 1

-- name: alarms
-- Newest start first, each with its group, and what an operator said last that it was.
WITH grouped AS (SELECT alarm_id, group_id FROM ops.grouped_alarms WHERE alarm_id = ANY (%(alarm_ids)s)),

size AS (
    SELECT member.group_id, count(*) AS group_size FROM ops.grouped_alarms AS member
    WHERE member.group_id IN (SELECT group_id FROM grouped) GROUP BY member.group_id
)

SELECT alarm.*, grouped.group_id, coalesce(size.group_size, 0) AS group_size, said.feedback
FROM ops.alarm_states AS alarm
LEFT JOIN grouped ON grouped.alarm_id = alarm.alarm_id
LEFT JOIN size ON size.group_id = grouped.group_id
LEFT JOIN LATERAL (
    SELECT details -> 'new' ->> 'feedback' AS feedback FROM ops.alarm_events
    WHERE alarm_id = alarm.alarm_id AND event = 'feedback' ORDER BY id DESC LIMIT 1
) AS said ON TRUE
WHERE alarm.alarm_id = ANY (%(alarm_ids)s)
ORDER BY alarm.started_at DESC, alarm.alarm_id DESC

-- name: attention
-- How many alarms need attention, by what their state follows from and how severe they are.
SELECT facts, severity, count(*) AS count FROM (
    SELECT facts, severity FROM ops.alarm_states WHERE needs_attention LIMIT %(ceiling)s
) AS counted
GROUP BY facts, severity

-- name: anomalies_behind
-- For how many seconds the oldest verdict has waited that alerts of the anomaly score don't count yet, with those that a
-- running transaction still hides from the relay; or how long ago it began to fold earlier ones again. 0 = none waits.
SELECT
    coalesce(extract(EPOCH FROM (now() AT TIME ZONE 'UTC') - least(
        (
            SELECT inference.completed_at FROM subsystem_inferences AS inference
            WHERE (inference.xact, inference.id) > (folded.xact::text::xid8, folded.id)
                AND inference.status IN ('completed', 'failed')
            ORDER BY inference.xact, inference.id LIMIT 1
        ),
        CASE WHEN EXISTS (SELECT FROM ops.alert_heads WHERE folded_at <> target_at) THEN folded.updated_at END
    )), 0)::float8 AS behind_s
FROM (
    SELECT coalesce(max(xact), 0) AS xact, coalesce(max(id), 0) AS id, max(updated_at) AS updated_at
    FROM ops.relay_cursors WHERE sink = 'alerts'
) AS folded

-- name: unheard_satellites
SELECT satellite_id FROM ops.alarm_contacts WHERE received_at < now() AT TIME ZONE 'UTC' - %(patience)s::interval

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
    alarm.severity,
    alarm.facts
FROM ops.alarm_events AS history
LEFT JOIN ops.alarm_states AS alarm ON alarm.alarm_id = history.alarm_id
WHERE (history.xact, history.id) > (%(xact)s::text::xid8, %(id)s) AND history.xact < ops.settled_position()
ORDER BY history.xact, history.id LIMIT %(limit)s
