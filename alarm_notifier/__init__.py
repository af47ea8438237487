"""Who is told of alarms: routes of a file, notices in PostgreSQL, and the targets that receive them."""
