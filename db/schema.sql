CREATE SCHEMA ops;
CREATE FUNCTION ops.adopt_cluster() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    here   bigint := (SELECT system_identifier FROM pg_control_system());
    newest bigint;
BEGIN
    IF EXISTS (SELECT FROM ops.cluster WHERE system_identifier = here) THEN
        RETURN;
    END IF;
    newest := greatest(
        (SELECT xact::text::bigint FROM public.subsystem_inferences ORDER BY xact DESC LIMIT 1),
        (SELECT xact::text::bigint FROM ops.alert_acknowledgements ORDER BY xact DESC LIMIT 1),
        (SELECT xact::text::bigint FROM ops.alarm_events ORDER BY xact DESC LIMIT 1),
        0
    );
    UPDATE ops.cluster SET
        system_identifier = here,
        position_offset = greatest(0, newest + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
    WHERE system_identifier <> here;
END
$$;
CREATE FUNCTION ops.commit_position() RETURNS xid8
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (pg_current_xact_id()::text::bigint + (SELECT position_offset FROM ops.cluster))::text::xid8;
END
$$;
CREATE FUNCTION ops.job_id_after(job_id text, milliseconds bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
    SELECT regexp_replace(job_id, '[0-9]+$', '')
        || lpad(greatest(0, left(substring(job_id FROM '[0-9]+$'), 13)::bigint + milliseconds)::text, 13, '0')
$_$;
CREATE FUNCTION ops.note_deleted_verdicts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO ops.deleted_verdicts (job_id, subsystems)
    SELECT job_id, array_agg(subsystem) FROM deleted WHERE status <> 'pending' GROUP BY job_id;
    RETURN NULL;
END
$$;
CREATE FUNCTION ops.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: acknowledgements are kept as they were written, add another one instead',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION ops.refuse_entry_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the shift log is kept as it was written', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION ops.refuse_event_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: history is kept as it was written', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION ops.restart_search() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE ops.relay_cursors SET generation = generation + 1, xact = 0, id = 0, relayed = 0
    WHERE sink IN ('search', 'alerts');
    DELETE FROM ops.alarm_events WHERE alarm_id IN (SELECT alarm_id FROM ops.alarms WHERE kind = 'anomaly');
    DELETE FROM ops.alarms WHERE kind = 'anomaly';
    RETURN NULL;
END
$$;
CREATE FUNCTION ops.settled_position() RETURNS xid8
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT position_offset FROM ops.cluster)
    )::text::xid8;
