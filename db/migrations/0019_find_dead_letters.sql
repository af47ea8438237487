-- Whether RabbitMQ delivered a letter before is asked for each that it delivers again, and what is too old at each look.
CREATE INDEX idx_dead_letters_identity ON ops.dead_letters (identity) WHERE source = 'rabbitmq';
CREATE INDEX idx_dead_letters_time ON ops.dead_letters (refused_at);
