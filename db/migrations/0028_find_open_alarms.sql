-- The fleet reads what stands or is latched, and counts what returned unacknowledged, however many of these there are.
CREATE INDEX idx_alarms_open ON ops.alarms (satellite_id)
WHERE needs_attention AND (returned_at IS NULL OR (is_latching AND reset_at IS NULL));
CREATE INDEX idx_alarms_returned ON ops.alarms (satellite_id, subsystem, reason)
WHERE needs_attention AND returned_at IS NOT NULL AND NOT (is_latching AND reset_at IS NULL);

-- Live views follow acknowledgements among all events.
CREATE INDEX idx_alarm_events_acknowledged ON ops.alarm_events (xact, id) WHERE event = 'acknowledged';
