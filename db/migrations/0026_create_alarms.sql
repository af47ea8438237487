-- Alarms: what alarm_server makes of telemetry and verdicts, and what operators do with it. ops.alarms is what readers read,
-- ops.alarm_events is its history, ops.alarm_tracks the memory of limits. Generation times keep their microseconds.
CREATE TABLE ops.alarms (
    alarm_id        varchar(250) COLLATE "C" PRIMARY KEY,
    satellite_id    varchar(50)  COLLATE "C" NOT NULL,
    subsystem       varchar(50)  COLLATE "C" NOT NULL,
    reason          varchar(100) COLLATE "C" NOT NULL,
    kind            varchar(20)  NOT NULL CHECK (kind IN ('limit', 'anomaly', 'stale', 'clock')),
    channel         varchar(50),
    severity        varchar(10)  NOT NULL CHECK (severity IN ('watch', 'warning', 'distress', 'critical', 'severe')),
    is_latching     boolean      NOT NULL DEFAULT FALSE,
    started_at      timestamp(6) NOT NULL,
    raised_at       timestamp(6) NOT NULL,
    last_at         timestamp(6) NOT NULL,
    returned_at     timestamp(6),
    noticed_at      timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    is_withdrawn    boolean      NOT NULL DEFAULT FALSE,
    violations      integer      NOT NULL DEFAULT 1,
    value           double precision,
    worst_value     double precision,
    limit_value     double precision,
    peak_score      numeric(5, 4),
    peak_job_id     varchar(255) COLLATE "C",
    newest_job_id   varchar(255) COLLATE "C",
    acknowledged_at timestamp(3),
    acknowledged_by varchar(100),
    reset_at        timestamp(3),
    assigned_to     varchar(100),
    changed_at      timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    needs_attention boolean      NOT NULL GENERATED ALWAYS AS (
        NOT is_withdrawn AND (returned_at IS NULL OR acknowledged_at IS NULL OR (is_latching AND reset_at IS NULL))
    ) STORED
);
CREATE INDEX idx_alarms_started ON ops.alarms (started_at DESC, alarm_id DESC);
CREATE INDEX idx_alarms_attention ON ops.alarms (started_at DESC, alarm_id DESC) WHERE needs_attention;
CREATE INDEX idx_alarms_satellite ON ops.alarms (satellite_id, started_at DESC, alarm_id DESC);
CREATE INDEX idx_alarms_assigned ON ops.alarms (assigned_to, started_at DESC, alarm_id DESC) WHERE assigned_to IS NOT NULL;
CREATE INDEX idx_alarms_life ON ops.alarms USING gist (
    tsrange(started_at, CASE WHEN returned_at IS NOT NULL THEN greatest(started_at, returned_at) END, '[]')
);
CREATE INDEX idx_alarms_sign ON ops.alarms (satellite_id, subsystem, reason, started_at DESC);
COMMENT ON COLUMN ops.alarms.alarm_id IS 'subsystem.reason.milliseconds.satellite of the first member when it was raised; it stays when an earlier one comes late';
COMMENT ON COLUMN ops.alarms.started_at IS 'Generation time of the first member; of a wrong clock and of silence the reception';
COMMENT ON COLUMN ops.alarms.raised_at IS 'Of the member that made an alarm of it';
COMMENT ON COLUMN ops.alarms.last_at IS 'Of the newest member';
COMMENT ON COLUMN ops.alarms.returned_at IS 'Of the sample or verdict that ended it; NULL = it stands';
COMMENT ON COLUMN ops.alarms.noticed_at IS 'When the platform raised it';
COMMENT ON COLUMN ops.alarms.is_withdrawn IS 'Late telemetry or verdicts showed that it never was one, or that it belongs to another';

