-- Where the collection of a partition's dead letters goes on: behind the one that was collected last.
CREATE INDEX idx_dead_letters_collected ON ops.dead_letters (partition, id) WHERE source = 'kafka';
