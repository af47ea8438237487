-- name: changes_since
-- The newest change of each rule that was changed since; ids follow the order of commits.
SELECT DISTINCT ON (subsystem, reason) id, subsystem, reason, version, fields, operator, comment, at
FROM ops.limit_changes
WHERE mission = %(mission)s AND id > %(known)s
ORDER BY subsystem, reason, version DESC

-- name: switches_since
-- The newest switch of each satellite whose limit set was switched since; ids follow the order of commits.
SELECT DISTINCT ON (satellite_id) id, satellite_id, version, limit_set, operator, comment, at
FROM ops.limit_set_changes
WHERE mission = %(mission)s AND id > %(known)s
ORDER BY satellite_id, version DESC
