-- Alarms of one satellite that begin within a minute of each other are one group; it has the name of one of them.
CREATE TABLE ops.grouped_alarms (
    alarm_id     varchar(250) COLLATE "C" PRIMARY KEY REFERENCES ops.alarms ON DELETE CASCADE,
    group_id     varchar(250) COLLATE "C" NOT NULL,
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    started_at   timestamp(6) NOT NULL
);
CREATE INDEX idx_grouped_alarms_group ON ops.grouped_alarms (group_id);
CREATE INDEX idx_grouped_alarms_satellite ON ops.grouped_alarms (satellite_id, started_at);
COMMENT ON TABLE ops.grouped_alarms IS 'All but the withdrawn ones';
COMMENT ON COLUMN ops.grouped_alarms.started_at IS 'As it was when it was grouped';

INSERT INTO ops.grouped_alarms (alarm_id, group_id, satellite_id, started_at)
SELECT
    alarm_id,
    first_value(alarm_id) OVER (PARTITION BY satellite_id, number ORDER BY started_at, alarm_id),
    satellite_id,
    started_at
FROM (
    SELECT
        alarm_id,
        satellite_id,
        started_at,
        count(*) FILTER (WHERE is_apart) OVER (PARTITION BY satellite_id ORDER BY started_at, alarm_id) AS number
    FROM (
        SELECT
            alarm_id,
            satellite_id,
            started_at,
            started_at - lag(started_at) OVER (PARTITION BY satellite_id ORDER BY started_at, alarm_id) > interval '1 minute' AS is_apart
        FROM ops.alarms WHERE NOT is_withdrawn
    ) AS beside
) AS counted;
