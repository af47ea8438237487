-- name: standing_platform_alarms
SELECT alarm_id, subsystem, reason FROM ops.alarms
WHERE needs_attention AND kind = 'platform' AND returned_at IS NULL
