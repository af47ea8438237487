-- name: lock_platform_alarms
-- Of two services one decides at a time.
SELECT pg_advisory_xact_lock(7241505004)

-- name: standing_platform_alarms
SELECT alarm_id, subsystem, reason, started_at FROM ops.alarms
WHERE is_unresolved AND kind = 'platform' AND returned_at IS NULL

-- name: known_since
-- Whether another service has told of it: an alarm of the sign that stood at a time or later.
SELECT EXISTS (
    SELECT FROM ops.alarms
    WHERE satellite_id = %(satellite_id)s AND subsystem = %(subsystem)s AND reason = %(reason)s AND kind = 'platform'
        AND returned_at >= %(since)s
) AS is_known
