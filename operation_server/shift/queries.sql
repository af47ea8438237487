-- The statements of the shift, by name. A flood stands for alarms that are counted already.

-- name: entries
-- The newest first, each with the entry that corrects it.
SELECT entry.id, entry.at, entry.operator, entry.text, entry.satellite_id, entry.alarm_id, entry.corrects,
    correction.id AS corrected_by
FROM ops.shift_entries AS entry
LEFT JOIN ops.shift_entries AS correction ON correction.corrects = entry.id
WHERE (%(before)s IS NULL OR entry.id < %(before)s)
    AND (%(entry_id)s IS NULL OR entry.id = %(entry_id)s)
    AND (%(corrects)s IS NULL OR entry.corrects = %(corrects)s)
    AND (%(satellite_id)s IS NULL OR entry.satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR entry.at >= %(start)s)
    AND (%(end)s IS NULL OR entry.at <= %(end)s)
ORDER BY entry.id DESC LIMIT %(limit)s

-- name: add_entry
-- Of two corrections of one entry at once the second one adds nothing.
INSERT INTO ops.shift_entries (operator, text, satellite_id, alarm_id, corrects)
VALUES (%(operator)s, %(text)s, %(satellite_id)s, %(alarm_id)s, %(corrects)s)
ON CONFLICT (corrects) DO NOTHING
RETURNING id

-- name: raised_per_interval
-- How many alarms were raised in each interval that has any, counted from the start.
SELECT floor(extract(EPOCH FROM noticed_at - %(start)s) / %(interval_s)s)::integer AS place, count(*) AS count
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY place

-- name: raised_by_severity
-- With the seconds until they were acknowledged, of those that were: median and 90 %%. The row without severity is of all.
SELECT severity, kind, count(*) AS count, count(acknowledged_at) AS acknowledged,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
        ORDER BY greatest(0, extract(EPOCH FROM acknowledged_at - noticed_at))
    ) FILTER (WHERE acknowledged_at IS NOT NULL) AS waits_s
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY GROUPING SETS ((), (severity, kind))
ORDER BY count DESC, severity, kind

-- name: most_frequent
SELECT satellite_id, subsystem, reason, kind, count(*) AS count
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY satellite_id, subsystem, reason, kind
ORDER BY count DESC, satellite_id, subsystem, reason, kind LIMIT %(limit)s

-- name: standing
-- What stood at the end and calls somebody, and how much of it stood for so long that nobody looks any more.
SELECT count(*) AS standing, count(*) FILTER (WHERE noticed_at < %(stale_before)s) AS stale FROM ops.alarm_states
WHERE life @> (%(end)s::timestamptz AT TIME ZONE 'UTC') AND NOT is_withdrawn AND noticed_at < %(end)s
    AND facts = ANY (%(codes)s) AND kind <> 'flood'

-- name: feedback_by_rule
-- Of the alarms raised in the span: what operators said of them, of each the newest.
SELECT alarm.subsystem, alarm.reason,
    count(*) FILTER (WHERE said.feedback = 'true_alarm') AS true_alarm,
    count(*) FILTER (WHERE said.feedback = 'false_alarm') AS false_alarm,
    count(*) FILTER (WHERE said.feedback = 'known') AS known
FROM (
    SELECT DISTINCT ON (alarm_id) alarm_id, details -> 'new' ->> 'feedback' AS feedback FROM ops.alarm_events
    WHERE event = 'feedback' ORDER BY alarm_id, id DESC
) AS said
INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = said.alarm_id
WHERE alarm.noticed_at >= %(start)s AND alarm.noticed_at < %(end)s AND NOT alarm.is_withdrawn
GROUP BY alarm.subsystem, alarm.reason
ORDER BY false_alarm DESC, count(*) DESC, alarm.subsystem, alarm.reason LIMIT %(limit)s
