-- name: known_alarms
-- Which of some alarms the platform raised.
SELECT alarm_id FROM ops.alarms WHERE alarm_id = ANY(%(alarm_ids)s) AND NOT is_withdrawn

-- name: called_alarms
-- Alarms of a rule that began within a span, with what operators said of them last.
SELECT said.alarm_id, said.satellite_id, said.started_at, alarm.returned_at, alarm.worst_value, said.feedback
FROM ops.alarm_feedback AS said
INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = said.alarm_id
WHERE said.satellite_id = ANY(%(satellites)s) AND said.subsystem = %(subsystem)s AND said.reason = %(reason)s
    AND said.started_at >= %(start)s AND said.started_at < %(end)s
ORDER BY said.started_at, said.alarm_id