-- Only ever added to. What telemetry and verdicts do is written once, however often it is delivered.
CREATE TABLE ops.alarm_events (
    id         bigserial    PRIMARY KEY,
    alarm_id   varchar(250) COLLATE "C" NOT NULL,
    event      varchar(30)  NOT NULL,
    at         timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    member_at  timestamp(6),
    operator   varchar(100) CHECK (operator <> ''),
    comment    varchar(2000),
    details    jsonb,
    xact       xid8         NOT NULL DEFAULT ops.commit_position()
);
CREATE INDEX idx_alarm_events_alarm ON ops.alarm_events (alarm_id, id);
CREATE INDEX idx_alarm_events_commit_order ON ops.alarm_events (xact, id);
CREATE UNIQUE INDEX idx_alarm_events_once ON ops.alarm_events (alarm_id, event, member_at) WHERE operator IS NULL;
COMMENT ON COLUMN ops.alarm_events.at IS 'When the platform or an operator did it';
COMMENT ON COLUMN ops.alarm_events.member_at IS 'Of the sample or verdict that did it';
COMMENT ON COLUMN ops.alarm_events.operator IS 'NULL = the platform';
COMMENT ON COLUMN ops.alarm_events.details IS 'What changed: {"old": {}, "new": {}} of the columns of ops.alarms, or of ops.alarm_suppressions';
CREATE FUNCTION ops.refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the history of alarms is kept as it was written', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER alarm_events_stay
    BEFORE UPDATE OR TRUNCATE ON ops.alarm_events FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();

-- What calls nobody: a reason of a satellite's subsystem, with all of its alarms, present and to come.
CREATE TABLE ops.alarm_suppressions (
    satellite_id varchar(50)   COLLATE "C" NOT NULL,
    subsystem    varchar(50)   COLLATE "C" NOT NULL,
    reason       varchar(100)  COLLATE "C" NOT NULL,
    kind         varchar(20)   NOT NULL CHECK (kind IN ('shelved', 'out_of_service')),
    operator     varchar(100)  NOT NULL CHECK (operator <> ''),
    comment      varchar(2000) NOT NULL CHECK (comment <> ''),
    since        timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    until        timestamp(3)  CHECK (kind <> 'shelved' OR until IS NOT NULL),
    PRIMARY KEY (satellite_id, subsystem, reason, kind)
);
COMMENT ON COLUMN ops.alarm_suppressions.until IS 'A shelved alarm always comes back; NULL = until an operator returns it to service';

-- Alarms with what their state follows from; a shelf whose time is over is none, whether or not it is still there.
CREATE VIEW ops.alarm_states AS
SELECT
    alarm.alarm_id,
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
    alarm.needs_attention,
    tsrange(
        alarm.started_at,
        CASE WHEN alarm.returned_at IS NOT NULL THEN greatest(alarm.started_at, alarm.returned_at) END,
        '[]'
    ) AS life,
    (alarm.returned_at IS NULL)::integer
    + 2 * (alarm.acknowledged_at IS NOT NULL)::integer
    + 4 * alarm.is_latching::integer
    + 8 * (alarm.reset_at IS NOT NULL)::integer
    + 16 * ((alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
        SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions
        WHERE kind = 'shelved' AND until > now() AT TIME ZONE 'UTC'
    ))::integer
    + 64 * ((alarm.satellite_id, alarm.subsystem, alarm.reason) IN (
        SELECT satellite_id, subsystem, reason FROM ops.alarm_suppressions WHERE kind = 'out_of_service'
    ))::integer AS facts
FROM ops.alarms AS alarm;
COMMENT ON COLUMN ops.alarm_states.facts IS 'One bit for each of the Facts of alarms/life_cycle.py, the first one is the lowest';

-- What a restart must know of a limit that was broken lately; without a row it begins anew.
CREATE TABLE ops.alarm_tracks (
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    subsystem    varchar(50)  COLLATE "C" NOT NULL,
    reason       varchar(100) COLLATE "C" NOT NULL,
    revision     bigint       NOT NULL,
    track        jsonb        NOT NULL,
    updated_at   timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    PRIMARY KEY (satellite_id, subsystem, reason)
);
COMMENT ON COLUMN ops.alarm_tracks.revision IS 'One more with each change: a second alarm_server notices that it is late';

-- When each satellite was last heard, as of a few seconds ago.
CREATE TABLE ops.alarm_contacts (
    satellite_id varchar(50)  COLLATE "C" PRIMARY KEY,
    generated_at timestamp(6) NOT NULL,
    received_at  timestamp(6) NOT NULL,
    interval_s   double precision NOT NULL,
    is_replayed  boolean      NOT NULL
);
COMMENT ON COLUMN ops.alarm_contacts.generated_at IS 'Of its newest live sample set';
COMMENT ON COLUMN ops.alarm_contacts.interval_s IS 'Usual one between sample sets; 0 = unknown';

-- Puts all new places behind all old ones, those of alarms too, where the database was moved; does nothing otherwise. Whoever connects calls it.
CREATE OR REPLACE FUNCTION ops.adopt_cluster() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
