-- Limits that operators changed while the platform runs: who, when, why, and what of the mission file's rule is replaced.
-- The newest row of a rule is in force. Rows are only ever added, one after another: a larger id was committed later.
CREATE TABLE ops.limit_changes (
    id        bigserial     PRIMARY KEY,
    mission   varchar(50)   COLLATE "C" NOT NULL,
    subsystem varchar(50)   COLLATE "C" NOT NULL,
    reason    varchar(100)  COLLATE "C" NOT NULL,
    version   integer       NOT NULL CHECK (version > 0),
    fields    jsonb         NOT NULL,
    operator  varchar(100)  NOT NULL CHECK (operator <> ''),
    comment   varchar(2000) NOT NULL CHECK (comment <> ''),
    at        timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    UNIQUE (mission, subsystem, reason, version)
);
COMMENT ON COLUMN ops.limit_changes.mission IS 'Name of the mission file: another mission may have a rule of the same name';
COMMENT ON COLUMN ops.limit_changes.version IS 'Of the rule, counted from 1: a change names the one that its operator saw';
COMMENT ON COLUMN ops.limit_changes.fields IS 'What differs from the rule of the mission file; {} = nothing does any more';

CREATE OR REPLACE FUNCTION ops.refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: history is kept as it was written', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER limit_changes_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.limit_changes FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