END
$$;
CREATE FUNCTION ops.tell_generation_time() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION ops.window_interval_s(window_start timestamp without time zone, generated_at timestamp without time zone, sample_count integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT extract(EPOCH FROM generated_at - window_start)::float8 / nullif(sample_count - 1, 0)
$$;
CREATE TABLE ops.alarm_contacts (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    generated_at timestamp(6) without time zone NOT NULL,
    received_at timestamp(6) without time zone NOT NULL,
    is_replayed boolean NOT NULL,
    tracks jsonb,
    patience_s jsonb
);
COMMENT ON COLUMN ops.alarm_contacts.generated_at IS 'Of its newest live sample set';
COMMENT ON COLUMN ops.alarm_contacts.tracks IS 'What came together until now, each with its newest pauses, as of a minute ago; NULL: not known yet';
COMMENT ON COLUMN ops.alarm_contacts.patience_s IS 'For how long the satellite (an empty name) and its subsystems may pause; one that is not there has no usual pause';
CREATE TABLE ops.alarm_events (
    id bigint NOT NULL,
    alarm_id character varying(250) NOT NULL COLLATE pg_catalog."C",
    event character varying(30) NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    member_at timestamp(6) without time zone,
    operator character varying(100),
    comment character varying(2000),
    details jsonb,
    xact xid8 DEFAULT ops.commit_position() NOT NULL,
    key_name character varying(100),
    CONSTRAINT alarm_events_operator_check CHECK (((operator)::text <> ''::text))
);
COMMENT ON COLUMN ops.alarm_events.at IS 'When the platform or an operator did it';
COMMENT ON COLUMN ops.alarm_events.member_at IS 'Of the sample or verdict that did it';
COMMENT ON COLUMN ops.alarm_events.operator IS 'NULL = the platform';
COMMENT ON COLUMN ops.alarm_events.details IS 'What changed: {"old": {}, "new": {}} of the columns of ops.alarms, or of ops.alarm_suppressions';
COMMENT ON COLUMN ops.alarm_events.key_name IS 'Of the API key that was sent; NULL = it has no name, or none was asked for';
CREATE SEQUENCE ops.alarm_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.alarm_events_id_seq OWNED BY ops.alarm_events.id;
CREATE TABLE ops.alarms (
    alarm_id character varying(250) NOT NULL COLLATE pg_catalog."C",
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    reason character varying(100) NOT NULL COLLATE pg_catalog."C",
    kind character varying(20) NOT NULL,
    channel character varying(50),
    severity character varying(10) NOT NULL,
    is_latching boolean DEFAULT false NOT NULL,
    started_at timestamp(6) without time zone NOT NULL,
    raised_at timestamp(6) without time zone NOT NULL,
    last_at timestamp(6) without time zone NOT NULL,
    returned_at timestamp(6) without time zone,
    noticed_at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    is_withdrawn boolean DEFAULT false NOT NULL,
    violations integer DEFAULT 1 NOT NULL,
    value double precision,
    worst_value double precision,
    limit_value double precision,
    peak_score numeric(5,4),
    peak_job_id character varying(255) COLLATE pg_catalog."C",
    newest_job_id character varying(255) COLLATE pg_catalog."C",
    acknowledged_at timestamp(3) without time zone,
    acknowledged_by character varying(100),
    reset_at timestamp(3) without time zone,
    assigned_to character varying(100),
    changed_at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    is_unresolved boolean GENERATED ALWAYS AS (((NOT is_withdrawn) AND ((returned_at IS NULL) OR (acknowledged_at IS NULL) OR (is_latching AND (reset_at IS NULL))))) STORED NOT NULL,
    activations integer DEFAULT 1 NOT NULL,
    chattering_since timestamp(6) without time zone,
    CONSTRAINT alarms_kind_check CHECK (((kind)::text = ANY ((ARRAY['limit'::character varying, 'rate'::character varying, 'change'::character varying, 'stale'::character varying, 'clock'::character varying, 'anomaly'::character varying, 'forecast'::character varying, 'platform'::character varying, 'flood'::character varying])::text[]))),
    CONSTRAINT alarms_severity_check CHECK (((severity)::text = ANY ((ARRAY['watch'::character varying, 'warning'::character varying, 'distress'::character varying, 'critical'::character varying, 'severe'::character varying])::text[])))
);
COMMENT ON COLUMN ops.alarms.alarm_id IS 'subsystem.reason.milliseconds.satellite of the first member when it was raised; it stays when an earlier one comes late';
COMMENT ON COLUMN ops.alarms.started_at IS 'Generation time of the first member; of a wrong clock and of silence the reception';
COMMENT ON COLUMN ops.alarms.raised_at IS 'Of the member that made an alarm of it';
COMMENT ON COLUMN ops.alarms.last_at IS 'Of the newest member';
COMMENT ON COLUMN ops.alarms.returned_at IS 'Of the sample or verdict that ended it; NULL = it stands';
COMMENT ON COLUMN ops.alarms.noticed_at IS 'When the platform raised it';
COMMENT ON COLUMN ops.alarms.is_withdrawn IS 'Late telemetry or verdicts showed that it never was one, or that it belongs to another';
COMMENT ON COLUMN ops.alarms.is_unresolved IS 'It stands, or is over but not acknowledged or, if latching, not reset';
COMMENT ON COLUMN ops.alarms.activations IS 'How often a violation came after a sample within the limit, the first one counted';
COMMENT ON COLUMN ops.alarms.chattering_since IS 'Of the violation with which it began to chatter; NULL = it does not';
CREATE VIEW ops.alarm_feedback AS
 SELECT said.alarm_id,
    said.feedback,
    said.operator,
    said.comment,
    said.at,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.channel,
    alarm.started_at,
    alarm.last_at,
    alarm.noticed_at,
    alarm.peak_job_id,
        CASE
            WHEN ((alarm.kind)::text <> ALL ((ARRAY['anomaly'::character varying, 'limit'::character varying, 'rate'::character varying, 'change'::character varying])::text[])) THEN NULL::text
            WHEN (said.feedback = 'true_alarm'::text) THEN 'anomalous'::text
            WHEN (said.feedback = ANY (ARRAY['false_alarm'::text, 'rare_nominal'::text])) THEN 'nominal'::text
            ELSE NULL::text
        END AS label
   FROM (( SELECT DISTINCT ON (alarm_events.alarm_id) alarm_events.alarm_id,
            ((alarm_events.details -> 'new'::text) ->> 'feedback'::text) AS feedback,
            alarm_events.operator,
            alarm_events.comment,
            alarm_events.at
           FROM ops.alarm_events
          WHERE ((alarm_events.event)::text = 'feedback'::text)
          ORDER BY alarm_events.alarm_id, alarm_events.id DESC) said
     JOIN ops.alarms alarm ON (((alarm.alarm_id)::text = (said.alarm_id)::text)))
  WHERE (NOT alarm.is_withdrawn);
CREATE TABLE ops.alarm_suppressions (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    reason character varying(100) NOT NULL COLLATE pg_catalog."C",
    kind character varying(20) NOT NULL,
    operator character varying(100) NOT NULL,
    comment character varying(2000) NOT NULL,
    since timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    until timestamp(3) without time zone,
    CONSTRAINT alarm_suppressions_check CHECK ((((kind)::text <> 'shelved'::text) OR (until IS NOT NULL))),
    CONSTRAINT alarm_suppressions_comment_check CHECK (((comment)::text <> ''::text)),
    CONSTRAINT alarm_suppressions_kind_check CHECK (((kind)::text = ANY ((ARRAY['shelved'::character varying, 'out_of_service'::character varying])::text[]))),
    CONSTRAINT alarm_suppressions_operator_check CHECK (((operator)::text <> ''::text))
);
COMMENT ON COLUMN ops.alarm_suppressions.until IS 'A shelved alarm always comes back; NULL = until an operator returns it to service';
CREATE TABLE ops.retirement_changes (
    id bigint NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    is_retired boolean NOT NULL,
    operator character varying(100) NOT NULL,
    comment character varying(2000) NOT NULL,
    key_name character varying(100),
    CONSTRAINT retirement_changes_comment_check CHECK (((comment)::text <> ''::text)),
    CONSTRAINT retirement_changes_operator_check CHECK (((operator)::text <> ''::text))
);
COMMENT ON COLUMN ops.retirement_changes.is_retired IS 'FALSE: it was taken back';
CREATE VIEW ops.retirements AS
 SELECT change.id,
    change.satellite_id,
    change.at AS retired_at,
    change.operator,
    change.comment,
    ( SELECT later.at
           FROM ops.retirement_changes later
          WHERE (((later.satellite_id)::text = (change.satellite_id)::text) AND (later.id > change.id))
          ORDER BY later.id
         LIMIT 1) AS taken_back_at
   FROM ops.retirement_changes change
  WHERE change.is_retired;
COMMENT ON COLUMN ops.retirements.taken_back_at IS 'NULL: it is retired';
CREATE VIEW ops.alarm_states AS
 SELECT alarm.alarm_id,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.channel,
    alarm.severity,
    alarm.is_latching,
    alarm.started_at,
    alarm.raised_at,
    alarm.last_at,
    alarm.returned_at,
    alarm.noticed_at,
    alarm.is_withdrawn,
    alarm.violations,
    alarm.value,
    alarm.worst_value,
    alarm.limit_value,
    alarm.peak_score,
    alarm.peak_job_id,
    alarm.newest_job_id,
    alarm.acknowledged_at,
    alarm.acknowledged_by,
    alarm.reset_at,
    alarm.assigned_to,
    alarm.changed_at,
    (alarm.is_unresolved AND (alarm.acknowledged_at IS NULL) AND (NOT (hidden.is_shelved OR hidden.is_out_of_service))) AS needs_attention,
    tsrange(alarm.started_at,
        CASE
            WHEN (alarm.returned_at IS NOT NULL) THEN GREATEST(alarm.started_at, alarm.returned_at)
            ELSE NULL::timestamp without time zone
        END, '[]'::text) AS life,
    (((((((alarm.returned_at IS NULL))::integer + (2 * ((alarm.acknowledged_at IS NOT NULL))::integer)) + (4 * (alarm.is_latching)::integer)) + (8 * ((alarm.reset_at IS NOT NULL))::integer)) + (16 * (hidden.is_shelved)::integer)) + (64 * (hidden.is_out_of_service)::integer)) AS facts,
    alarm.activations,
    alarm.chattering_since,
    alarm.is_unresolved,
    (alarm.is_unresolved AND ((alarm.returned_at IS NULL) OR (alarm.is_latching AND (alarm.reset_at IS NULL)))) AS is_open,
    (hidden.is_shelved OR hidden.is_out_of_service) AS is_suppressed
   FROM (ops.alarms alarm
     CROSS JOIN LATERAL ( SELECT (((alarm.satellite_id)::text, (alarm.subsystem)::text, (alarm.reason)::text) IN ( SELECT alarm_suppressions.satellite_id,
                    alarm_suppressions.subsystem,
                    alarm_suppressions.reason
                   FROM ops.alarm_suppressions
                  WHERE (((alarm_suppressions.kind)::text = 'shelved'::text) AND (alarm_suppressions.until > (now() AT TIME ZONE 'UTC'::text))))) AS is_shelved,
            ((((alarm.satellite_id)::text, (alarm.subsystem)::text, (alarm.reason)::text) IN ( SELECT alarm_suppressions.satellite_id,
                    alarm_suppressions.subsystem,
                    alarm_suppressions.reason
                   FROM ops.alarm_suppressions
                  WHERE ((alarm_suppressions.kind)::text = 'out_of_service'::text))) OR ((alarm.satellite_id)::text IN ( SELECT retirements.satellite_id
                   FROM ops.retirements
                  WHERE (retirements.taken_back_at IS NULL)))) AS is_out_of_service) hidden);
COMMENT ON COLUMN ops.alarm_states.needs_attention IS 'Unacknowledged, whether it stands or returned, and not suppressed';
COMMENT ON COLUMN ops.alarm_states.facts IS 'One bit for each of the Facts of alarms/life_cycle.py, the first one is the lowest';
COMMENT ON COLUMN ops.alarm_states.is_unresolved IS 'As in ops.alarms, suppressed or not';
COMMENT ON COLUMN ops.alarm_states.is_open IS 'It stands or is latched, suppressed or not';
COMMENT ON COLUMN ops.alarm_states.is_suppressed IS 'It is shelved or out of service: it calls nobody';
CREATE TABLE ops.alarm_tracks (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    reason character varying(100) NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    track jsonb NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL
);
COMMENT ON COLUMN ops.alarm_tracks.revision IS 'One more with each change: a second alarm_server notices that it is late';
CREATE TABLE ops.alert_acknowledgements (
    id bigint NOT NULL,
    satellite_id character varying(50) NOT NULL,
    subsystem character varying(50) NOT NULL,
    reason character varying(100) NOT NULL,
    generated_at timestamp(3) without time zone NOT NULL,
    operator character varying(100) NOT NULL,
    comment character varying(2000) NOT NULL,
    acknowledged_at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    xact xid8 DEFAULT ops.commit_position() NOT NULL,
    CONSTRAINT alert_acknowledgements_comment_check CHECK (((comment)::text <> ''::text)),
    CONSTRAINT alert_acknowledgements_operator_check CHECK (((operator)::text <> ''::text))
);
COMMENT ON COLUMN ops.alert_acknowledgements.reason IS 'The broken rule''s reason; anomaly for the anomaly score';
COMMENT ON COLUMN ops.alert_acknowledgements.xact IS 'As in subsystem_inferences: place in commit order';
CREATE SEQUENCE ops.alert_acknowledgements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.alert_acknowledgements_id_seq OWNED BY ops.alert_acknowledgements.id;
CREATE TABLE ops.alert_checkpoints (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    generated_at timestamp(6) without time zone NOT NULL,
    run jsonb
);
CREATE TABLE ops.alert_heads (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    folded_at timestamp(6) without time zone NOT NULL,
    target_at timestamp(6) without time zone NOT NULL,
    since_checkpoint integer NOT NULL,
    run jsonb
);
COMMENT ON COLUMN ops.alert_heads.folded_at IS 'Generation time of the newest folded verdict';
COMMENT ON COLUMN ops.alert_heads.target_at IS 'Beyond folded_at where earlier verdicts are folded again, after one that came late';
CREATE VIEW ops.anomaly_alerts AS
 SELECT alarms.satellite_id,
    alarms.subsystem,
    alarms.started_at,
    alarms.raised_at,
    alarms.last_at,
    alarms.returned_at AS ended_at,
    alarms.violations AS verdict_count,
    alarms.peak_score,
    alarms.peak_job_id,
    alarms.newest_job_id
   FROM ops.alarms
  WHERE (((alarms.kind)::text = 'anomaly'::text) AND ((alarms.reason)::text = 'anomaly'::text) AND (NOT alarms.is_withdrawn));
CREATE TABLE ops.calibrations (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    state character varying(20) NOT NULL,
    hash character(64) NOT NULL,
    data_from timestamp(3) without time zone NOT NULL,
    data_until timestamp(3) without time zone NOT NULL,
    samples integer NOT NULL,
    least_interval_s double precision NOT NULL,
    greatest_interval_s double precision NOT NULL,
    verdicts integer NOT NULL,
    false_alarms integer NOT NULL,
    constants jsonb NOT NULL,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL,
    CONSTRAINT calibrations_state_check CHECK (((state)::text = ANY ((ARRAY['active'::character varying, 'pinned'::character varying, 'superseded'::character varying, 'refused'::character varying])::text[])))
);
COMMENT ON COLUMN ops.calibrations.hash IS 'What verdicts name as calibration_hash';
COMMENT ON COLUMN ops.calibrations.verdicts IS 'Held-out ones of the check, and beside it how many of them would be false alarms';
CREATE TABLE ops.cluster (
    is_only boolean DEFAULT true NOT NULL,
    system_identifier bigint NOT NULL,
    position_offset bigint DEFAULT 0 NOT NULL,
    CONSTRAINT cluster_is_only_check CHECK (is_only)
);
COMMENT ON TABLE ops.cluster IS 'The PostgreSQL cluster that this database was last used in';
COMMENT ON COLUMN ops.cluster.position_offset IS 'What is added to a transaction id for its place in commit order';
CREATE TABLE ops.contact_plan_changes (
    id bigint NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    operator character varying(100) NOT NULL,
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    start_at timestamp(3) without time zone NOT NULL,
    end_at timestamp(3) without time zone NOT NULL,
    passes integer,
    key_name character varying(100),
    CONSTRAINT contact_plan_changes_operator_check CHECK (((operator)::text <> ''::text))
);
COMMENT ON COLUMN ops.contact_plan_changes.passes IS 'That the range has since; NULL: its plan was deleted';
CREATE SEQUENCE ops.contact_plan_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.contact_plan_changes_id_seq OWNED BY ops.contact_plan_changes.id;
CREATE TABLE ops.contact_plans (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    covered tsmultirange NOT NULL,
    CONSTRAINT contact_plans_covered_check CHECK ((NOT isempty(covered)))
);
COMMENT ON COLUMN ops.contact_plans.covered IS 'Within it the satellite has the passes of ops.passes and no others';
CREATE TABLE ops.dead_letters (
    id bigint NOT NULL,
    source character varying(20) NOT NULL,
    place character varying(255) NOT NULL,
    partition integer,
    "position" bigint,
    identity character(64) NOT NULL,
    reason character varying(100) NOT NULL,
    detail text NOT NULL,
    satellite_id character varying(50),
    attempt integer NOT NULL,
    refused_at timestamp(3) without time zone NOT NULL,
    message_key bytea,
    headers jsonb NOT NULL,
    body bytea,
    size_bytes integer NOT NULL,
    body_sha256 character(64) NOT NULL,
    is_cut boolean NOT NULL,
    state character varying(20) DEFAULT 'open'::character varying NOT NULL,
    handled_at timestamp(3) without time zone,
    handled_by character varying(100),
    handled_with_key character varying(100),
    CONSTRAINT dead_letters_source_check CHECK (((source)::text = ANY ((ARRAY['kafka'::character varying, 'rabbitmq'::character varying])::text[]))),
    CONSTRAINT dead_letters_state_check CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'redriven'::character varying, 'discarded'::character varying])::text[])))
);
COMMENT ON COLUMN ops.dead_letters.place IS 'Topic or queue that a redriven letter goes back to';
COMMENT ON COLUMN ops.dead_letters.identity IS 'SHA-256 of the letter as its broker held it: one that a broker delivers twice is one letter';
COMMENT ON COLUMN ops.dead_letters.attempt IS 'How often this message was refused: one that was redriven in vain is a new letter';
COMMENT ON COLUMN ops.dead_letters.handled_with_key IS 'Its name';
CREATE SEQUENCE ops.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.dead_letters_id_seq OWNED BY ops.dead_letters.id;
CREATE TABLE ops.deleted_verdicts (
    id bigint NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    subsystems character varying(50)[] NOT NULL,
    deleted_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
ALTER TABLE ops.deleted_verdicts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.deleted_verdicts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ops.grouped_alarms (
    alarm_id character varying(250) NOT NULL COLLATE pg_catalog."C",
    group_id character varying(250) NOT NULL COLLATE pg_catalog."C",
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    started_at timestamp(6) without time zone NOT NULL
);
COMMENT ON TABLE ops.grouped_alarms IS 'All but the withdrawn ones';
COMMENT ON COLUMN ops.grouped_alarms.started_at IS 'As it was when it was grouped';
CREATE TABLE ops.idempotency_keys (
    idempotency_key character varying(255) NOT NULL,
    request_sha256 character(64) NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
CREATE TABLE ops.learning_progress (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    samples integer NOT NULL,
    needed integer NOT NULL,
    interval_s double precision,
    reason character varying(30) NOT NULL,
    detail character varying(500) NOT NULL,
    looked_at timestamp(3) without time zone NOT NULL,
    due_at timestamp(3) without time zone NOT NULL
);
COMMENT ON COLUMN ops.learning_progress.due_at IS 'When it is looked at again; ahead of that while it is looked at';
CREATE TABLE ops.limit_changes (
    id bigint NOT NULL,
    mission character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    reason character varying(100) NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    fields jsonb NOT NULL,
    operator character varying(100) NOT NULL,
    comment character varying(2000) NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    key_name character varying(100),
    CONSTRAINT limit_changes_comment_check CHECK (((comment)::text <> ''::text)),
    CONSTRAINT limit_changes_operator_check CHECK (((operator)::text <> ''::text)),
    CONSTRAINT limit_changes_version_check CHECK ((version > 0))
);
COMMENT ON COLUMN ops.limit_changes.mission IS 'Name of the mission file: another mission may have a rule of the same name';
COMMENT ON COLUMN ops.limit_changes.version IS 'Of the rule, counted from 1: a change names the one that its operator saw';
COMMENT ON COLUMN ops.limit_changes.fields IS 'What differs from the rule of the mission file; {} = nothing does any more';
CREATE SEQUENCE ops.limit_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.limit_changes_id_seq OWNED BY ops.limit_changes.id;
CREATE TABLE ops.limit_set_changes (
    id bigint NOT NULL,
    mission character varying(50) NOT NULL COLLATE pg_catalog."C",
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    limit_set character varying(50) NOT NULL COLLATE pg_catalog."C",
    operator character varying(100) NOT NULL,
    comment character varying(2000) NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    key_name character varying(100),
    CONSTRAINT limit_set_changes_comment_check CHECK (((comment)::text <> ''::text)),
    CONSTRAINT limit_set_changes_operator_check CHECK (((operator)::text <> ''::text)),
    CONSTRAINT limit_set_changes_version_check CHECK ((version > 0))
);
COMMENT ON COLUMN ops.limit_set_changes.mission IS 'Name of the mission file: another mission may have a set of the same name';
COMMENT ON COLUMN ops.limit_set_changes.version IS 'Of the satellite, counted from 1: a switch names the one that its operator saw';
CREATE SEQUENCE ops.limit_set_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.limit_set_changes_id_seq OWNED BY ops.limit_set_changes.id;
CREATE TABLE public.inference_jobs (
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    satellite_id character varying(50) NOT NULL,
    source character varying(50) NOT NULL,
    trigger_reason character varying(100),
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    total_subsystems integer DEFAULT 0 NOT NULL,
    completed_subsystems integer DEFAULT 0 NOT NULL,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL,
    started_at timestamp(3) without time zone,
    completed_at timestamp(3) without time zone,
    metadata jsonb,
    error_message text,
    trigger_reasons text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT inference_jobs_completed_subsystems_check CHECK ((completed_subsystems >= 0)),
    CONSTRAINT inference_jobs_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying, 'completed'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT inference_jobs_total_subsystems_check CHECK ((total_subsystems >= 0))
);
COMMENT ON COLUMN public.inference_jobs.completed_subsystems IS 'Rows of this job that are completed, counted, never incremented';
COMMENT ON COLUMN public.inference_jobs.created_at IS 'When the job was dispatched';
COMMENT ON COLUMN public.inference_jobs.trigger_reasons IS 'Every reason, in the mission''s order; none is cut';
CREATE VIEW ops.live_jobs AS
 SELECT inference_jobs.job_id,
        CASE
            WHEN (((inference_jobs.source)::text = 'kafka_auto_trigger'::text) AND ((inference_jobs.metadata ->> 'lane'::text) IS DISTINCT FROM 'stored'::text)) THEN inference_jobs.satellite_id
            ELSE NULL::character varying
        END AS satellite_id,
    inference_jobs.trigger_reason,
    inference_jobs.trigger_reasons,
    inference_jobs.created_at,
    inference_jobs.metadata
   FROM public.inference_jobs
  WHERE (
        CASE
            WHEN (((inference_jobs.source)::text = 'kafka_auto_trigger'::text) AND ((inference_jobs.metadata ->> 'lane'::text) IS DISTINCT FROM 'stored'::text)) THEN inference_jobs.satellite_id
            ELSE NULL::character varying
        END IS NOT NULL);
CREATE TABLE public.subsystem_inferences (
    id bigint NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL,
    model_name character varying(100) NOT NULL,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    input_data jsonb NOT NULL,
    input_features text[],
    predictions jsonb,
    confidence jsonb,
    anomaly_score numeric(5,4),
    anomaly_detected boolean,
    inference_time_ms double precision,
    model_type character varying(50),
    sequence_length integer,
    forecast_horizon integer,
    input_mean double precision,
    input_std double precision,
    prediction_mean double precision,
    prediction_std double precision,
    triton_model_version character varying(20),
    processed_by character varying(50),
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL,
    completed_at timestamp(3) without time zone,
    error_message text,
    verdict character varying(20),
    bands jsonb,
    contributions jsonb,
    calibration_hash character varying(64),
    started_at timestamp(3) without time zone,
    xact xid8 DEFAULT ops.commit_position() NOT NULL,
    satellite character varying(50) NOT NULL,
    generated_at timestamp(6) without time zone,
    window_start timestamp(6) without time zone,
    sample_count integer,
    CONSTRAINT subsystem_inferences_anomaly_score_check CHECK (((anomaly_score >= (0)::numeric) AND (anomaly_score <= (1)::numeric))),
    CONSTRAINT subsystem_inferences_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying, 'completed'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT subsystem_inferences_verdict_check CHECK (((verdict)::text = ANY ((ARRAY['nominal'::character varying, 'anomalous'::character varying, 'warming_up'::character varying, 'learning'::character varying])::text[]))),
    CONSTRAINT subsystem_inferences_window_check CHECK ((num_nulls(generated_at, window_start, sample_count) = ANY (ARRAY[0, 3])))
);
COMMENT ON COLUMN public.subsystem_inferences.anomaly_detected IS 'NULL while warming up, learning or failed: unknown is not nominal';
COMMENT ON COLUMN public.subsystem_inferences.created_at IS 'When the job was dispatched';
COMMENT ON COLUMN public.subsystem_inferences.xact IS 'Place in commit order of the transaction that last changed the row: below ops.settled_position() no later one can appear, so readers keep a cursor on it';
COMMENT ON COLUMN public.subsystem_inferences.generated_at IS 'Time of the sample that is judged, which ends its window, UTC; NULL = a posted series';
CREATE VIEW ops.live_verdicts AS
 SELECT inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.status,
    inference.verdict,
    inference.anomaly_score,
    inference.anomaly_detected,
    job.trigger_reasons AS reasons,
    job.trigger_reason
   FROM (public.subsystem_inferences inference
     CROSS JOIN LATERAL ( SELECT inference_jobs.satellite_id,
            inference_jobs.source,
            inference_jobs.trigger_reason,
            inference_jobs.trigger_reasons,
            inference_jobs.metadata
           FROM public.inference_jobs
          WHERE ((inference_jobs.job_id)::text = (inference.job_id)::text)
         OFFSET 0) job)
  WHERE (((job.source)::text = 'kafka_auto_trigger'::text) AND ((job.metadata ->> 'lane'::text) IS DISTINCT FROM 'stored'::text));
CREATE TABLE ops.notifications (
    id bigint NOT NULL,
    message_id uuid DEFAULT gen_random_uuid() NOT NULL,
    event_id bigint NOT NULL,
    alarm_id character varying(250) NOT NULL COLLATE pg_catalog."C",
    target character varying(50) NOT NULL COLLATE pg_catalog."C",
    told character varying(20) NOT NULL,
    delay_s integer DEFAULT 0 NOT NULL,
    repeat_s integer,
    state character varying(20) DEFAULT 'pending'::character varying NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp(3) without time zone NOT NULL,
    give_up_at timestamp(3) without time zone NOT NULL,
    last_error character varying(500),
    delivered_at timestamp(3) without time zone,
    created_at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    CONSTRAINT notifications_delay_s_check CHECK ((delay_s >= 0)),
    CONSTRAINT notifications_repeat_s_check CHECK ((repeat_s > 0)),
    CONSTRAINT notifications_state_check CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'delivered'::character varying, 'cancelled'::character varying, 'failed'::character varying, 'held'::character varying])::text[]))),
    CONSTRAINT notifications_told_check CHECK (((told)::text = ANY ((ARRAY['raised'::character varying, 'returned'::character varying, 'acknowledged'::character varying])::text[])))
);
COMMENT ON COLUMN ops.notifications.message_id IS 'The same for every attempt: a receiver drops what it has seen';
COMMENT ON COLUMN ops.notifications.event_id IS 'Of ops.alarm_events';
COMMENT ON COLUMN ops.notifications.delay_s IS 'After the event; 0 = the event itself. With one it is sent only if the alarm still calls';
COMMENT ON COLUMN ops.notifications.next_attempt_at IS 'Who sends moves it ahead first: after a crash the message is sent again then';
CREATE SEQUENCE ops.notifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.notifications_id_seq OWNED BY ops.notifications.id;
CREATE TABLE ops.passes (
    id bigint NOT NULL,
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    ground_station character varying(100) NOT NULL,
    start_at timestamp(3) without time zone NOT NULL,
    end_at timestamp(3) without time zone NOT NULL,
    planned_at timestamp(3) without time zone NOT NULL,
    first_heard_at timestamp(3) without time zone,
    last_heard_at timestamp(3) without time zone,
    CONSTRAINT passes_check CHECK (((end_at > start_at) AND (end_at <= (start_at + '1 day'::interval)))),
    CONSTRAINT passes_ground_station_check CHECK (((ground_station)::text <> ''::text))
);
COMMENT ON COLUMN ops.passes.start_at IS 'Acquisition of signal, as planned; end_at: its loss';
COMMENT ON COLUMN ops.passes.planned_at IS 'When a plan first had a pass of the satellite at this time';
COMMENT ON COLUMN ops.passes.first_heard_at IS 'Reception of the first live sample set within the pass; NULL: there was none';
CREATE SEQUENCE ops.passes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.passes_id_seq OWNED BY ops.passes.id;
CREATE TABLE ops.refused_values (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    channel character varying(101) NOT NULL COLLATE pg_catalog."C",
    reason character varying(20) NOT NULL COLLATE pg_catalog."C",
    count bigint NOT NULL,
    last_value character varying(100) NOT NULL,
    last_at timestamp(3) without time zone NOT NULL
);
COMMENT ON COLUMN ops.refused_values.channel IS 'Subsystem and channel; the subsystem alone where it was no object; timestamp for the generation time';
COMMENT ON COLUMN ops.refused_values.last_at IS 'When Kafka received the last one';
CREATE TABLE ops.refused_verdicts (
    sink character varying(50) NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL,
    reason text NOT NULL,
    refused_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
CREATE TABLE ops.relay_cursors (
    sink character varying(50) NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    xact bigint DEFAULT 0 NOT NULL,
    id bigint DEFAULT 0 NOT NULL,
    relayed bigint DEFAULT 0 NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
COMMENT ON COLUMN ops.relay_cursors.generation IS 'Grows with every rebuild';
COMMENT ON COLUMN ops.relay_cursors.relayed IS 'Verdicts passed on in this generation';
CREATE TABLE ops.resent_tasks (
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    sent_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
CREATE SEQUENCE ops.retirement_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.retirement_changes_id_seq OWNED BY ops.retirement_changes.id;
CREATE TABLE ops.revised_inferences (
    id bigint NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL,
    revised_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL,
    before jsonb NOT NULL
);
CREATE SEQUENCE ops.revised_inferences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.revised_inferences_id_seq OWNED BY ops.revised_inferences.id;
CREATE TABLE ops.schema_migrations (
    name text NOT NULL,
    sha256 character(64) NOT NULL,
    applied_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
CREATE TABLE ops.shift_entries (
    id bigint NOT NULL,
    at timestamp(3) without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'::text) NOT NULL,
    operator character varying(100) NOT NULL,
    text character varying(2000) NOT NULL,
    satellite_id character varying(50) COLLATE pg_catalog."C",
    alarm_id character varying(250) COLLATE pg_catalog."C",
    corrects bigint,
    key_name character varying(100),
    CONSTRAINT shift_entries_check CHECK ((corrects <> id)),
    CONSTRAINT shift_entries_operator_check CHECK (((operator)::text <> ''::text)),
    CONSTRAINT shift_entries_text_check CHECK (((text)::text <> ''::text))
);
COMMENT ON COLUMN ops.shift_entries.alarm_id IS 'Stays when the alarm is deleted';
COMMENT ON COLUMN ops.shift_entries.corrects IS 'The entry that this one takes the place of; each has one correction, which may have one in turn';
CREATE SEQUENCE ops.shift_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ops.shift_entries_id_seq OWNED BY ops.shift_entries.id;
CREATE TABLE ops.wrong_clocks (
    satellite_id character varying(50) NOT NULL COLLATE pg_catalog."C",
    subsystem character varying(50) NOT NULL COLLATE pg_catalog."C",
    reason character varying(100) NOT NULL COLLATE pg_catalog."C",
    value double precision NOT NULL,
    first_at timestamp(3) without time zone NOT NULL,
    last_at timestamp(3) without time zone NOT NULL
);
COMMENT ON COLUMN ops.wrong_clocks.subsystem IS 'Of the broken limit; timestamp for the clock itself';
COMMENT ON COLUMN ops.wrong_clocks.value IS 'Last value that broke the limit; seconds that the clock lies behind, negative where it is ahead';
COMMENT ON COLUMN ops.wrong_clocks.last_at IS 'When Kafka received the last one';
CREATE TABLE public.inference_results (
    id bigint NOT NULL,
    job_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    model_name character varying(255) NOT NULL,
    status character varying(50) NOT NULL,
    predictions jsonb,
    confidence jsonb,
    metrics jsonb,
    metadata jsonb,
    error_message text,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL,
    completed_at timestamp(3) without time zone,
    CONSTRAINT inference_results_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying, 'completed'::character varying, 'failed'::character varying])::text[])))
);
CREATE SEQUENCE public.inference_results_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.inference_results_id_seq OWNED BY public.inference_results.id;
CREATE VIEW public.model_performance_summary AS
 SELECT subsystem_inferences.model_name,
    count(*) AS total_inferences,
    count(*) FILTER (WHERE ((subsystem_inferences.status)::text = 'completed'::text)) AS successful_inferences,
    count(*) FILTER (WHERE ((subsystem_inferences.status)::text = 'failed'::text)) AS failed_inferences,
    round(((100.0 * (count(*) FILTER (WHERE ((subsystem_inferences.status)::text = 'completed'::text)))::numeric) / (count(*))::numeric), 2) AS success_rate,
    round(avg(EXTRACT(epoch FROM (subsystem_inferences.completed_at - subsystem_inferences.started_at))) FILTER (WHERE ((subsystem_inferences.status)::text = 'completed'::text)), 3) AS avg_processing_time_seconds,
    min(subsystem_inferences.created_at) AS first_inference,
    max(subsystem_inferences.created_at) AS last_inference
   FROM public.subsystem_inferences
  GROUP BY subsystem_inferences.model_name;
