-- Alerts of the anomaly score are alarms: alarm_server folds verdicts into ops.alarms, where the verdict relay had kept
-- ops.anomaly_alerts. Acknowledgements that name a moment within an alert go with it; the cursor and the states of the rule stay.
-- The collations are those of the acknowledgements' index.
ANALYZE ops.anomaly_alerts, ops.alert_acknowledgements;
INSERT INTO ops.alarms (
    alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at, returned_at, noticed_at,
    violations, peak_score, peak_job_id, newest_job_id, acknowledged_at, acknowledged_by
)
SELECT
    alert.subsystem || '.anomaly.' || floor(extract(EPOCH FROM alert.started_at) * 1000)::bigint || '.' || alert.satellite_id,
    alert.satellite_id,
    alert.subsystem,
    'anomaly',
    'anomaly',
    'distress',
    alert.started_at,
    alert.raised_at,
    alert.last_at,
    alert.ended_at,
    alert.raised_at,
    alert.verdict_count,
    alert.peak_score,
    alert.peak_job_id,
    alert.newest_job_id,
    earliest.acknowledged_at,
    earliest.operator
FROM ops.anomaly_alerts AS alert
LEFT JOIN LATERAL (
    SELECT given.acknowledged_at, given.operator FROM ops.alert_acknowledgements AS given
    WHERE given.satellite_id = alert.satellite_id COLLATE "default" AND given.subsystem = alert.subsystem COLLATE "default"
        AND given.reason = 'anomaly'
        AND given.generated_at BETWEEN alert.started_at - interval '1 ms' AND alert.last_at + interval '1 ms'
    ORDER BY given.acknowledged_at, given.id LIMIT 1
) AS earliest ON TRUE;

INSERT INTO ops.alarm_events (alarm_id, event, at, member_at, operator, comment, details)
SELECT moved.alarm_id, moved.event, moved.at, moved.member_at, moved.operator, moved.comment, moved.details FROM (
    SELECT
        alarm_id, 'raised' AS event, noticed_at AS at, raised_at AS member_at, NULL AS operator, NULL AS comment,
        jsonb_build_object('peak_score', peak_score) AS details
    FROM ops.alarms WHERE kind = 'anomaly'
    UNION ALL
    SELECT alarm_id, 'returned', returned_at, returned_at, NULL, NULL, jsonb_build_object('peak_score', peak_score)
    FROM ops.alarms WHERE kind = 'anomaly' AND returned_at IS NOT NULL
    UNION ALL
    SELECT
        alarm.alarm_id, 'acknowledged', given.acknowledged_at, NULL, given.operator, given.comment,
        jsonb_build_object(
            'old', jsonb_build_object('acknowledged_by', NULL), 'new', jsonb_build_object('acknowledged_by', given.operator)
        )
    FROM ops.alarms AS alarm
    CROSS JOIN LATERAL (
        SELECT * FROM ops.alert_acknowledgements
        WHERE satellite_id = alarm.satellite_id COLLATE "default" AND subsystem = alarm.subsystem COLLATE "default"
            AND reason = 'anomaly'
            AND generated_at BETWEEN alarm.started_at - interval '1 ms' AND alarm.last_at + interval '1 ms'
        OFFSET 0
    ) AS given
    WHERE alarm.kind = 'anomaly'
) AS moved
ORDER BY moved.at, moved.alarm_id;

DROP TABLE ops.anomaly_alerts;
-- As it was read: what stands and what is over, without what was withdrawn.
CREATE VIEW ops.anomaly_alerts AS
SELECT
    satellite_id,
    subsystem,
    started_at,
    raised_at,
    last_at,
    returned_at AS ended_at,
    violations AS verdict_count,
    peak_score,
    peak_job_id,
    newest_job_id
FROM ops.alarms
WHERE kind = 'anomaly' AND reason = 'anomaly' AND NOT is_withdrawn;

CREATE INDEX idx_alarms_standing ON ops.alarms (satellite_id, subsystem, reason) WHERE returned_at IS NULL;

-- A TRUNCATE of the verdicts names no rows: what is made of them is made anew, and anomalies go with their history.
CREATE OR REPLACE FUNCTION ops.restart_search() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE ops.relay_cursors SET generation = generation + 1, xact = 0, id = 0, relayed = 0
    WHERE sink IN ('search', 'alerts');
    DELETE FROM ops.alarm_events WHERE alarm_id IN (SELECT alarm_id FROM ops.alarms WHERE kind = 'anomaly');
    DELETE FROM ops.alarms WHERE kind = 'anomaly';
    RETURN NULL;
END
$$;
