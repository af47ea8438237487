"""The Celery worker: windows of a task to verdicts in PostgreSQL; learns a satellite's own constants."""
