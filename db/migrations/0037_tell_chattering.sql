-- An alarm that comes and goes too often to be acted on chatters, since a violation of it.
ALTER TABLE ops.alarms
    ADD COLUMN activations integer NOT NULL DEFAULT 1,
    ADD COLUMN chattering_since timestamp(6);
COMMENT ON COLUMN ops.alarms.activations IS 'How often a violation came after a sample within the limit, the first one counted';
COMMENT ON COLUMN ops.alarms.chattering_since IS 'Of the violation with which it began to chatter; NULL = it does not';

CREATE OR REPLACE VIEW ops.alarm_states AS
SELECT
    alarm.alarm_id,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.channel,
    alarm.severity,
    alarm.is_latching,
    alarm.started_at,
    alarm.raised_at,
    alarm.last_at,
    alarm.returned_at,
    alarm.noticed_at,
    alarm.is_withdrawn,
    alarm.violations,
    alarm.value,
    alarm.worst_value,
    alarm.limit_value,
    alarm.peak_score,
    alarm.peak_job_id,
    alarm.newest_job_id,
    alarm.acknowledged_at,
    alarm.acknowledged_by,
    alarm.reset_at,
    alarm.assigned_to,
    alarm.changed_at,
    alarm.needs_attention,
    tsrange(
        alarm.started_at,
        CASE WHEN alarm.returned_at IS NOT NULL THEN greatest(alarm.started_at, alarm.returned_at) END,
        '[]'
    ) AS life,
    (alarm.returned_at IS NULL)::integer
    + 2 * (alarm.acknowledged_at IS NOT NULL)::integer
    + 4 * alarm.is_latching::integer
    + 8 * (alarm.reset_at IS NOT NULL)::integer
    + 16 * ((alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
        SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions
        WHERE kind = 'shelved' AND until > now() AT TIME ZONE 'UTC'
    ))::integer
    + 64 * ((alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
        SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions WHERE kind = 'out_of_service'
    ))::integer AS facts,
    alarm.activations,
    alarm.chattering_since
FROM ops.alarms AS alarm;
