-- Values of telemetry that were taken as missing samples: one row for each satellite, channel and reason, with how
-- often and the last one. Rows go for their age, and the longest silent ones beyond a number.
CREATE TABLE ops.refused_values (
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    channel      varchar(101) COLLATE "C" NOT NULL,
    reason       varchar(20)  COLLATE "C" NOT NULL,
    count        bigint       NOT NULL,
    last_value   varchar(100) NOT NULL,
    last_at      timestamp(3) NOT NULL,
    PRIMARY KEY (satellite_id, channel, reason)
);
CREATE INDEX idx_refused_values_time ON ops.refused_values (last_at);
COMMENT ON COLUMN ops.refused_values.channel IS 'Subsystem and channel; the subsystem alone where it was no object; timestamp for the generation time';
COMMENT ON COLUMN ops.refused_values.last_at IS 'When Kafka received the last one';
