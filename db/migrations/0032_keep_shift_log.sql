-- What operators write down for those who come after them. Only ever added to: a correction is an entry of its own.
CREATE TABLE ops.shift_entries (
    id           bigserial     PRIMARY KEY,
    at           timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    operator     varchar(100)  NOT NULL CHECK (operator <> ''),
    text         varchar(2000) NOT NULL CHECK (text <> ''),
    satellite_id varchar(50)   COLLATE "C",
    alarm_id     varchar(250)  COLLATE "C",
    corrects     bigint        UNIQUE REFERENCES ops.shift_entries (id) CHECK (corrects <> id)
);
CREATE INDEX idx_shift_entries_at ON ops.shift_entries (at DESC, id DESC);
COMMENT ON COLUMN ops.shift_entries.alarm_id IS 'Stays when the alarm is deleted';
COMMENT ON COLUMN ops.shift_entries.corrects IS 'The entry that this one takes the place of; each has one correction, which may have one in turn';
CREATE FUNCTION ops.refuse_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the shift log is kept as it was written', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER shift_entries_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.shift_entries FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_entry_change();

-- Hand-over report and performance count what was raised within a span, whenever its samples were taken.
CREATE INDEX idx_alarms_noticed ON ops.alarms (noticed_at DESC) WHERE NOT is_withdrawn;

-- What operators say of alarms, of each the newest.
CREATE INDEX idx_alarm_events_feedback ON ops.alarm_events (alarm_id, id DESC) WHERE event = 'feedback';