CREATE VIEW public.prediction_history AS
 SELECT inference_results.id,
    inference_results.job_id,
    inference_results.model_name,
    inference_results.status,
    inference_results.predictions,
    inference_results.confidence,
    inference_results.metrics,
    inference_results.metadata,
    inference_results.created_at,
    inference_results.completed_at,
    EXTRACT(epoch FROM (inference_results.completed_at - inference_results.created_at)) AS processing_time_seconds
   FROM public.inference_results
  WHERE ((inference_results.status)::text = 'completed'::text);
CREATE SEQUENCE public.subsystem_inferences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.subsystem_inferences_id_seq OWNED BY public.subsystem_inferences.id;
CREATE VIEW public.v_anomaly_alerts AS
 SELECT inference.id,
    inference.job_id,
    job.satellite_id,
    inference.subsystem,
    inference.model_name,
    inference.anomaly_score,
    inference.predictions,
    inference.created_at,
    job.trigger_reason,
    job.metadata
   FROM (public.subsystem_inferences inference
     JOIN public.inference_jobs job ON (((job.job_id)::text = (inference.job_id)::text)))
  WHERE inference.anomaly_detected;
CREATE VIEW public.v_inference_job_summary AS
 SELECT job.job_id,
    job.satellite_id,
    job.source,
    job.trigger_reason,
    job.status AS job_status,
    job.created_at,
    job.total_subsystems,
    job.completed_subsystems,
    round(EXTRACT(epoch FROM (COALESCE(job.completed_at, (now() AT TIME ZONE 'UTC'::text)) - job.created_at)), 3) AS total_time_seconds,
    found.inference_count,
    found.anomalies_detected,
    found.avg_inference_time_ms,
    found.subsystem_results,
    job.completed_at
   FROM (public.inference_jobs job
     CROSS JOIN LATERAL ( SELECT count(*) AS inference_count,
            count(*) FILTER (WHERE inference.anomaly_detected) AS anomalies_detected,
            round((avg(inference.inference_time_ms))::numeric, 2) AS avg_inference_time_ms,
            json_agg(json_build_object('subsystem', inference.subsystem, 'model', inference.model_name, 'status', inference.status, 'anomaly', inference.anomaly_detected, 'anomaly_score', inference.anomaly_score) ORDER BY inference.subsystem) AS subsystem_results
           FROM public.subsystem_inferences inference
          WHERE ((inference.job_id)::text = (job.job_id)::text)) found);
