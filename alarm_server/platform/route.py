"""What the operation server says of the platform: it is the one place that probes the parts."""

from datetime import datetime
from typing import Final, Literal, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from telemetry_core.contract.errors import DependencyUnavailable

DEPENDENCY: Final = "operation-server"
TIMEOUTS_S: Final = (1.0, 4.0)
"""To connect, and for the answer: its probes take 2 s at most."""
API_KEY_HEADER: Final = "X-API-Key"

State = Literal["critical", "serious", "caution", "normal", "standby", "off"]
Answer = TypeVar("Answer", bound=BaseModel)


class PartState(BaseModel):
    """How a part is, and why."""

    state: State
    detail: str


class Group(BaseModel):
    """A consumer group of telemetry."""

    group: str
    lag: int | None
    members: int
    state: State


class KafkaState(PartState):
    """Kafka, its consumer groups, and how many dead letters are open."""

    groups: list[Group]
    dead_letters: int | None


class RunningService(BaseModel):
    """A service, and whether it answers."""

    service: str
    is_running: bool


class ServicesState(PartState):
    """Services that nothing else asks whether they are there; none = nobody knows."""

    services: list[RunningService]


class Pipeline(BaseModel):
    """The parts that can be at fault; the others show figures of these."""

    kafka: KafkaState
    rabbitmq: PartState
    workers: PartState
    triton: PartState
    verdicts: PartState
    database: PartState
    victoria_metrics: PartState
    services: ServicesState
    search: PartState


class Progress(BaseModel):
    """Why a subsystem still learns."""

    reason: str


class SubsystemState(BaseModel):
    """What a subsystem lacks for a verdict."""

    subsystem: str
    learning: Progress | None
    rarely_sampled: dict[str, float | None] | None


class ContactPlan(BaseModel):
    """Until when the contact plan of a satellite says something, and whether the next one is missed."""

    covered_until: datetime
    has_run_out: bool


class SatelliteState(BaseModel):
    """A satellite of the fleet."""

    satellite_id: str
    contact_plan: ContactPlan | None
    subsystems: list[SubsystemState]


class Fleet(BaseModel):
    """All satellites."""

    satellites: list[SatelliteState]


class PlatformRoutes:
    """Asks `GET /api/v1/pipeline` and `/fleet`; an answer that is none raises `DependencyUnavailable`."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._url = f"{url.rstrip('/')}/api/v1"
        self._headers = {} if api_key is None else {API_KEY_HEADER: api_key}

    def pipeline(self) -> Pipeline:
        """Return the state of the parts."""
        return self._ask("pipeline", Pipeline)

    def fleet(self) -> Fleet:
        """Return what the satellites lack."""
        return self._ask("fleet", Fleet)

    def _ask(self, name: str, model: type[Answer]) -> Answer:
        try:
            answer = requests.get(f"{self._url}/{name}", headers=self._headers, timeout=TIMEOUTS_S)
            answer.raise_for_status()
            return model.model_validate_json(answer.content)
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error
        except ValidationError as error:
            raise DependencyUnavailable(DEPENDENCY, f"its answer can't be used: {error}") from error
