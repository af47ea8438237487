"""PostgreSQL: the pool, migrations, logins, statements by name, jobs and verdicts as rows."""
