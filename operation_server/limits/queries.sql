-- name: lock_limit_changes
-- One change after another, whichever rule it is of: so a larger id is committed later, and readers go by ids.
SELECT pg_advisory_xact_lock(7241505053)

-- name: newest_change
SELECT version, fields, operator, comment, at FROM ops.limit_changes
WHERE mission = %(mission)s AND subsystem = %(subsystem)s AND reason = %(reason)s
ORDER BY version DESC LIMIT 1

-- name: save_change
INSERT INTO ops.limit_changes (mission, subsystem, reason, version, fields, operator, key_name, comment)
VALUES (
    %(mission)s, %(subsystem)s, %(reason)s, %(version)s, %(fields)s, %(operator)s, %(key_name)s, %(comment)s
)

-- name: changes_before
-- A page of the history, of one rule or of all, the newest first; each with what differed from the file before it.
SELECT
    change.id,
    change.subsystem,
    change.reason,
    change.version,
    change.fields,
    coalesce(earlier.fields, '{}') AS fields_before,
    change.operator,
    change.key_name,
    change.comment,
    change.at
FROM ops.limit_changes AS change
LEFT JOIN ops.limit_changes AS earlier
    ON earlier.mission = change.mission AND earlier.subsystem = change.subsystem AND earlier.reason = change.reason
    AND earlier.version = change.version - 1
WHERE change.mission = %(mission)s AND change.id < %(before)s
    AND (%(subsystem)s::text IS NULL OR change.subsystem = %(subsystem)s)
    AND (%(reason)s::text IS NULL OR change.reason = %(reason)s)
    AND (%(since)s::timestamptz IS NULL OR change.at >= %(since)s::timestamptz AT TIME ZONE 'UTC')
ORDER BY change.id DESC LIMIT %(limit)s
