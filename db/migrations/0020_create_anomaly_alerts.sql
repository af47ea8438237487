-- Alerts of the anomaly score, one row each: what the rule of telemetry_core/alert_rule.py makes of the verdicts. The relay
-- folds committed verdicts into them; all three tables can be built anew (python -m verdict_relay rebuild alerts).
-- Generation times keep their microseconds: the rule's state is read back from here.
CREATE TABLE ops.anomaly_alerts (
    satellite_id  varchar(50)  COLLATE "C" NOT NULL,
    subsystem     varchar(50)  COLLATE "C" NOT NULL,
    started_at    timestamp(6) NOT NULL,
    raised_at     timestamp(6) NOT NULL,
    last_at       timestamp(6) NOT NULL,
    ended_at      timestamp(6),
    verdict_count integer      NOT NULL,
    peak_score    numeric(5, 4) NOT NULL,
    peak_job_id   varchar(255) COLLATE "C" NOT NULL,
    newest_job_id varchar(255) COLLATE "C" NOT NULL,
    PRIMARY KEY (satellite_id, subsystem, started_at)
);
CREATE INDEX idx_anomaly_alerts_last ON ops.anomaly_alerts (last_at);
CREATE INDEX idx_anomaly_alerts_open ON ops.anomaly_alerts (satellite_id, subsystem) WHERE ended_at IS NULL;
COMMENT ON COLUMN ops.anomaly_alerts.started_at IS 'Generation time of the first anomalous verdict of the run';
COMMENT ON COLUMN ops.anomaly_alerts.raised_at IS 'Of the verdict that made an alert of it';
COMMENT ON COLUMN ops.anomaly_alerts.last_at IS 'Of the newest anomalous verdict';
COMMENT ON COLUMN ops.anomaly_alerts.ended_at IS 'Of the verdict that ended it; NULL = open';

-- How far the verdicts of each satellite and subsystem are folded, and the state of the rule there.
CREATE TABLE ops.alert_heads (
    satellite_id     varchar(50)  COLLATE "C" NOT NULL,
    subsystem        varchar(50)  COLLATE "C" NOT NULL,
    folded_job_id    varchar(255) COLLATE "C" NOT NULL,
    target_job_id    varchar(255) COLLATE "C" NOT NULL,
    since_checkpoint integer      NOT NULL,
    run              jsonb,
    PRIMARY KEY (satellite_id, subsystem)
);
CREATE INDEX idx_alert_heads_unfinished ON ops.alert_heads (satellite_id, subsystem) WHERE folded_job_id <> target_job_id;
COMMENT ON COLUMN ops.alert_heads.target_job_id IS 'Beyond folded_job_id where earlier verdicts are folded again, after one that came late';

-- Earlier states: a verdict that comes late, or is revised, is folded from the one before it on.
CREATE TABLE ops.alert_checkpoints (
    satellite_id varchar(50)  COLLATE "C" NOT NULL,
    subsystem    varchar(50)  COLLATE "C" NOT NULL,
    job_id       varchar(255) COLLATE "C" NOT NULL,
    run          jsonb,
    PRIMARY KEY (satellite_id, subsystem, job_id)
);

-- A TRUNCATE of the verdicts names no rows: what is made of them is made anew.
CREATE OR REPLACE FUNCTION ops.restart_search() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE ops.relay_cursors SET generation = generation + 1, xact = 0, id = 0, relayed = 0
    WHERE sink IN ('search', 'alerts');
    RETURN NULL;
END
$$;
