-- name: tracks
SELECT satellite_id, subsystem, reason, revision, track FROM ops.alarm_tracks

-- name: tracks_of
SELECT kept.satellite_id, kept.subsystem, kept.reason, kept.revision, kept.track FROM ops.alarm_tracks AS kept
INNER JOIN unnest(%(satellites)s::text [], %(subsystems)s::text [], %(reasons)s::text [])
    AS wanted (satellite_id, subsystem, reason)
    ON kept.satellite_id = wanted.satellite_id AND kept.subsystem = wanted.subsystem AND kept.reason = wanted.reason

-- name: end_alarms_without_rule
-- Alarms of what the limits of their satellite no longer have, or that is about a value no more or only now, end with
-- their last violation, and their tracks go.
WITH gone AS (
    DELETE FROM ops.alarm_tracks
    WHERE (coalesce(%(used)s::jsonb ->> satellite_id, %(default)s), subsystem, reason, track ? 'points') NOT IN (
        SELECT * FROM unnest(%(sets)s::text [], %(subsystems)s::text [], %(reasons)s::text [], %(are_delta)s::boolean [])
    )
    RETURNING satellite_id, subsystem, reason
),

ended AS (
    UPDATE ops.alarms AS alarm SET
        returned_at = alarm.last_at,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM gone
    WHERE alarm.satellite_id = gone.satellite_id AND alarm.subsystem = gone.subsystem AND alarm.reason = gone.reason
        AND alarm.kind IN ('limit', 'rate', 'change', 'forecast') AND alarm.returned_at IS NULL
    RETURNING alarm.alarm_id, alarm.last_at
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at, details)
SELECT alarm_id, 'returned', last_at, '{"cause": "rule_removed"}'::jsonb FROM ended

-- name: save_tracks
-- Nothing where another service has changed the track since: then it is not returned.
INSERT INTO ops.alarm_tracks AS kept (satellite_id, subsystem, reason, revision, track) VALUES %s
ON CONFLICT (satellite_id, subsystem, reason) DO UPDATE SET
    revision = excluded.revision,
    track = excluded.track,
    updated_at = clock_timestamp() AT TIME ZONE 'UTC'
WHERE kept.revision = excluded.revision - 1
RETURNING satellite_id, subsystem, reason

-- name: save_alarms
-- What operators did to an alarm stays; one that stands again is to be reset again. Of a limit that was moved beyond the
-- worst value meanwhile, the one that was broken stays.
INSERT INTO ops.alarms AS kept (
    alarm_id, satellite_id, subsystem, reason, kind, channel, severity, is_latching, started_at, raised_at, last_at,
    returned_at, is_withdrawn, violations, activations, chattering_since, value, worst_value, limit_value
) VALUES %s
ON CONFLICT (alarm_id) DO UPDATE SET
    started_at = excluded.started_at,
    raised_at = excluded.raised_at,
    last_at = excluded.last_at,
    returned_at = excluded.returned_at,
    is_withdrawn = excluded.is_withdrawn,
    violations = excluded.violations,
    activations = excluded.activations,
    chattering_since = excluded.chattering_since,
    value = excluded.value,
    worst_value = excluded.worst_value,
    limit_value = coalesce(excluded.limit_value, kept.limit_value),
    reset_at = CASE WHEN excluded.returned_at IS NOT NULL THEN kept.reset_at END,
    changed_at = clock_timestamp() AT TIME ZONE 'UTC'

-- name: told
-- What telemetry and verdicts did to some alarms, in its order.
SELECT alarm_id, event, member_at FROM ops.alarm_events
WHERE alarm_id = ANY (%(alarm_ids)s) AND operator IS NULL AND event = ANY (%(events)s)
ORDER BY id

-- name: save_events
INSERT INTO ops.alarm_events (alarm_id, event, member_at, details) VALUES %s

-- name: contradictions
-- Satellites whose clock was set back within `patience`, as the trigger found it.
SELECT satellite_id, value, first_at, last_at FROM ops.wrong_clocks
WHERE subsystem = 'timestamp' AND reason = 'conflicting_duplicate' AND last_at > (now() AT TIME ZONE 'UTC') - %(patience)s::interval

-- name: expire_shelves
-- Shelved alarms whose time is over come back; those that are not resolved have it in their history.
WITH expired AS (
    DELETE FROM ops.alarm_suppressions AS shelf
    WHERE shelf.kind = 'shelved' AND shelf.until <= clock_timestamp() AT TIME ZONE 'UTC'
    RETURNING shelf.satellite_id, shelf.subsystem, shelf.reason, shelf.until
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at)
SELECT alarm.alarm_id, 'expired', expired.until FROM expired
INNER JOIN ops.alarms AS alarm
    ON alarm.satellite_id = expired.satellite_id AND alarm.subsystem = expired.subsystem
    AND alarm.reason = expired.reason AND alarm.is_unresolved

-- name: raise_alarms
-- One that another service has raised, and perhaps ended, stays as it is.
INSERT INTO ops.alarms (
    alarm_id, satellite_id, subsystem, reason, kind, channel, severity, started_at, raised_at, last_at
) VALUES %s
ON CONFLICT (alarm_id) DO NOTHING

-- name: end_alarms
WITH returned AS (
    UPDATE ops.alarms AS alarm SET
        returned_at = ended.returned_at,
        changed_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM unnest(%(alarm_ids)s::text [], %(returned)s::timestamp []) AS ended (alarm_id, returned_at)
    WHERE alarm.alarm_id = ended.alarm_id AND alarm.returned_at IS NULL
    RETURNING alarm.alarm_id, alarm.returned_at
)

INSERT INTO ops.alarm_events (alarm_id, event, member_at) SELECT alarm_id, 'returned', returned_at FROM returned
