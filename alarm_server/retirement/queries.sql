-- name: newest_retirement_change
SELECT id FROM ops.retirement_changes ORDER BY id DESC LIMIT 1

-- name: newest_retirements
-- Of each satellite that ever was retired.
SELECT DISTINCT ON (satellite_id) satellite_id, taken_back_at FROM ops.retirements ORDER BY satellite_id, id DESC

-- name: end_retired
-- What stands since before a satellite was taken back ends with its last violation, and its tracks go; of some satellites all
-- tracks, with what they raised. Alarms are locked in the order of their ids, as by operators.
WITH newest AS (
    SELECT DISTINCT ON (satellite_id)
        satellite_id,
        coalesce(taken_back_at, 'infinity') AS until,
        satellite_id = ANY (%(satellites)s::text []) AS is_anew
    FROM ops.retirements ORDER BY satellite_id, id DESC
),

gone AS (
    DELETE FROM ops.alarm_tracks AS track USING newest
    WHERE track.satellite_id = newest.satellite_id AND (newest.is_anew OR track.updated_at < newest.until)
),

standing AS (
    SELECT alarm.alarm_id FROM ops.alarms AS alarm
    INNER JOIN newest
        ON newest.satellite_id = alarm.satellite_id
        AND (alarm.noticed_at < newest.until OR (newest.is_anew AND alarm.kind <> 'anomaly'))
    WHERE alarm.is_unresolved AND alarm.returned_at IS NULL
    ORDER BY alarm.alarm_id FOR UPDATE OF alarm
),

ended AS (
    UPDATE ops.alarms AS alarm SET
        returned_at = alarm.last_at,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM standing
    WHERE alarm.alarm_id = standing.alarm_id
    RETURNING alarm.alarm_id, alarm.last_at
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at, details)
SELECT alarm_id, 'returned', last_at, '{"cause": "satellite_retired"}'::jsonb FROM ended
ON CONFLICT DO NOTHING

-- name: end_runs_of_retired
-- Anomalous verdicts of before belong to no run of after.
UPDATE ops.alert_heads SET run = NULL
WHERE run IS NOT NULL AND satellite_id IN (SELECT satellite_id FROM ops.retirements WHERE taken_back_at IS NULL)
