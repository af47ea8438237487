-- Count and hash of every table's rows, as lines `table NAME ROWS HASH` on standard error; with -v dump=1 a dump of the
-- same moment on standard output. Read by deploy/backup and deploy/restore.
\set ON_ERROR_STOP 1
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\if :{?dump}
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --snapshot="$SNAPSHOT"
\endif
SELECT coalesce(string_agg(format('table %s.%s %s %s', schema_name, table_name, found[1], found[2]), E'\n'
    ORDER BY schema_name, table_name), 'no table') AS contents
FROM (
    SELECT n.nspname AS schema_name, c.relname AS table_name, xpath('/row/*/text()', query_to_xml(format(
        'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM %I.%I AS t', n.nspname, c.relname
    ), false, true, ''))::text [] AS found
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'ops')
) AS tables \gset
\warn :contents