ALTER TABLE ONLY ops.alarm_events ALTER COLUMN id SET DEFAULT nextval('ops.alarm_events_id_seq'::regclass);
ALTER TABLE ONLY ops.alert_acknowledgements ALTER COLUMN id SET DEFAULT nextval('ops.alert_acknowledgements_id_seq'::regclass);
ALTER TABLE ONLY ops.contact_plan_changes ALTER COLUMN id SET DEFAULT nextval('ops.contact_plan_changes_id_seq'::regclass);
ALTER TABLE ONLY ops.dead_letters ALTER COLUMN id SET DEFAULT nextval('ops.dead_letters_id_seq'::regclass);
ALTER TABLE ONLY ops.limit_changes ALTER COLUMN id SET DEFAULT nextval('ops.limit_changes_id_seq'::regclass);
ALTER TABLE ONLY ops.limit_set_changes ALTER COLUMN id SET DEFAULT nextval('ops.limit_set_changes_id_seq'::regclass);
ALTER TABLE ONLY ops.notifications ALTER COLUMN id SET DEFAULT nextval('ops.notifications_id_seq'::regclass);
ALTER TABLE ONLY ops.passes ALTER COLUMN id SET DEFAULT nextval('ops.passes_id_seq'::regclass);
ALTER TABLE ONLY ops.retirement_changes ALTER COLUMN id SET DEFAULT nextval('ops.retirement_changes_id_seq'::regclass);
ALTER TABLE ONLY ops.revised_inferences ALTER COLUMN id SET DEFAULT nextval('ops.revised_inferences_id_seq'::regclass);
ALTER TABLE ONLY ops.shift_entries ALTER COLUMN id SET DEFAULT nextval('ops.shift_entries_id_seq'::regclass);
ALTER TABLE ONLY public.inference_results ALTER COLUMN id SET DEFAULT nextval('public.inference_results_id_seq'::regclass);
ALTER TABLE ONLY public.subsystem_inferences ALTER COLUMN id SET DEFAULT nextval('public.subsystem_inferences_id_seq'::regclass);
ALTER TABLE ONLY ops.alarm_contacts
    ADD CONSTRAINT alarm_contacts_pkey PRIMARY KEY (satellite_id);
