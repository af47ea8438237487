-- The statements of forecasts and of values that were passed over, by name.

-- name: refused_values
SELECT channel, reason, count, last_value, last_at FROM ops.refused_values
WHERE satellite_id = %(satellite_id)s ORDER BY last_at DESC, channel, reason LIMIT %(limit)s

-- name: forecasts
-- Forecasts of one channel of one satellite whose windows end between two generation times, in time order, and the newest
-- one before them: it overlaps them and supersedes all earlier ones. The ids of telemetry jobs end in that time. Of more than
-- `ceiling` every n-th is taken.
WITH before AS (
    SELECT inference.job_id
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN %(oldest_job_id)s AND %(first_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND job.satellite_id = %(satellite_id)s
        AND %(channel)s = ANY (inference.input_features)
        AND jsonb_typeof(inference.predictions) = 'array'
    ORDER BY inference.job_id DESC LIMIT 1
),

found AS (
    SELECT
        inference.predictions,
        array_position(inference.input_features, %(channel)s) - 1 AS place,
        inference.input_data ->> 'window_start' AS window_start,
        inference.input_data ->> 'window_end' AS window_end,
        (inference.input_data ->> 'samples')::int AS samples,
        inference.input_data -> 'axes' AS axes,
        row_number() OVER (ORDER BY inference.job_id) - 1 AS ordinal,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN coalesce((SELECT job_id FROM before), %(first_job_id)s) AND %(last_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND job.satellite_id = %(satellite_id)s
        AND jsonb_typeof(inference.predictions) = 'array'
        AND jsonb_typeof(inference.input_data -> 'samples') = 'number'
)

SELECT
    window_start,
    window_end,
    samples,
    axes,
    jsonb_path_query_array(predictions, '$[*][$place]', jsonb_build_object('place', place)) AS predictions
FROM found
WHERE place IS NOT NULL AND samples > 1
    AND ordinal %% ceil(total::numeric / %(ceiling)s)::int = 0
ORDER BY ordinal

-- name: subsystem_forecasts
-- Forecasts of all channels of a subsystem whose windows end between two generation times, in time order.
-- Of more than `ceiling` every n-th is taken, counted back from the newest.
WITH found AS (
    SELECT
        inference.id,
        inference.job_id,
        row_number() OVER (ORDER BY inference.job_id DESC) - 1 AS age,
        count(*) OVER () AS total
    FROM subsystem_inferences AS inference
    INNER JOIN inference_jobs AS job ON job.job_id = inference.job_id
    WHERE inference.job_id BETWEEN %(first_job_id)s AND %(last_job_id)s
        AND inference.subsystem = %(subsystem)s
        AND inference.model_name = %(model_name)s
        AND inference.status = 'completed'
        AND inference.predictions IS NOT NULL
        AND inference.bands IS NOT NULL
        AND (inference.input_data ->> 'samples')::int > 1
        AND job.satellite_id = %(satellite_id)s
        AND job.source = 'kafka_auto_trigger'
)

SELECT
    inference.job_id,
    inference.input_features,
    inference.predictions,
    inference.bands,
    inference.input_data ->> 'window_start' AS window_start,
    inference.input_data ->> 'window_end' AS window_end,
    (inference.input_data ->> 'samples')::int AS samples,
    inference.input_data -> 'axes' AS axes,
    found.total
FROM found
INNER JOIN subsystem_inferences AS inference ON inference.id = found.id
WHERE found.age %% ceil(found.total::numeric / %(ceiling)s)::int = 0
ORDER BY found.age DESC
