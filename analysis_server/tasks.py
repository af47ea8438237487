"""The tasks of the worker; `celery -A tasks` in this folder loads them with its one application."""

import time
from typing import Any, Final

from celery import Task

from analysis_server.windows.reading import read_series_task, read_subsystem_task, refused
from analysis_server.worker import app, newest_version_of, take_turn_of_learning, take_up
from telemetry_core.contract.tasks import LEARN, RUN_INFERENCE, RUN_SUBSYSTEM_INFERENCE

STALE_S: Final = 120.0
"""A learning task that waited for longer is dropped: newer ones are queued behind it."""

__all__ = ["app", "learn", "run_inference", "run_subsystem_inference"]


@app.task(name=RUN_SUBSYSTEM_INFERENCE, bind=True)
def run_subsystem_inference(self: Task[Any, None], *arguments: Any, **named: Any) -> None:
    """Judge one subsystem: of one job by the manual's seven arguments, or of many jobs by one `batch`."""
    take_up(self, lambda: read_subsystem_task(arguments, named, newest_version=newest_version_of))


@app.task(name=RUN_INFERENCE, bind=True)
def run_inference(self: Task[Any, None], *arguments: Any, **named: Any) -> None:
    """Judge a series that a client posted."""
    take_up(self, lambda: read_series_task(arguments, named, newest_version=newest_version_of))


@app.task(name=LEARN, bind=True)
def learn(self: Task[Any, None], sent_at_s: Any = None) -> None:
    """Take one turn of learning; one that was asked for long ago is left out."""
    if not isinstance(sent_at_s, int | float):
        raise refused("unreadable", "its dispatch time is not a number of seconds", self.request.id)
    if time.time() - sent_at_s <= STALE_S:
        take_turn_of_learning(str(self.request.id))
