-- A rate per day follows from the counts and intervals beside it (telemetry_core/false_alarms.py), as lists show it.
ALTER TABLE ops.calibrations DROP COLUMN false_alarms_per_day;
