-- The statements of forecasts and of values that were passed over, by name.

-- name: refused_values
SELECT channel, reason, count, last_value, last_at FROM ops.refused_values
WHERE satellite_id = %(satellite_id)s ORDER BY last_at DESC, channel, reason LIMIT %(limit)s

-- name: forecasts
-- Forecasts of one channel of one satellite whose windows end between two generation times, in time order, and the newest
-- one before them: it overlaps them and supersedes all earlier ones. Of more than `ceiling` every n-th is taken.
WITH within AS (
    SELECT
        %(start)s::timestamptz AT TIME ZONE 'UTC' AS first_at,
        %(end)s::timestamptz AT TIME ZONE 'UTC' AS last_at,
        %(oldest)s::timestamptz AT TIME ZONE 'UTC' AS oldest_at
),

before AS (
    SELECT inference.generated_at
    FROM subsystem_inferences AS inference
    WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
        AND inference.generated_at BETWEEN (SELECT oldest_at FROM within) AND (SELECT first_at FROM within)
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND %(channel)s = ANY (inference.input_features)
        AND jsonb_typeof(inference.predictions) = 'array'
    ORDER BY inference.generated_at DESC LIMIT 1
),

found AS (
    SELECT
        inference.predictions,
        array_position(inference.input_features, %(channel)s) - 1 AS place,
        inference.generated_at,
        inference.window_start,
        inference.sample_count,
        inference.input_data -> 'axes' AS axes,
        row_number() OVER (ORDER BY inference.generated_at) - 1 AS ordinal,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
        AND inference.generated_at >= coalesce((SELECT generated_at FROM before), (SELECT first_at FROM within))
        AND inference.generated_at <= (SELECT last_at FROM within)
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND jsonb_typeof(inference.predictions) = 'array'
)

SELECT
    generated_at,
    window_start,
    sample_count,
    axes,
    jsonb_path_query_array(predictions, '$[*][$place]', jsonb_build_object('place', place)) AS predictions
FROM found
WHERE place IS NOT NULL AND sample_count > 1
    AND ordinal %% ceil(total::numeric / %(ceiling)s)::int = 0
ORDER BY ordinal

-- name: subsystem_forecasts
-- Forecasts of all channels of a subsystem whose windows end between two generation times, in time order.
-- Of more than `ceiling` every n-th is taken, counted back from the newest.
WITH found AS (
    SELECT
        inference.id,
        row_number() OVER (ORDER BY inference.generated_at DESC) - 1 AS age,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    WHERE inference.satellite = %(satellite_id)s AND inference.subsystem = %(subsystem)s
        AND inference.generated_at >= (%(start)s::timestamptz AT TIME ZONE 'UTC')
        AND inference.generated_at <= (%(end)s::timestamptz AT TIME ZONE 'UTC')
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND inference.predictions IS NOT NULL
        AND inference.bands IS NOT NULL
        AND inference.sample_count > 1
)

SELECT
    inference.job_id,
    inference.input_features,
    inference.predictions,
    inference.bands,
    inference.generated_at,
    inference.window_start,
    inference.sample_count,
    inference.input_data -> 'axes' AS axes,
    found.total
FROM found
INNER JOIN subsystem_inferences AS inference ON inference.id = found.id
WHERE found.age %% ceil(found.total::numeric / %(ceiling)s)::int = 0
ORDER BY found.age DESC
