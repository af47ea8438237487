-- name: known_alarms
-- Which of some alarms the platform raised.
SELECT alarm_id FROM ops.alarms WHERE alarm_id = ANY(%(alarm_ids)s) AND NOT is_withdrawn

-- name: called_alarms
-- Alarms of a rule that began within a span, with what operators said of them last.
SELECT said.alarm_id, said.satellite_id, said.started_at, alarm.returned_at, coalesce(alarm.worst_value, alarm.peak_score) AS worst_value, said.feedback
FROM ops.alarm_feedback AS said
INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = said.alarm_id
WHERE said.satellite_id = ANY(%(satellites)s) AND said.subsystem = %(subsystem)s AND said.reason = %(reason)s
    AND said.started_at >= %(start)s AND said.started_at < %(end)s
ORDER BY said.started_at, said.alarm_id

-- name: judged_satellites
-- Those of which a subsystem's newest verdict is not older than a time.
SELECT satellite_id FROM ops.alert_heads
WHERE subsystem = %(subsystem)s AND greatest(folded_at, target_at) >= %(start)s
ORDER BY satellite_id

-- name: scores_between
-- Live verdicts of one satellite and subsystem in generation-time order, but for those that failed.
SELECT inference.generated_at, inference.verdict, inference.anomaly_score
FROM subsystem_inferences AS inference
WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
    AND inference.generated_at > %(after)s AND inference.generated_at < %(end)s
    AND inference.verdict IS NOT NULL
    AND (
        SELECT TRUE FROM ops.live_jobs AS job
        WHERE job.satellite_id = %(satellite_id)s AND job.job_id = inference.job_id
    )
ORDER BY inference.generated_at LIMIT %(limit)s
