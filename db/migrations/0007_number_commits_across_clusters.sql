-- Places in commit order that survive a move to another PostgreSQL cluster. Transaction ids begin anew there, so rows
-- that a dump brought would lie far ahead of every new one: readers would pass them over and meet them as news later.
-- A place is the transaction's id plus an offset, which grows when the database finds itself in another cluster.

CREATE TABLE ops.cluster (
    is_only           boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    system_identifier bigint NOT NULL,
    position_offset   bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE ops.cluster IS 'The PostgreSQL cluster that this database was last used in';
COMMENT ON COLUMN ops.cluster.position_offset IS 'What is added to a transaction id for its place in commit order';
GRANT USAGE ON SCHEMA ops TO PUBLIC;
GRANT SELECT ON ops.cluster TO PUBLIC;
INSERT INTO ops.cluster (system_identifier) VALUES (0);

-- Place of the running transaction.
CREATE FUNCTION ops.commit_position() RETURNS xid8 LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (pg_current_xact_id()::text::bigint + (SELECT position_offset FROM ops.cluster))::text::xid8;
END
$$;

-- Below it no place can appear any more: what an ordered reader may read.
CREATE FUNCTION ops.settled_position() RETURNS xid8 LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT position_offset FROM ops.cluster)
    )::text::xid8;
END
$$;

-- Puts all new places behind all old ones where the database was moved; does nothing otherwise. Whoever connects calls it.
CREATE FUNCTION ops.adopt_cluster() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here   bigint := (SELECT system_identifier FROM pg_control_system());
    newest bigint;
BEGIN
    IF EXISTS (SELECT FROM ops.cluster WHERE system_identifier = here) THEN
        RETURN;
    END IF;
    newest := greatest(
        (SELECT xact::text::bigint FROM public.subsystem_inferences ORDER BY xact DESC LIMIT 1),
        (SELECT xact::text::bigint FROM ops.alert_acknowledgements ORDER BY xact DESC LIMIT 1),
        0
    );
    UPDATE ops.cluster SET
        system_identifier = here,
        position_offset = greatest(0, newest + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
    WHERE system_identifier <> here;
END
$$;
SELECT ops.adopt_cluster();

ALTER TABLE subsystem_inferences ALTER COLUMN xact SET DEFAULT ops.commit_position();
ALTER TABLE ops.alert_acknowledgements ALTER COLUMN xact SET DEFAULT ops.commit_position();
COMMENT ON COLUMN subsystem_inferences.xact IS
    'Place in commit order of the transaction that last changed the row: below ops.settled_position() no later one can appear, so readers keep a cursor on it';
