"""What the routes need: built once by the composition root, handed over through the application's state."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from operation_server.alerts.breaches import Breaches
from operation_server.dead_letters.office import DeadLetterOffice
from operation_server.fleet.status import FleetBoard
from operation_server.health.readiness import Readiness
from operation_server.http.keys import Tickets
from operation_server.pipeline.status_cache import Board
from operation_server.search.verdict_index import VerdictSearch
from operation_server.telemetry.victoria import VictoriaMetrics
from operation_server.verdicts.feed import DashboardFeed, JobFeed, VerdictFeed
from telemetry_core.database import Pool
from telemetry_core.models import model_versions
from telemetry_core.subsystems import Mission


class SendTask(Protocol):
    """Publishes a task and returns once the broker has it, or raises `DependencyUnavailable`."""

    def __call__(self, task_name: str, arguments: Sequence[Any], *, task_id: str) -> None:
        """Publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Clients and feeds of one process."""

    pool: Pool
    send_task: SendTask
    mission: Mission
    model_repository: Path
    victoria: VictoriaMetrics
    search: VerdictSearch
    readiness: Readiness
    pipeline: Board
    jobs: JobFeed
    dashboard: DashboardFeed
    verdicts: VerdictFeed
    breaches: Breaches
    fleet: FleetBoard
    tickets: Tickets
    dead_letters: DeadLetterOffice


def services_of(connection: HTTPConnection) -> Services:
    """Return what the composition root put into the application's state."""
    return cast("Services", connection.app.state.services)


Provided = Annotated[Services, Depends(services_of)]


def known_models(repository: Path) -> dict[str, list[str]]:
    """Map the models of the repository, its folders that hold a configuration, to their versions."""
    names = sorted(path.parent.name for path in repository.glob("*/config.pbtxt"))
    return {name: model_versions(repository, name) for name in names}
