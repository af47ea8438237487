-- How far each follower of committed verdicts is.

-- name: relay_cursor
SELECT generation, xact, id, relayed FROM ops.relay_cursors WHERE sink = %(sink)s

-- name: insert_relay_cursor
INSERT INTO ops.relay_cursors (sink) VALUES (%(sink)s) ON CONFLICT (sink) DO NOTHING

-- name: advance_relay_cursor
-- Does nothing if another process has moved the cursor meanwhile.
UPDATE ops.relay_cursors SET
    xact = %(next_xact)s,
    id = %(next_id)s,
    relayed = relayed + %(count)s,
    updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s AND xact = %(xact)s AND id = %(id)s

-- name: restart_relay_cursor
-- Does nothing if another process has already begun the next generation.
UPDATE ops.relay_cursors SET
    generation = generation + 1, xact = 0, id = 0, relayed = 0, updated_at = now() AT TIME ZONE 'UTC'
WHERE sink = %(sink)s AND generation = %(generation)s
