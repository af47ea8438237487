-- Satellites that operators retired and took back: who, when and why. The newest row of a satellite is in force. Rows are only
-- ever added, one after another: a larger id was committed later.
CREATE TABLE ops.retirement_changes (
    id           bigserial     PRIMARY KEY,
    at           timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    satellite_id varchar(50)   COLLATE "C" NOT NULL,
    is_retired   boolean       NOT NULL,
    operator     varchar(100)  NOT NULL CHECK (operator <> ''),
    comment      varchar(2000) NOT NULL CHECK (comment <> '')
);
CREATE INDEX idx_retirement_changes_satellite ON ops.retirement_changes (satellite_id, id);
COMMENT ON COLUMN ops.retirement_changes.is_retired IS 'FALSE: it was taken back';
CREATE TRIGGER retirement_changes_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.retirement_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();

CREATE VIEW ops.retirements AS
SELECT
    change.id,
    change.satellite_id,
    change.at AS retired_at,
    change.operator,
    change.comment,
    (
        SELECT later.at FROM ops.retirement_changes AS later
        WHERE later.satellite_id = change.satellite_id AND later.id > change.id ORDER BY later.id LIMIT 1
    ) AS taken_back_at
FROM ops.retirement_changes AS change
WHERE change.is_retired;
COMMENT ON COLUMN ops.retirements.taken_back_at IS 'NULL: it is retired';

-- What is not over, or not dealt with, whether or not it is suppressed; which alarms need attention the view says.
ALTER TABLE ops.alarms RENAME COLUMN needs_attention TO is_unresolved;
ALTER INDEX ops.idx_alarms_attention RENAME TO idx_alarms_unresolved;
DROP INDEX ops.idx_alarms_returned;
CREATE INDEX idx_alarms_unacknowledged ON ops.alarms (satellite_id, subsystem, reason)
WHERE is_unresolved AND acknowledged_at IS NULL;

-- The one definition of what alarms ask of people. An alarm of a retired satellite is out of service.
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
    alarm.is_unresolved AND alarm.acknowledged_at IS NULL
    AND NOT (hidden.is_shelved OR hidden.is_out_of_service) AS needs_attention,
    tsrange(
        alarm.started_at,
        CASE WHEN alarm.returned_at IS NOT NULL THEN greatest(alarm.started_at, alarm.returned_at) END,
        '[]'
    ) AS life,
    (alarm.returned_at IS NULL)::integer
    + 2 * (alarm.acknowledged_at IS NOT NULL)::integer
    + 4 * alarm.is_latching::integer
    + 8 * (alarm.reset_at IS NOT NULL)::integer
    + 16 * hidden.is_shelved::integer
    + 64 * hidden.is_out_of_service::integer AS facts,
    alarm.activations,
    alarm.chattering_since,
    alarm.is_unresolved,
    alarm.is_unresolved AND (alarm.returned_at IS NULL OR (alarm.is_latching AND alarm.reset_at IS NULL)) AS is_open,
    hidden.is_shelved OR hidden.is_out_of_service AS is_suppressed
FROM ops.alarms AS alarm
CROSS JOIN LATERAL (
    SELECT
        (alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
            SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions
            WHERE kind = 'shelved' AND until > now() AT TIME ZONE 'UTC'
        ) AS is_shelved,
        (alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
            SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions WHERE kind = 'out_of_service'
        )
        OR alarm.satellite_id IN (SELECT satellite_id FROM ops.retirements WHERE taken_back_at IS NULL) AS is_out_of_service
) AS hidden;
COMMENT ON COLUMN ops.alarms.is_unresolved IS 'It stands, or is over but not acknowledged or, if latching, not reset';
COMMENT ON COLUMN ops.alarm_states.is_unresolved IS 'As in ops.alarms, suppressed or not';
COMMENT ON COLUMN ops.alarm_states.is_open IS 'It stands or is latched, suppressed or not';
COMMENT ON COLUMN ops.alarm_states.is_suppressed IS 'It is shelved or out of service: it calls nobody';
COMMENT ON COLUMN ops.alarm_states.needs_attention IS 'Unacknowledged, whether it stands or returned, and not suppressed';
