-- name: lock_contact_plans
-- One change after another: so a larger id is committed later, and readers go by ids.
SELECT pg_advisory_xact_lock(7241505057)

-- name: take_passes
-- Of some satellites, those that begin in a range.
DELETE FROM ops.passes
WHERE satellite_id = ANY (%(satellites)s) AND start_at >= %(start)s AND start_at < %(end)s
RETURNING satellite_id, start_at, end_at, planned_at, first_heard_at, last_heard_at

-- name: save_passes
INSERT INTO ops.passes (
    satellite_id, ground_station, start_at, end_at, planned_at, first_heard_at, last_heard_at
)
SELECT satellite_id, ground_station, start_at, end_at,
    coalesce(planned_at, clock_timestamp() AT TIME ZONE 'UTC'), first_heard_at, last_heard_at
FROM unnest(
    %(names)s::text [], %(stations)s::text [], %(starts)s::timestamp [], %(ends)s::timestamp [],
    %(planned)s::timestamp [], %(firsts)s::timestamp [], %(lasts)s::timestamp []
) AS planned (satellite_id, ground_station, start_at, end_at, planned_at, first_heard_at, last_heard_at)

-- name: cover
INSERT INTO ops.contact_plans AS kept (satellite_id, covered)
SELECT satellite_id, tsmultirange(tsrange(%(start)s, %(end)s)) FROM unnest(%(satellites)s::text []) AS satellite_id
ON CONFLICT (satellite_id) DO UPDATE SET covered = kept.covered + excluded.covered

-- name: uncover
-- One whose plan would be empty has none.
WITH ended AS (
    DELETE FROM ops.contact_plans
    WHERE satellite_id = ANY (%(satellites)s) AND covered <@ tsmultirange(tsrange(%(start)s, %(end)s))
    RETURNING satellite_id
)

UPDATE ops.contact_plans SET covered = covered - tsmultirange(tsrange(%(start)s, %(end)s))
WHERE satellite_id = ANY (%(satellites)s) AND satellite_id NOT IN (SELECT satellite_id FROM ended)

-- name: note_plan_change
INSERT INTO ops.contact_plan_changes (operator, satellite_id, start_at, end_at, passes)
SELECT %(operator)s, satellite_id, %(start)s, %(end)s, passes
FROM unnest(%(satellites)s::text [], %(counts)s::integer []) AS changed (satellite_id, passes)

-- name: plan_changes_before
-- A page of who changed plans, the newest first.
SELECT id, at, operator, satellite_id, start_at AS start_time, end_at AS end_time, passes FROM ops.contact_plan_changes
WHERE id < %(before)s AND (%(satellite_id)s::text IS NULL OR satellite_id = %(satellite_id)s)
ORDER BY id DESC LIMIT %(limit)s

-- name: passes_within
-- A page of passes that lie in a range at least in part, earliest begin first. None is longer than a day.
SELECT id, satellite_id, ground_station, start_at, end_at, planned_at, first_heard_at, last_heard_at FROM ops.passes
WHERE start_at > %(start)s::timestamp - interval '1 day' AND start_at <= %(end)s::timestamp AND end_at >= %(start)s::timestamp
    AND (%(satellite_id)s::text IS NULL OR satellite_id = %(satellite_id)s)
    AND (%(after_start)s::timestamp IS NULL OR (start_at, id) > (%(after_start)s::timestamp, %(after_id)s::bigint))
ORDER BY start_at, id LIMIT %(limit)s

-- name: newest_passes
-- Of each of some satellites, its newest passes that have begun.
SELECT wanted.satellite_id, pass.start_at, pass.end_at FROM unnest(%(satellites)s::text []) AS wanted (satellite_id)
CROSS JOIN LATERAL (
    SELECT start_at, end_at FROM ops.passes
    WHERE satellite_id = wanted.satellite_id AND start_at <= %(now)s::timestamp
    ORDER BY start_at DESC LIMIT %(limit)s
) AS pass

-- name: contact_plans
-- Of each satellite with a plan: until when it says something, the pass that runs and lasts longest, and the next one.
SELECT
    plan.satellite_id,
    upper(plan.covered) AS covered_until,
    plan.covered @> %(now)s::timestamp AS is_covered,
    running.start_at AS running_start, running.end_at AS running_end, running.ground_station AS running_station,
    following.start_at AS next_start, following.end_at AS next_end, following.ground_station AS next_station
FROM ops.contact_plans AS plan
LEFT JOIN LATERAL (
    SELECT * FROM ops.passes AS pass
    WHERE pass.satellite_id = plan.satellite_id AND pass.start_at <= %(now)s::timestamp
        AND pass.start_at > %(now)s::timestamp - interval '1 day' AND pass.end_at > %(now)s::timestamp
    ORDER BY pass.end_at DESC LIMIT 1
) AS running ON TRUE
LEFT JOIN LATERAL (
    SELECT * FROM ops.passes AS pass
    WHERE pass.satellite_id = plan.satellite_id AND pass.start_at > %(now)s::timestamp
    ORDER BY pass.start_at, pass.id LIMIT 1
) AS following ON TRUE
