-- How far committed verdicts were passed on, for each of the places they are passed on to.

CREATE TABLE ops.relay_cursors (
    sink       varchar(50)  PRIMARY KEY,
    generation integer      NOT NULL DEFAULT 1,
    xact       bigint       NOT NULL DEFAULT 0,
    id         bigint       NOT NULL DEFAULT 0,
    relayed    bigint       NOT NULL DEFAULT 0,
    updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
COMMENT ON COLUMN ops.relay_cursors.generation IS 'Grows with every rebuild';
COMMENT ON COLUMN ops.relay_cursors.relayed IS 'Verdicts passed on in this generation';
