-- The statements of silence, by name.

-- name: contacts
-- Of some satellites, or of all: the newest ones, the longest unheard first.
SELECT satellite_id, generated_at, received_at, is_replayed, tracks FROM (
    SELECT * FROM ops.alarm_contacts
    WHERE %(names)s::text [] IS NULL OR satellite_id = ANY (%(names)s)
    ORDER BY received_at DESC LIMIT %(limit)s
) AS newest
ORDER BY received_at

-- name: save_contacts
INSERT INTO ops.alarm_contacts AS kept (
    satellite_id, generated_at, received_at, is_replayed, tracks, patience_s
) VALUES %s
ON CONFLICT (satellite_id) DO UPDATE SET
    generated_at = greatest(kept.generated_at, excluded.generated_at),
    received_at = excluded.received_at,
    is_replayed = excluded.is_replayed,
    tracks = coalesce(excluded.tracks, kept.tracks),
    patience_s = coalesce(excluded.patience_s, kept.patience_s)
WHERE excluded.received_at >= kept.received_at

-- name: forget_contacts
-- All but the newest ones: names may be garbage.
DELETE FROM ops.alarm_contacts WHERE satellite_id IN (
    SELECT satellite_id FROM ops.alarm_contacts ORDER BY received_at DESC OFFSET %(limit)s
)

-- name: standing_silences
SELECT alarm_id, satellite_id, subsystem, channel, started_at FROM ops.alarms
WHERE is_unresolved AND kind = 'stale' AND returned_at IS NULL
