"""What `celery -A tasks` loads from this folder: the one application, imported and not loaded twice."""

from analysis_server.worker import app

__all__ = ["app"]
