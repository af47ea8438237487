-- Constants that the platform learned from stored telemetry, by satellite, subsystem and version: at most one of them is in
-- use. What failed the check is kept too, with its figures.
CREATE TABLE ops.calibrations (
    satellite_id   varchar(50) COLLATE "C" NOT NULL,
    subsystem      varchar(50) COLLATE "C" NOT NULL,
    version        integer      NOT NULL,
    state          varchar(20)  NOT NULL CHECK (state IN ('active', 'pinned', 'superseded', 'refused')),
    hash           char(64)     NOT NULL,
    data_from      timestamp(3) NOT NULL,
    data_until     timestamp(3) NOT NULL,
    samples        integer      NOT NULL,
    least_interval_s    double precision NOT NULL,
    greatest_interval_s double precision NOT NULL,
    verdicts       integer      NOT NULL,
    false_alarms   integer      NOT NULL,
    false_alarms_per_day double precision NOT NULL,
    constants      jsonb        NOT NULL,
    created_at     timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (satellite_id, subsystem, version)
);
CREATE UNIQUE INDEX idx_calibrations_in_use ON ops.calibrations (satellite_id, subsystem) WHERE state IN ('active', 'pinned');
COMMENT ON COLUMN ops.calibrations.hash IS 'What verdicts name as calibration_hash';
COMMENT ON COLUMN ops.calibrations.verdicts IS 'Held-out ones of the check, and beside it how many of them would be false alarms';

-- How far a subsystem without constants is: one row for each that learns or whose constants are to be renewed.
CREATE TABLE ops.learning_progress (
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    subsystem    varchar(50)  COLLATE "C" NOT NULL,
    samples      integer      NOT NULL,
    needed       integer      NOT NULL,
    interval_s   double precision,
    reason       varchar(30)  NOT NULL,
    detail       varchar(500) NOT NULL,
    looked_at    timestamp(3) NOT NULL,
    due_at       timestamp(3) NOT NULL,
    PRIMARY KEY (satellite_id, subsystem)
);
COMMENT ON COLUMN ops.learning_progress.due_at IS 'When it is looked at again; ahead of that while it is looked at';
