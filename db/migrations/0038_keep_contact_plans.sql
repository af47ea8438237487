-- Contact plans: when ground stations will hear a satellite, for which time that is known, and who said so when.
CREATE TABLE ops.passes (
    id             bigserial    PRIMARY KEY,
    satellite_id   varchar(50)  COLLATE "C" NOT NULL,
    ground_station varchar(100) NOT NULL CHECK (ground_station <> ''),
    start_at       timestamp(3) NOT NULL,
    end_at         timestamp(3) NOT NULL CHECK (end_at > start_at AND end_at <= start_at + interval '1 day'),
    planned_at     timestamp(3) NOT NULL,
    first_heard_at timestamp(3),
    last_heard_at  timestamp(3)
);
CREATE INDEX idx_passes_satellite ON ops.passes (satellite_id, start_at, id);
CREATE INDEX idx_passes_start ON ops.passes (start_at, id);
COMMENT ON COLUMN ops.passes.start_at IS 'Acquisition of signal, as planned; end_at: its loss';
COMMENT ON COLUMN ops.passes.planned_at IS 'When a plan first had a pass of the satellite at this time';
COMMENT ON COLUMN ops.passes.first_heard_at IS 'Reception of the first live sample set within the pass; NULL: there was none';

CREATE TABLE ops.contact_plans (
    satellite_id varchar(50)  COLLATE "C" PRIMARY KEY,
    covered      tsmultirange NOT NULL CHECK (NOT isempty(covered))
);
COMMENT ON COLUMN ops.contact_plans.covered IS 'Within it the satellite has the passes of ops.passes and no others';

CREATE TABLE ops.contact_plan_changes (
    id           bigserial    PRIMARY KEY,
    at           timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    operator     varchar(100) NOT NULL CHECK (operator <> ''),
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    start_at     timestamp(3) NOT NULL,
    end_at       timestamp(3) NOT NULL,
    passes       integer
);
COMMENT ON COLUMN ops.contact_plan_changes.passes IS 'That the range has since; NULL: its plan was deleted';
CREATE TRIGGER contact_plan_changes_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.contact_plan_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
