-- name: lock_limit_changes
-- One change after another, whichever rule it is of: so a larger id is committed later, and readers go by ids.
SELECT pg_advisory_xact_lock(7241505053)

-- name: newest_change
SELECT version, fields, operator, comment, at FROM ops.limit_changes
WHERE mission = %(mission)s AND subsystem = %(subsystem)s AND reason = %(reason)s
ORDER BY version DESC LIMIT 1

-- name: save_change
INSERT INTO ops.limit_changes (mission, subsystem, reason, version, fields, operator, comment)
VALUES (%(mission)s, %(subsystem)s, %(reason)s, %(version)s, %(fields)s, %(operator)s, %(comment)s)

-- name: changes_before
-- A page of the history, of one rule or of all, the newest first.
SELECT id, subsystem, reason, version, fields, operator, comment, at FROM ops.limit_changes
WHERE mission = %(mission)s AND id < %(before)s
    AND (%(subsystem)s::text IS NULL OR subsystem = %(subsystem)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY id DESC LIMIT %(limit)s
