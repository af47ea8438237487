-- Verdicts that were deleted and may still be found by a search: whoever deletes rows, by whatever statement, leaves
-- their names here in the same transaction; the relay removes the documents and then these rows.
-- Whoever deletes needs no right on this table; the relay needs SELECT and DELETE, housekeeping too, and UPDATE on
-- ops.relay_cursors.
CREATE TABLE ops.deleted_verdicts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     varchar(255) COLLATE "C" NOT NULL,
    subsystems varchar(50)[] NOT NULL,
    deleted_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE FUNCTION ops.note_deleted_verdicts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ops.deleted_verdicts (job_id, subsystems)
    SELECT job_id, array_agg(subsystem) FROM deleted WHERE status <> 'pending' GROUP BY job_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER note_deleted_verdicts AFTER DELETE ON subsystem_inferences
REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION ops.note_deleted_verdicts();

-- A TRUNCATE names no rows: the index is built anew.
CREATE FUNCTION ops.restart_search() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE ops.relay_cursors SET generation = generation + 1, xact = 0, id = 0, relayed = 0 WHERE sink = 'search';
    RETURN NULL;
END
$$;

CREATE TRIGGER restart_search AFTER TRUNCATE ON subsystem_inferences
FOR EACH STATEMENT EXECUTE FUNCTION ops.restart_search();
