-- What an alarm may be about: values, their rate and their change, silence, clocks, learned anomalies, forecasts, the platform itself.
ALTER TABLE ops.alarms DROP CONSTRAINT alarms_kind_check;
ALTER TABLE ops.alarms ADD CONSTRAINT alarms_kind_check CHECK (
    kind IN ('limit', 'rate', 'change', 'stale', 'clock', 'anomaly', 'forecast', 'platform')
);
