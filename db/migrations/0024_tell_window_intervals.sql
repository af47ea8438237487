-- The mean interval of a window in seconds, as its row tells it; NULL of fewer than two samples. Not strict, so that it
-- is expanded where it stands.
CREATE FUNCTION ops.window_interval_s(input_data jsonb) RETURNS double precision LANGUAGE sql STABLE AS $$
    SELECT extract(
        EPOCH FROM (input_data ->> 'window_end')::timestamptz - (input_data ->> 'window_start')::timestamptz
    )::float8 / nullif((input_data ->> 'samples')::float8 - 1, 0)
$$;