ALTER TABLE ONLY ops.alarm_events
    ADD CONSTRAINT alarm_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.alarm_suppressions
    ADD CONSTRAINT alarm_suppressions_pkey PRIMARY KEY (satellite_id, subsystem, reason, kind);
ALTER TABLE ONLY ops.alarm_tracks
    ADD CONSTRAINT alarm_tracks_pkey PRIMARY KEY (satellite_id, subsystem, reason);
ALTER TABLE ONLY ops.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (alarm_id);
ALTER TABLE ONLY ops.alert_acknowledgements
    ADD CONSTRAINT alert_acknowledgements_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.alert_checkpoints
    ADD CONSTRAINT alert_checkpoints_pkey PRIMARY KEY (satellite_id, subsystem, generated_at);
ALTER TABLE ONLY ops.alert_heads
    ADD CONSTRAINT alert_heads_pkey PRIMARY KEY (satellite_id, subsystem);
ALTER TABLE ONLY ops.calibrations
    ADD CONSTRAINT calibrations_pkey PRIMARY KEY (satellite_id, subsystem, version);
ALTER TABLE ONLY ops.cluster
    ADD CONSTRAINT cluster_pkey PRIMARY KEY (is_only);
ALTER TABLE ONLY ops.contact_plan_changes
    ADD CONSTRAINT contact_plan_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.contact_plans
    ADD CONSTRAINT contact_plans_pkey PRIMARY KEY (satellite_id);
