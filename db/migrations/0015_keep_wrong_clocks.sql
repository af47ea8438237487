-- Messages that are dead letters for their time: one row for each satellite that sends them, with how wrong its clock is,
-- and one for each limit that they break. Rows go for their age, and the longest silent ones beyond a number.
CREATE TABLE ops.wrong_clocks (
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    subsystem    varchar(50)  COLLATE "C" NOT NULL,
    reason       varchar(100) COLLATE "C" NOT NULL,
    value        double precision NOT NULL,
    first_at     timestamp(3) NOT NULL,
    last_at      timestamp(3) NOT NULL,
    PRIMARY KEY (satellite_id, subsystem, reason)
);
CREATE INDEX idx_wrong_clocks_time ON ops.wrong_clocks (last_at);
COMMENT ON COLUMN ops.wrong_clocks.subsystem IS 'Of the broken limit; timestamp for the clock itself';
COMMENT ON COLUMN ops.wrong_clocks.value IS 'Last value that broke the limit; seconds that the clock lies behind, negative where it is ahead';
COMMENT ON COLUMN ops.wrong_clocks.last_at IS 'When Kafka received the last one';
