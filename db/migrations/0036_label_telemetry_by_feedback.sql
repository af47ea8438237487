-- What operators say alarms were, of each the newest, and what it makes of the telemetry between first and last member: NULL
-- where it says nothing of it. A forecast is about what is to come; silence, clocks, floods and the platform have no values.
CREATE VIEW ops.alarm_feedback AS
SELECT
    said.alarm_id,
    said.feedback,
    said.operator,
    said.comment,
    said.at,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.channel,
    alarm.started_at,
    alarm.last_at,
    alarm.noticed_at,
    alarm.peak_job_id,
    CASE
        WHEN alarm.kind NOT IN ('anomaly', 'limit', 'rate', 'change') THEN NULL
        WHEN said.feedback = 'true_alarm' THEN 'anomalous'
        WHEN said.feedback IN ('false_alarm', 'rare_nominal') THEN 'nominal'
    END AS label
FROM (
    SELECT DISTINCT ON (alarm_id) alarm_id, details -> 'new' ->> 'feedback' AS feedback, operator, comment, at
    FROM ops.alarm_events WHERE event = 'feedback' ORDER BY alarm_id, id DESC
) AS said
INNER JOIN ops.alarms AS alarm ON alarm.alarm_id = said.alarm_id
WHERE NOT alarm.is_withdrawn;
