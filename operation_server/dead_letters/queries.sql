-- The statements of dead letters, by name.

-- name: lock_dead_letter_collection
-- False while another process collects.
SELECT pg_try_advisory_xact_lock(7241505002) AS is_ours

-- name: next_dead_letter_positions
-- The position after the letter collected last, not after the highest: a recreated topic counts from 0 again.
WITH RECURSIVE found AS (
    (SELECT partition FROM ops.dead_letters WHERE source = 'kafka' ORDER BY partition LIMIT 1)
    UNION ALL
    SELECT (
        SELECT letter.partition FROM ops.dead_letters AS letter
        WHERE letter.source = 'kafka' AND letter.partition > found.partition ORDER BY letter.partition LIMIT 1
    )
    FROM found WHERE found.partition IS NOT NULL
)

SELECT found.partition, newest.position + 1 AS position
FROM found
CROSS JOIN LATERAL (
    SELECT letter.position FROM ops.dead_letters AS letter
    WHERE letter.source = 'kafka' AND letter.partition = found.partition ORDER BY letter.id DESC LIMIT 1
) AS newest
WHERE found.partition IS NOT NULL

-- name: insert_dead_letter
-- A letter that RabbitMQ redelivers may exist already, a first delivery never does; its attempt counts the earlier redriven
-- ones.
INSERT INTO ops.dead_letters (
    source, place, partition, position, identity, reason, detail, satellite_id, attempt, refused_at, message_key,
    headers, body, size_bytes, body_sha256, is_cut
)
SELECT
    %(source)s, %(place)s, %(partition)s, %(position)s, %(identity)s, %(reason)s, %(detail)s, %(satellite_id)s,
    1 + coalesce((
        SELECT max(attempt) FROM ops.dead_letters WHERE body_sha256 = %(body_sha256)s AND state = 'redriven'
    ), 0),
    %(refused_at)s, %(message_key)s, %(headers)s, %(body)s, %(size_bytes)s, %(body_sha256)s, %(is_cut)s
WHERE NOT (
    %(is_redelivered)s
    AND EXISTS (SELECT FROM ops.dead_letters WHERE source = 'rabbitmq' AND identity = %(identity)s)
)
ON CONFLICT DO NOTHING

-- name: dead_letter_page
-- Newest first; `id` follows the order of collection.
SELECT
    id, source, place, partition, position, reason, detail, satellite_id, attempt, refused_at, size_bytes, is_cut,
    state, handled_at, handled_by, handled_with_key
FROM ops.dead_letters
WHERE (%(before)s IS NULL OR id < %(before)s)
    AND (%(state)s IS NULL OR state = %(state)s)
    AND (%(source)s IS NULL OR source = %(source)s)
    AND (%(reason)s IS NULL OR reason = %(reason)s)
    AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR refused_at >= %(start)s)
    AND (%(end)s IS NULL OR refused_at <= %(end)s)
ORDER BY id DESC LIMIT %(limit)s

-- name: dead_letter_counts
-- Open letters by source and reason.
SELECT source, reason, count(*) AS count, max(refused_at) AS newest_at
FROM ops.dead_letters WHERE state = 'open'
GROUP BY source, reason ORDER BY count(*) DESC, source, reason

-- name: dead_letter
SELECT * FROM ops.dead_letters WHERE id = %(id)s

-- name: lock_dead_letters
-- Open letters of a selection, oldest first, up to `bytes` in total but at least one; skips those that another process
-- is handling.
SELECT letter.id, letter.source, letter.place, letter.reason, letter.message_key, letter.headers, letter.body
FROM ops.dead_letters AS letter
INNER JOIN (
    SELECT id, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS bytes_before
    FROM ops.dead_letters
    WHERE state = 'open'
        AND NOT (is_cut AND %(whole_only)s)
        AND (%(ids)s IS NULL OR id = ANY (%(ids)s))
        AND (%(source)s IS NULL OR source = %(source)s)
        AND (%(reason)s IS NULL OR reason = %(reason)s)
        AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
) AS chosen ON chosen.id = letter.id
WHERE letter.state = 'open' AND chosen.bytes_before < %(bytes)s
ORDER BY letter.id LIMIT %(limit)s FOR UPDATE OF letter SKIP LOCKED

-- name: count_chosen_dead_letters
SELECT source, reason, is_cut, count(*) AS count
FROM ops.dead_letters
WHERE state = 'open'
    AND (%(ids)s IS NULL OR id = ANY (%(ids)s))
    AND (%(source)s IS NULL OR source = %(source)s)
    AND (%(reason)s IS NULL OR reason = %(reason)s)
    AND (%(satellite_id)s IS NULL OR satellite_id = %(satellite_id)s)
GROUP BY source, reason, is_cut ORDER BY count(*) DESC, source, reason

-- name: handle_dead_letters
UPDATE ops.dead_letters SET state = %(state)s, handled_at = now() AT TIME ZONE 'UTC', handled_by = %(operator)s,
    handled_with_key = %(key_name)s
WHERE id = ANY (%(ids)s)

-- name: expire_dead_letters
DELETE FROM ops.dead_letters WHERE id IN (
    SELECT id FROM ops.dead_letters
    WHERE refused_at < (now() AT TIME ZONE 'UTC') - %(age)s ORDER BY refused_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)
