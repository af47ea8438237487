-- A verdict on telemetry that no calibration covers is `learning`: a forecast without a score. The check is added
-- without a look at the rows, so that it holds the table for a moment only; the next migration looks.
ALTER TABLE subsystem_inferences
DROP CONSTRAINT subsystem_inferences_verdict_check,
ADD CONSTRAINT subsystem_inferences_verdict_check
CHECK (verdict IN ('nominal', 'anomalous', 'warming_up', 'learning')) NOT VALID;
COMMENT ON COLUMN subsystem_inferences.anomaly_detected
IS 'NULL while warming up, learning or failed: unknown is not nominal';
