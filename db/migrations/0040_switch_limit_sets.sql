-- Which limit set of the mission file a satellite uses: who switched it, when and why. The newest row of a satellite
-- is in force; without one it uses `default`. Rows are only ever added, one after another: a larger id was committed later.
CREATE TABLE ops.limit_set_changes (
    id           bigserial     PRIMARY KEY,
    mission      varchar(50)   COLLATE "C" NOT NULL,
    satellite_id varchar(50)   COLLATE "C" NOT NULL,
    version      integer       NOT NULL CHECK (version > 0),
    limit_set    varchar(50)   COLLATE "C" NOT NULL,
    operator     varchar(100)  NOT NULL CHECK (operator <> ''),
    comment      varchar(2000) NOT NULL CHECK (comment <> ''),
    at           timestamp(3)  NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    UNIQUE (mission, satellite_id, version)
);
COMMENT ON COLUMN ops.limit_set_changes.mission IS 'Name of the mission file: another mission may have a set of the same name';
COMMENT ON COLUMN ops.limit_set_changes.version IS 'Of the satellite, counted from 1: a switch names the one that its operator saw';

CREATE TRIGGER limit_set_changes_stay
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.limit_set_changes
    FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_event_change();
