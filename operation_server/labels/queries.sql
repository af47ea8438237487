-- The statements of labels, by name.

-- name: labels
-- Those whose telemetry reaches into a range, in time order; of a satellite or of all.
SELECT
    said.satellite_id,
    said.subsystem,
    coalesce(said.channel, '') AS channel,
    said.started_at AS start_time,
    said.last_at AS end_time,
    said.label,
    said.feedback,
    said.kind,
    said.reason,
    said.alarm_id
FROM ops.alarm_feedback AS said
WHERE said.kind IN ('anomaly', 'limit', 'rate', 'change')
    AND (%(satellite_id)s IS NULL OR said.satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR said.last_at >= %(start)s)
    AND (%(end)s IS NULL OR said.started_at <= %(end)s)
ORDER BY said.started_at, said.alarm_id
