-- The statements of what operators do with alarms, by name.

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

INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT alarm_id, 'acknowledged', %(operator)s, %(key_name)s, %(comment)s, jsonb_build_object(
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

INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT alarm_id, 'reset', %(operator)s, %(key_name)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('reset_at', NULL), 'new', jsonb_build_object('reset_at', reset_at AT TIME ZONE 'UTC')
) FROM changed

-- name: assign
WITH changed AS (
    UPDATE ops.alarms SET assigned_to = %(assigned_to)s, changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    WHERE alarm_id = %(alarm_id)s
    RETURNING alarm_id, assigned_to
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT alarm_id, 'assigned', %(operator)s, %(key_name)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('assigned_to', %(replaces)s), 'new', jsonb_build_object('assigned_to', assigned_to)
) FROM changed

-- name: comment
INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment)
VALUES (%(alarm_id)s, 'commented', %(operator)s, %(key_name)s, %(comment)s)

-- name: give_feedback
-- With what was said of the alarm before.
INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT %(alarm_id)s, 'feedback', %(operator)s, %(key_name)s, %(comment)s, jsonb_build_object(
    'old', jsonb_build_object('feedback', (
        SELECT details -> 'new' -> 'feedback' FROM ops.alarm_events
        WHERE alarm_id = %(alarm_id)s AND event = 'feedback' ORDER BY id DESC LIMIT 1
    )),
    'new', jsonb_build_object('feedback', %(feedback)s::text)
)

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

INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT %(alarm_id)s, %(event)s, %(operator)s, %(key_name)s, %(comment)s,
    jsonb_build_object('old', NULL, 'new', to_jsonb(given))
FROM given

-- name: unsuppress
WITH gone AS (
    DELETE FROM ops.alarm_suppressions
    WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s AND kind = %(kind)s
    RETURNING kind, operator, comment, since AT TIME ZONE 'UTC' AS since, until AT TIME ZONE 'UTC' AS until
)

INSERT INTO ops.alarm_events (alarm_id, event, operator, key_name, comment, details)
SELECT %(alarm_id)s, %(event)s, %(operator)s, %(key_name)s, %(comment)s,
    jsonb_build_object('old', to_jsonb(gone), 'new', NULL)
FROM gone