ALTER TABLE ONLY ops.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.dead_letters
    ADD CONSTRAINT dead_letters_source_partition_position_refused_at_key UNIQUE (source, partition, "position", refused_at);
ALTER TABLE ONLY ops.deleted_verdicts
    ADD CONSTRAINT deleted_verdicts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.grouped_alarms
    ADD CONSTRAINT grouped_alarms_pkey PRIMARY KEY (alarm_id);
ALTER TABLE ONLY ops.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (idempotency_key);
ALTER TABLE ONLY ops.learning_progress
    ADD CONSTRAINT learning_progress_pkey PRIMARY KEY (satellite_id, subsystem);
ALTER TABLE ONLY ops.limit_changes
    ADD CONSTRAINT limit_changes_mission_subsystem_reason_version_key UNIQUE (mission, subsystem, reason, version);
ALTER TABLE ONLY ops.limit_changes
    ADD CONSTRAINT limit_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.limit_set_changes
    ADD CONSTRAINT limit_set_changes_mission_satellite_id_version_key UNIQUE (mission, satellite_id, version);
ALTER TABLE ONLY ops.limit_set_changes
    ADD CONSTRAINT limit_set_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.notifications
    ADD CONSTRAINT notifications_event_id_target_delay_s_repeat_s_key UNIQUE NULLS NOT DISTINCT (event_id, target, delay_s, repeat_s);
