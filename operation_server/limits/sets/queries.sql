-- name: lock_limit_sets
-- One switch after another, whichever satellite it is of: so a larger id is committed later, and readers go by ids.
SELECT pg_advisory_xact_lock(7241505052)

-- name: newest_switch
SELECT version, limit_set, operator, comment, at FROM ops.limit_set_changes
WHERE mission = %(mission)s AND satellite_id = %(satellite_id)s
ORDER BY version DESC LIMIT 1

-- name: is_satellite_known
-- Heard, judged or planned to be heard: a set may be switched before the first contact.
SELECT
    EXISTS (SELECT FROM ops.alarm_contacts WHERE satellite_id = %(satellite_id)s)
    OR EXISTS (SELECT FROM inference_jobs WHERE satellite_id = %(satellite_id)s)
    OR EXISTS (SELECT FROM ops.contact_plans WHERE satellite_id = %(satellite_id)s) AS is_known

-- name: save_switch
INSERT INTO ops.limit_set_changes (mission, satellite_id, version, limit_set, operator, key_name, comment)
VALUES (
    %(mission)s, %(satellite_id)s, %(version)s, %(limit_set)s, %(operator)s, %(key_name)s, %(comment)s
)
RETURNING satellite_id, version, limit_set, operator, comment, at

-- name: switches_before
-- A page of the history, of one satellite or of all, the newest first; each with the set before it.
SELECT
    change.id,
    change.satellite_id,
    change.version,
    change.limit_set AS new,
    coalesce(earlier.limit_set, %(default)s) AS old,
    change.operator,
    change.key_name,
    change.comment,
    change.at
FROM ops.limit_set_changes AS change
LEFT JOIN ops.limit_set_changes AS earlier
    ON earlier.mission = change.mission AND earlier.satellite_id = change.satellite_id
    AND earlier.version = change.version - 1
WHERE change.mission = %(mission)s AND change.id < %(before)s
    AND (%(satellite_id)s::text IS NULL OR change.satellite_id = %(satellite_id)s)
    AND (%(since)s::timestamptz IS NULL OR change.at >= %(since)s::timestamptz AT TIME ZONE 'UTC')
ORDER BY change.id DESC LIMIT %(limit)s
