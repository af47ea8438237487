-- Alerts are read by satellite and subsystem, whose order the primary key has; nothing asks for the newest of all.
DROP INDEX ops.idx_anomaly_alerts_last;