ALTER TABLE ONLY ops.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.passes
    ADD CONSTRAINT passes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.refused_values
    ADD CONSTRAINT refused_values_pkey PRIMARY KEY (satellite_id, channel, reason);
ALTER TABLE ONLY ops.refused_verdicts
    ADD CONSTRAINT refused_verdicts_pkey PRIMARY KEY (sink, job_id, subsystem);
ALTER TABLE ONLY ops.relay_cursors
    ADD CONSTRAINT relay_cursors_pkey PRIMARY KEY (sink);
ALTER TABLE ONLY ops.resent_tasks
    ADD CONSTRAINT resent_tasks_pkey PRIMARY KEY (job_id, subsystem);
ALTER TABLE ONLY ops.retirement_changes
    ADD CONSTRAINT retirement_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.revised_inferences
    ADD CONSTRAINT revised_inferences_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY ops.shift_entries
    ADD CONSTRAINT shift_entries_corrects_key UNIQUE (corrects);
ALTER TABLE ONLY ops.shift_entries
    ADD CONSTRAINT shift_entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ops.wrong_clocks
    ADD CONSTRAINT wrong_clocks_pkey PRIMARY KEY (satellite_id, subsystem, reason);
ALTER TABLE ONLY public.subsystem_inferences
    ADD CONSTRAINT idx_subsys_job UNIQUE (job_id, subsystem);
ALTER TABLE ONLY public.inference_jobs
    ADD CONSTRAINT inference_jobs_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.inference_results
    ADD CONSTRAINT inference_results_job_id_key UNIQUE (job_id);
ALTER TABLE ONLY public.inference_results
    ADD CONSTRAINT inference_results_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.subsystem_inferences
    ADD CONSTRAINT subsystem_inferences_pkey PRIMARY KEY (id);
