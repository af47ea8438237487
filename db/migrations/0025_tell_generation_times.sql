-- What a verdict on telemetry is about, in columns: of which satellite, the time of the sample that it judges, and the
-- window that ends with it. Rows of posted series tell no times. The table is written anew once, with the columns filled, which
-- costs half of an UPDATE and leaves no dead rows behind.
ALTER TABLE subsystem_inferences ADD COLUMN satellite varchar(50);
ALTER TABLE subsystem_inferences ADD COLUMN generated_at timestamp(6);
ALTER TABLE subsystem_inferences ADD COLUMN window_start timestamp(6);
ALTER TABLE subsystem_inferences ADD COLUMN sample_count integer;
COMMENT ON COLUMN subsystem_inferences.generated_at IS 'Time of the sample that is judged, which ends its window, UTC; NULL = a posted series';
COMMENT ON COLUMN subsystem_inferences.created_at IS 'When the job was dispatched';

-- Each of the first two was a second index over the same rows; the third one takes the name that the manual lists.
DROP INDEX idx_inference_job_id;
DROP INDEX idx_subsys_job;
ALTER TABLE subsystem_inferences RENAME CONSTRAINT subsystem_inferences_job_id_subsystem_key TO idx_subsys_job;
-- What they found is found by satellite.
DROP INDEX idx_subsys_anomalous_job;
DROP INDEX idx_subsys_quiet_job;

CREATE FUNCTION pg_temp.satellite_of(wanted text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT satellite_id FROM public.inference_jobs WHERE job_id = wanted
$$;
CREATE FUNCTION pg_temp.time_of(input_data jsonb, name text) RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(input_data -> 'window_end') = 'string' THEN (input_data ->> name)::timestamptz AT TIME ZONE 'UTC'
    END
$$;
ALTER TABLE subsystem_inferences
ALTER COLUMN satellite TYPE varchar(50) USING pg_temp.satellite_of(job_id),
ALTER COLUMN satellite SET NOT NULL,
ALTER COLUMN generated_at TYPE timestamp(6) USING pg_temp.time_of(input_data, 'window_end'),
ALTER COLUMN window_start TYPE timestamp(6) USING pg_temp.time_of(input_data, 'window_start'),
ALTER COLUMN sample_count TYPE integer USING CASE
    WHEN jsonb_typeof(input_data -> 'window_end') = 'string' THEN (input_data ->> 'samples')::integer
END,
ADD CONSTRAINT subsystem_inferences_window_check CHECK (num_nulls(generated_at, window_start, sample_count) IN (0, 3));

CREATE INDEX idx_subsys_generated ON subsystem_inferences (satellite, subsystem, generated_at);
CREATE INDEX idx_subsys_anomalous ON subsystem_inferences (satellite, subsystem, generated_at) WHERE anomaly_detected;
ANALYZE subsystem_inferences;

-- A worker of an earlier version, which still runs during an upgrade, doesn't name these columns: neither where it inserts a
-- row nor where it replaces one.
CREATE FUNCTION ops.tell_generation_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    job record;
BEGIN
    SELECT satellite_id, source INTO job FROM public.inference_jobs WHERE job_id = NEW.job_id;
    NEW.satellite := job.satellite_id;
    IF job.source = 'kafka_auto_trigger' AND jsonb_typeof(NEW.input_data -> 'window_end') = 'string' THEN
        NEW.generated_at := (NEW.input_data ->> 'window_end')::timestamptz AT TIME ZONE 'UTC';
        NEW.window_start := (NEW.input_data ->> 'window_start')::timestamptz AT TIME ZONE 'UTC';
        NEW.sample_count := (NEW.input_data ->> 'samples')::integer;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tell_generation_time BEFORE INSERT ON subsystem_inferences
FOR EACH ROW WHEN (NEW.satellite IS NULL) EXECUTE FUNCTION ops.tell_generation_time();
CREATE TRIGGER tell_other_window BEFORE UPDATE OF input_data ON subsystem_inferences
FOR EACH ROW WHEN (
    NEW.input_data IS DISTINCT FROM OLD.input_data
    AND (NEW.generated_at, NEW.window_start, NEW.sample_count)
    IS NOT DISTINCT FROM (OLD.generated_at, OLD.window_start, OLD.sample_count)
)
EXECUTE FUNCTION ops.tell_generation_time();

-- The mean interval of a window in seconds; NULL of fewer than two samples. Not strict, so that it is expanded where it stands.
DROP FUNCTION ops.window_interval_s(jsonb);
CREATE FUNCTION ops.window_interval_s(window_start timestamp, generated_at timestamp, sample_count integer)
RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT extract(EPOCH FROM generated_at - window_start)::float8 / nullif(sample_count - 1, 0)
$$;

-- How far alerts are folded is a generation time, no longer the id that ends in it: milliseconds, or microseconds where it has
-- any. An empty id stood before all verdicts.
CREATE FUNCTION pg_temp.generation_time(job_id text) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT timestamp 'epoch'
        + coalesce(rpad(substring(job_id FROM '[0-9]+$'), 16, '0')::bigint, -1) * interval '1 microsecond'
$$;
DROP INDEX ops.idx_alert_heads_unfinished;
ALTER TABLE ops.alert_heads ALTER COLUMN folded_job_id TYPE timestamp(6) USING pg_temp.generation_time(folded_job_id);
ALTER TABLE ops.alert_heads RENAME COLUMN folded_job_id TO folded_at;
ALTER TABLE ops.alert_heads ALTER COLUMN target_job_id TYPE timestamp(6) USING pg_temp.generation_time(target_job_id);
ALTER TABLE ops.alert_heads RENAME COLUMN target_job_id TO target_at;
ALTER TABLE ops.alert_checkpoints ALTER COLUMN job_id TYPE timestamp(6) USING pg_temp.generation_time(job_id);
ALTER TABLE ops.alert_checkpoints RENAME COLUMN job_id TO generated_at;
CREATE INDEX idx_alert_heads_unfinished ON ops.alert_heads (satellite_id, subsystem) WHERE folded_at <> target_at;
COMMENT ON COLUMN ops.alert_heads.folded_at IS 'Generation time of the newest folded verdict';
COMMENT ON COLUMN ops.alert_heads.target_at IS 'Beyond folded_at where earlier verdicts are folded again, after one that came late';
