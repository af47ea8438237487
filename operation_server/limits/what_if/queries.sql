-- name: known_alarms
-- Which of some alarms the platform raised.
SELECT alarm_id FROM ops.alarms WHERE alarm_id = ANY(%(alarm_ids)s) AND NOT is_withdrawn

-- name: called_alarms
-- Alarms of a rule that began within a span, with what operators said of them last.
SELECT alarm.alarm_id, alarm.satellite_id, alarm.started_at, alarm.returned_at, alarm.worst_value, said.feedback
FROM ops.alarms AS alarm
CROSS JOIN LATERAL (
    SELECT event.details -> 'new' ->> 'feedback' AS feedback FROM ops.alarm_events AS event
    WHERE event.alarm_id = alarm.alarm_id AND event.event = 'feedback' ORDER BY event.id DESC LIMIT 1
) AS said
WHERE alarm.satellite_id = ANY(%(satellites)s) AND alarm.subsystem = %(subsystem)s AND alarm.reason = %(reason)s
    AND alarm.started_at >= %(start)s AND alarm.started_at < %(end)s AND NOT alarm.is_withdrawn
ORDER BY alarm.started_at, alarm.alarm_id