CREATE INDEX idx_acknowledgements_alert ON ops.alert_acknowledgements USING btree (satellite_id, subsystem, reason, generated_at);
CREATE INDEX idx_acknowledgements_commit_order ON ops.alert_acknowledgements USING btree (xact, id);
CREATE INDEX idx_alarm_events_acknowledged ON ops.alarm_events USING btree (xact, id) WHERE ((event)::text = 'acknowledged'::text);
CREATE INDEX idx_alarm_events_alarm ON ops.alarm_events USING btree (alarm_id, id);
CREATE INDEX idx_alarm_events_commit_order ON ops.alarm_events USING btree (xact, id);
CREATE INDEX idx_alarm_events_feedback ON ops.alarm_events USING btree (alarm_id, id DESC) WHERE ((event)::text = 'feedback'::text);
CREATE INDEX idx_alarms_assigned ON ops.alarms USING btree (assigned_to, started_at DESC, alarm_id DESC) WHERE (assigned_to IS NOT NULL);
CREATE INDEX idx_alarms_lately ON ops.alarms USING btree (satellite_id, noticed_at);
CREATE INDEX idx_alarms_life ON ops.alarms USING gist (tsrange(started_at,
CASE
    WHEN (returned_at IS NOT NULL) THEN GREATEST(started_at, returned_at)
    ELSE NULL::timestamp without time zone
END, '[]'::text));
CREATE INDEX idx_alarms_noticed ON ops.alarms USING btree (noticed_at DESC) WHERE (NOT is_withdrawn);
CREATE INDEX idx_alarms_open ON ops.alarms USING btree (satellite_id) WHERE (is_unresolved AND ((returned_at IS NULL) OR (is_latching AND (reset_at IS NULL))));
CREATE INDEX idx_alarms_satellite ON ops.alarms USING btree (satellite_id, started_at DESC, alarm_id DESC);
CREATE INDEX idx_alarms_sign ON ops.alarms USING btree (satellite_id, subsystem, reason, started_at DESC);
CREATE INDEX idx_alarms_standing ON ops.alarms USING btree (satellite_id, subsystem, reason) WHERE (returned_at IS NULL);
CREATE INDEX idx_alarms_started ON ops.alarms USING btree (started_at DESC, alarm_id DESC);
CREATE INDEX idx_alarms_unacknowledged ON ops.alarms USING btree (satellite_id, subsystem, reason) WHERE (is_unresolved AND (acknowledged_at IS NULL));
CREATE INDEX idx_alarms_unresolved ON ops.alarms USING btree (started_at DESC, alarm_id DESC) WHERE is_unresolved;
CREATE INDEX idx_alert_heads_unfinished ON ops.alert_heads USING btree (satellite_id, subsystem) WHERE (folded_at <> target_at);
CREATE UNIQUE INDEX idx_calibrations_in_use ON ops.calibrations USING btree (satellite_id, subsystem) WHERE ((state)::text = ANY ((ARRAY['active'::character varying, 'pinned'::character varying])::text[]));
CREATE INDEX idx_dead_letters_body ON ops.dead_letters USING btree (body_sha256);
CREATE INDEX idx_dead_letters_collected ON ops.dead_letters USING btree (partition, id) WHERE ((source)::text = 'kafka'::text);
CREATE INDEX idx_dead_letters_identity ON ops.dead_letters USING btree (identity) WHERE ((source)::text = 'rabbitmq'::text);
CREATE INDEX idx_dead_letters_open ON ops.dead_letters USING btree (id) WHERE ((state)::text = 'open'::text);
CREATE INDEX idx_dead_letters_time ON ops.dead_letters USING btree (refused_at);
CREATE INDEX idx_grouped_alarms_group ON ops.grouped_alarms USING btree (group_id);
CREATE INDEX idx_grouped_alarms_satellite ON ops.grouped_alarms USING btree (satellite_id, started_at);
CREATE INDEX idx_idempotency_created ON ops.idempotency_keys USING btree (created_at);
CREATE INDEX idx_idempotency_job ON ops.idempotency_keys USING btree (job_id);
CREATE INDEX idx_notifications_alarm ON ops.notifications USING btree (alarm_id, target);
CREATE INDEX idx_notifications_due ON ops.notifications USING btree (target, next_attempt_at, id) WHERE ((state)::text = 'pending'::text);
CREATE INDEX idx_notifications_order ON ops.notifications USING btree (target, alarm_id, id) WHERE ((state)::text = 'pending'::text);
CREATE INDEX idx_passes_satellite ON ops.passes USING btree (satellite_id, start_at, id);
CREATE INDEX idx_passes_start ON ops.passes USING btree (start_at, id);
CREATE INDEX idx_refused_values_time ON ops.refused_values USING btree (last_at);
CREATE INDEX idx_refused_verdicts_time ON ops.refused_verdicts USING btree (refused_at);
CREATE INDEX idx_retirement_changes_satellite ON ops.retirement_changes USING btree (satellite_id, id);
CREATE INDEX idx_revised_job ON ops.revised_inferences USING btree (job_id, subsystem, revised_at);
CREATE INDEX idx_shift_entries_at ON ops.shift_entries USING btree (at DESC, id DESC);
CREATE INDEX idx_wrong_clocks_time ON ops.wrong_clocks USING btree (last_at);
CREATE INDEX idx_inference_created_at ON public.inference_results USING btree (created_at DESC);
CREATE INDEX idx_inference_model_name ON public.inference_results USING btree (model_name);
CREATE INDEX idx_inference_status ON public.inference_results USING btree (status);
CREATE INDEX idx_jobs_clock_behind ON public.inference_jobs USING btree (satellite_id, created_at) WHERE (jsonb_typeof((metadata -> 'clock_behind_s'::text)) = 'number'::text);
CREATE INDEX idx_jobs_completed ON public.inference_jobs USING btree (completed_at);
CREATE INDEX idx_jobs_created ON public.inference_jobs USING btree (created_at DESC);
CREATE INDEX idx_jobs_limit ON public.inference_jobs USING btree ((
CASE
    WHEN (((source)::text = 'kafka_auto_trigger'::text) AND ((metadata ->> 'lane'::text) IS DISTINCT FROM 'stored'::text)) THEN satellite_id
    ELSE NULL::character varying
END), job_id) WHERE ((trigger_reason)::text <> 'periodic_check'::text);
CREATE INDEX idx_jobs_live ON public.inference_jobs USING btree ((
CASE
    WHEN (((source)::text = 'kafka_auto_trigger'::text) AND ((metadata ->> 'lane'::text) IS DISTINCT FROM 'stored'::text)) THEN satellite_id
    ELSE NULL::character varying
END), job_id);
CREATE INDEX idx_jobs_open ON public.inference_jobs USING btree (created_at) WHERE ((status)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying])::text[]));
CREATE INDEX idx_jobs_satellite ON public.inference_jobs USING btree (satellite_id, created_at DESC);
CREATE INDEX idx_jobs_status ON public.inference_jobs USING btree (status);
CREATE INDEX idx_subsys_anomalous ON public.subsystem_inferences USING btree (satellite, subsystem, generated_at) WHERE anomaly_detected;
CREATE INDEX idx_subsys_anomaly ON public.subsystem_inferences USING btree (created_at DESC) WHERE anomaly_detected;
CREATE INDEX idx_subsys_commit_order ON public.subsystem_inferences USING btree (xact, id);
CREATE INDEX idx_subsys_created ON public.subsystem_inferences USING btree (created_at DESC);
CREATE INDEX idx_subsys_generated ON public.subsystem_inferences USING btree (satellite, subsystem, generated_at);
CREATE INDEX idx_subsys_model ON public.subsystem_inferences USING btree (model_name, created_at DESC);
CREATE INDEX idx_subsys_subsystem ON public.subsystem_inferences USING btree (subsystem, job_id) INCLUDE (status);
CREATE TRIGGER acknowledgements_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.alert_acknowledgements FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER alarm_events_stay BEFORE UPDATE OR TRUNCATE ON ops.alarm_events FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
CREATE TRIGGER contact_plan_changes_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.contact_plan_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
CREATE TRIGGER limit_changes_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.limit_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
CREATE TRIGGER limit_set_changes_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.limit_set_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
CREATE TRIGGER retirement_changes_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.retirement_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
CREATE TRIGGER shift_entries_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON ops.shift_entries FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_entry_change();
CREATE TRIGGER note_deleted_verdicts AFTER DELETE ON public.subsystem_inferences REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION ops.note_deleted_verdicts();
CREATE TRIGGER restart_search AFTER TRUNCATE ON public.subsystem_inferences FOR EACH STATEMENT EXECUTE FUNCTION ops.restart_search();
CREATE TRIGGER tell_generation_time BEFORE INSERT ON public.subsystem_inferences FOR EACH ROW WHEN ((new.satellite IS NULL)) EXECUTE FUNCTION ops.tell_generation_time();
CREATE TRIGGER tell_other_window BEFORE UPDATE OF input_data ON public.subsystem_inferences FOR EACH ROW WHEN (((new.input_data IS DISTINCT FROM old.input_data) AND (NOT (((new.generated_at IS DISTINCT FROM old.generated_at) OR (new.window_start IS DISTINCT FROM old.window_start)) OR (new.sample_count IS DISTINCT FROM old.sample_count))))) EXECUTE FUNCTION ops.tell_generation_time();
ALTER TABLE ONLY ops.grouped_alarms
    ADD CONSTRAINT grouped_alarms_alarm_id_fkey FOREIGN KEY (alarm_id) REFERENCES ops.alarms(alarm_id) ON DELETE CASCADE;
ALTER TABLE ONLY ops.idempotency_keys
    ADD CONSTRAINT idempotency_keys_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.inference_jobs(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY ops.resent_tasks
    ADD CONSTRAINT resent_tasks_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.inference_jobs(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY ops.revised_inferences
    ADD CONSTRAINT revised_inferences_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.inference_jobs(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY ops.shift_entries
    ADD CONSTRAINT shift_entries_corrects_fkey FOREIGN KEY (corrects) REFERENCES ops.shift_entries(id);
ALTER TABLE ONLY public.inference_results
    ADD CONSTRAINT inference_results_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.inference_jobs(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.subsystem_inferences
    ADD CONSTRAINT subsystem_inferences_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.inference_jobs(job_id) ON DELETE CASCADE;
