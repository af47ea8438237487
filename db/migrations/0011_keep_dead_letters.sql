-- Dead letters of Kafka and RabbitMQ in one place: listed without taking anything from a queue, kept beyond the
-- retention of the topic, and each handled once. What was done with a letter, when and by whom, stays in its row.
CREATE TABLE ops.dead_letters (
    id              bigserial PRIMARY KEY,
    source          varchar(20) NOT NULL CHECK (source IN ('kafka', 'rabbitmq')),
    place           varchar(255) NOT NULL,
    partition       integer,
    position        bigint,
    identity        char(64) NOT NULL,
    reason          varchar(100) NOT NULL,
    detail          text NOT NULL,
    satellite_id    varchar(50),
    attempt         integer NOT NULL,
    refused_at      timestamp(3) NOT NULL,
    message_key     bytea,
    headers         jsonb NOT NULL,
    body            bytea,
    size_bytes      integer NOT NULL,
    body_sha256     char(64) NOT NULL,
    is_cut          boolean NOT NULL,
    state           varchar(20) NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'redriven', 'discarded')),
    handled_at      timestamp(3),
    handled_by      varchar(100),
    UNIQUE (source, partition, position, refused_at)
);
CREATE INDEX idx_dead_letters_open ON ops.dead_letters (id) WHERE state = 'open';
CREATE INDEX idx_dead_letters_body ON ops.dead_letters (body_sha256);
COMMENT ON COLUMN ops.dead_letters.place IS 'Topic or queue that a redriven letter goes back to';
COMMENT ON COLUMN ops.dead_letters.attempt IS 'How often this message was refused: one that was redriven in vain is a new letter';
COMMENT ON COLUMN ops.dead_letters.identity IS 'SHA-256 of the letter as its broker held it: one that a broker delivers twice is one letter';
