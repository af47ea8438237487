-- name: newest_plan_change
SELECT id FROM ops.contact_plan_changes ORDER BY id DESC LIMIT 1

-- name: planned_satellites
SELECT satellite_id FROM ops.contact_plans

-- name: covered_spans
-- What of a span of time the plans cover, by satellite.
SELECT plan.satellite_id, lower(span) AS start_at, upper(span) AS end_at
FROM ops.contact_plans AS plan
CROSS JOIN LATERAL unnest(plan.covered) AS span
WHERE span && tsrange(%(start)s, %(end)s)

-- name: planned_passes
-- Those that lie in a span of time at least in part: none is longer than a day.
SELECT satellite_id, ground_station, start_at, end_at, planned_at FROM ops.passes
WHERE start_at > %(start)s::timestamp - interval '1 day' AND start_at < %(end)s::timestamp AND end_at > %(start)s::timestamp

-- name: note_heard
-- When satellites were heard in their passes; what is known of earlier and later stays.
WITH heard AS (
    SELECT pass.id,
        min(greatest(span.first_at, pass.start_at)) AS first_at,
        max(least(span.last_at, pass.end_at)) AS last_at
    FROM unnest(%(satellites)s::text [], %(firsts)s::timestamp [], %(lasts)s::timestamp [])
        AS span (satellite_id, first_at, last_at)
    INNER JOIN ops.passes AS pass
        ON pass.satellite_id = span.satellite_id
        AND pass.start_at <= span.last_at AND pass.end_at >= span.first_at
        AND pass.start_at > span.first_at - interval '1 day'
    GROUP BY pass.id
)

UPDATE ops.passes AS pass SET
    first_heard_at = least(pass.first_heard_at, heard.first_at),
    last_heard_at = greatest(pass.last_heard_at, heard.last_at)
FROM heard
WHERE pass.id = heard.id
    AND (pass.first_heard_at IS NULL OR pass.first_heard_at > heard.first_at OR pass.last_heard_at < heard.last_at)
