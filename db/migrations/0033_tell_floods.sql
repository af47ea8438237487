-- A flood is an alarm of its own; what it holds back is journalled, and never sent.
ALTER TABLE ops.alarms DROP CONSTRAINT alarms_kind_check;
ALTER TABLE ops.alarms ADD CONSTRAINT alarms_kind_check CHECK (
    kind IN ('limit', 'rate', 'change', 'stale', 'clock', 'anomaly', 'forecast', 'platform', 'flood')
);
CREATE INDEX idx_alarms_lately ON ops.alarms (satellite_id, noticed_at);

ALTER TABLE ops.notifications DROP CONSTRAINT notifications_state_check;
ALTER TABLE ops.notifications ADD CONSTRAINT notifications_state_check CHECK (
    state IN ('pending', 'delivered', 'cancelled', 'failed', 'held')
);
