-- The statements that all live lines share, by name.

-- name: head
-- Where an ordered reader starts that wants no past events.
SELECT ops.settled_position()::text::bigint AS xact
